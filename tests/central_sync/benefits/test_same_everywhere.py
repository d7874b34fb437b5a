"""Edge and hub give the same bytes: another process without the hub's rooms, another hash seed, many threads, many processes."""

from __future__ import annotations

import os
import pickle
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from difflib import unified_diff
from pathlib import Path
from pprint import pformat

import msgspec
import pytest

from central_sync.benefits.bundle import packed, versioned
from tests.central_sync.benefits.answers import answer
from tests.central_sync.benefits.dice import situation
from tests.central_sync.rulebook.test_worked_cases import CASES, told

ROOT = Path(__file__).parents[3]
DENSE, WORKED = 60, 25


def asked():
    dense = [(versioned(book), *rest) for book, *rest in map(situation, range(DENSE))]
    worked = []
    for book, case in CASES[:: max(len(CASES) // WORKED, 1)]:
        given = told(book, case)
        worked.append((book, given.facts, given.lines, dict(given.before)))
    return [(packed(book), *rest) for book, *rest in dense + worked]


@pytest.fixture(scope="module")
def given():
    return asked()


@pytest.fixture(scope="module")
def here(given):
    return [answer(one) for one in given]


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_a_process_that_has_only_the_edges_packages_gives_the_same_bytes(given, here, seed):
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    script = ROOT / "tests/central_sync/benefits/answers.py"
    done = subprocess.run(
        [sys.executable, script],
        input=pickle.dumps(given),
        capture_output=True,
        check=False,
        env=environment,
        cwd="/",
        timeout=100,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    there = [bytes.fromhex(line) for line in done.stdout.decode().split()]
    assert len(there) == len(here)
    for place, (one, other) in enumerate(zip(there, here, strict=True)):
        assert one == other, f"{place}: {unlike(one, other)}"


def unlike(one: bytes, other: bytes) -> list[str]:
    """The lines in which two answers differ."""
    texts = [pformat(msgspec.msgpack.decode(body), width=200).splitlines() for body in (one, other)]
    return list(unified_diff(*texts, n=0))


def test_many_threads_at_once_and_another_order_give_the_same_bytes(given, here):
    order = list(range(len(given))) * 2
    random.Random(1).shuffle(order)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda place: answer(given[place]), order))
    assert found == [here[place] for place in order]


def test_the_edge_has_nothing_of_the_hub_to_import():
    code = "import sys; from tests.central_sync.benefits.answers import NothingOfTheHub as N; sys.meta_path.insert(0, N()); "
    for name in ("central_sync.rulebook.load", "central_sync.store", "sqlalchemy", "yaml"):
        done = subprocess.run(
            [sys.executable, "-c", f"{code}import {name}"],
            capture_output=True,
            check=False,
            cwd=ROOT,
            text=True,
            timeout=60,
        )
        assert "is not on an appliance" in done.stderr
