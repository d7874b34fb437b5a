"""An edge killed without a warning, again and again, while sixteen callers append: what was acknowledged is there."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge.journal import Journal


@pytest.mark.parametrize("seed", [1, 2])
def test_accepted_transaction_survives_power_loss(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "journal.db"
    told = killed_again_and_again(path, random.Random(seed))
    assert len(told) > 100
    hids = [hid for hid in told.values() if hid != "-"]
    assert len(hids) == len(set(hids))
    asyncio.run(hold(path, told))


def killed_again_and_again(path: Path, chance: random.Random) -> dict[str, str]:
    """What six lives of an edge acknowledged: msgid → HID."""
    told: dict[str, str] = {}
    for life in range(6):
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.edge.journal.drafts", str(path), str(life)], stdout=subprocess.PIPE
        )
        assert worker.stdout is not None
        lines = [worker.stdout.readline()]
        assert lines[0], "the worker appends"
        time.sleep(chance.random() * 0.25)
        worker.kill()
        lines += worker.stdout.readlines()
        worker.wait()
        worker.stdout.close()
        for line in lines:
            if line.endswith(b"\n"):
                msgid, hid = line.decode().split()
                told[msgid] = hid
    return told


async def hold(path: Path, told: dict[str, str]) -> None:
    """Everything acknowledged is in the journal, with the HID that was told."""
    journal = Journal(path)
    await journal.open()
    assert await journal.check() == []
    for msgid, hid in told.items():
        standing = await journal.find("H1", msgid)
        assert standing is not None, "an acknowledged append is lost"
        assert (standing.hid or "-") == hid
    await journal.close()
