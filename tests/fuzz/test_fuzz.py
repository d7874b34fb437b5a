"""The targets hold for good cards and for a little damage; the fuzzer finds what is planted; for hours, it finds nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS
from tests.tidy import tree

SECONDS = int(os.environ.get("FUZZ_SECONDS", "300"))
PROOF_SECONDS = 4
EXECUTED_MIN = 1_000
START_S_MAX = 120


def fuzzed(target: str, seconds: int, folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", target, "--seconds", str(seconds), "--folder", str(folder)],
        check=False,
        cwd=tree.ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds + START_S_MAX,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("target", TARGETS)
def test_a_good_card_passes_and_so_does_a_cut_one(target: str) -> None:
    assert TARGETS[target].seeds
    for seed in TARGETS[target].seeds:
        for end in {0, 1, 2, len(seed) // 2, len(seed) - 1, len(seed)}:
            TARGETS[target].run(seed[:end])


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_a_card_with_a_little_damage_passes(target: str, data: st.DataObject) -> None:
    seed = bytearray(data.draw(st.sampled_from(TARGETS[target].seeds)))
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, 9_999), st.integers(0, 255)), max_size=6)):
        seed[place % len(seed)] = byte
    TARGETS[target].run(bytes(seed))


@pytest.mark.proof
def test_the_fuzzer_finds_what_is_planted(tmp_path: Path) -> None:
    status, told = fuzzed("planted", 60, tmp_path)
    assert status != 0
    assert "IndexError: planted" in told
    assert list(tmp_path.glob("planted-crash-*"))


@pytest.mark.proof
@pytest.mark.timeout(2 * START_S_MAX)
@pytest.mark.parametrize("target", TARGETS)
def test_the_fuzzer_finds_nothing_in_seconds(target: str, tmp_path: Path) -> None:
    status, told = fuzzed(target, PROOF_SECONDS, tmp_path)
    assert status == 0, told[-4_000:]


@pytest.mark.soak
@pytest.mark.timeout(SECONDS + 2 * START_S_MAX)
@pytest.mark.parametrize("target", TARGETS)
def test_the_fuzzer_finds_nothing(target: str, tmp_path: Path) -> None:
    """How long each: ``FUZZ_SECONDS``. What is found lies in the test's folder, ready to become a seed."""
    status, told = fuzzed(target, SECONDS, tmp_path)
    assert status == 0, told[-4_000:]
    executed = re.search(r"number_of_executed_units:\s*(\d+)", told)
    assert executed is not None
    assert int(executed[1]) > EXECUTED_MIN, told[-4_000:]
