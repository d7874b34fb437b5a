"""The journal on a real file system that has no room left, or that loses its power under it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import ROOT


def run(what: str, folder: Path) -> None:
    """In a mount namespace of its own; without root in a user namespace too."""
    alone = ["unshare", "--mount", *(["--user", "--map-root-user"] if os.geteuid() else ["--propagation", "private"])]
    done = subprocess.run(
        [*alone, sys.executable, "-m", "tests.faults.small_disk", what, str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]


def test_a_full_disk_refuses_keeps_what_it_took_and_takes_work_when_there_is_room(tmp_path: Path) -> None:
    run("full-tmpfs", tmp_path)


def test_a_start_on_a_full_disk_says_so(tmp_path: Path) -> None:
    run("full-at-start", tmp_path)


@pytest.mark.proof
def test_the_same_on_a_disk_with_blocks(tmp_path: Path) -> None:
    run("full-disk", tmp_path)


@pytest.mark.proof
@pytest.mark.timeout(240)
def test_a_file_system_that_loses_its_power_under_the_journal_keeps_what_was_told(tmp_path: Path) -> None:
    """Where the kernel gives no loop device the model of tests/faults/disk.py has to do."""
    run("power", tmp_path)
