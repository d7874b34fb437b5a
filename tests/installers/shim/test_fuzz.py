"""The shim's readers under the sanitizers: with damaged bytes at random, and the whole library with a stranger's answers."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from installers.shim import build
from tests.installers.shim import library
from tests.installers.shim.stranger import Stranger
from tests.installers.shim.test_shim import SOON, STRANGE

SANITIZED = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-pthread")
PROOF_SECONDS = 4
SOAK_SECONDS = int(os.environ.get("FUZZ_SECONDS", "300"))
TRIED_MIN = 5_000


def _fuzzed(folder: Path, seed: int, seconds: int, *more: str) -> subprocess.CompletedProcess[str]:
    sources = [build.HERE / name for name in build.SO.sources]
    program = build.compile_sources(
        "cc", [*sources, library.HERE / "fuzz.c"], [*SANITIZED, *more], ["-ldl"], folder / "fuzz"
    )
    return subprocess.run(
        [program, str(seed), str(seconds)], capture_output=True, check=False, text=True, timeout=seconds + 60
    )


@pytest.mark.proof
def test_damaged_bytes_make_no_wrong_step_and_a_planted_one_is_found(tmp_path: Path) -> None:
    done = _fuzzed(tmp_path, 1, PROOF_SECONDS)
    assert done.returncode == 0, done.stderr[:4000]
    assert int(done.stdout) > TRIED_MIN
    planted = _fuzzed(tmp_path / "planted", 1, PROOF_SECONDS, "-DPLANTED")
    assert planted.returncode != 0
    assert "heap-buffer-overflow" in planted.stderr


@pytest.mark.soak
@pytest.mark.timeout(SOAK_SECONDS + 120)
def test_damaged_bytes_make_no_wrong_step_for_long(tmp_path: Path) -> None:
    """How long: ``FUZZ_SECONDS``."""
    done = _fuzzed(tmp_path, int.from_bytes(os.urandom(4), "big"), SOAK_SECONDS)
    assert done.returncode == 0, done.stderr[:4000]


@pytest.mark.proof
def test_a_strangers_answers_make_no_wrong_step_in_the_whole_library(tmp_path: Path) -> None:
    sources = [build.HERE / name for name in build.SO.sources]
    shared = build.compile_sources("cc", sources, [*SANITIZED, "-shared", "-fPIC"], ["-ldl"], tmp_path / "sanitized.so")
    caller = build.compile_sources("cc", [library.HERE / "caller.c"], SANITIZED, ["-ldl"], tmp_path / "caller")
    answers = list(STRANGE.values())
    with Stranger(lambda number: [answers[number % len(answers)], b""]) as server:
        ask = b"QUERY %d " + SOON.replace("1000", "200").encode()
        lines = [b"OPTION address " + server.url.encode(), b"OPTION grace_ms 100"]
        for room in (0, 1, 5000):
            lines += [ask % room] * len(answers) + [b"EVENT %d {}" % room, b"ANSWER 100 ", b"ANSWER 9000 "]
        said = library.scripted([caller], str(shared), lines, tmp_path)
    assert {one.code for one in said[2:]} <= {-1, -2, -3, -4, 0}
