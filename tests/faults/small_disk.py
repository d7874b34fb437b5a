"""The journal on a file system of its own that is too small, or that loses its power: ``python -m tests.faults.small_disk WHAT FOLDER``.

Runs in a mount namespace that the test makes for it, so that every mount ends with it. ``full-tmpfs``; ``full-disk`` (ext4 on a loop
device where the kernel gives one, else tmpfs); ``power`` (ext4 whose
device is taken as it is at some call: what the kernel has not written yet is gone).
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from central_sync.wire.refusals import Refused
from edge.errors import JournalError, JournalUnavailable
from edge.journal import Block, Journal
from tests.edge.journal.drafts import draft
from tests.faults.lives import Lives
from tests.faults.shim import Shim
from tests.faults.work import FILE, Plan, Told, wrong

SMALL_BYTES = 24 * 1024 * 1024
BALLAST_BYTES = 11 * 1024 * 1024  # more than the log takes at most
DISK_BYTES = 24 * 1024 * 1024
REFUSED_ENOUGH = 8


def mount_memory(folder: Path) -> None:
    command("mount", "-t", "tmpfs", "-o", f"size={SMALL_BYTES}", "none", str(folder))


def mount_disk(folder: Path, image: Path) -> bool:
    """Whether the kernel mounted ``image`` (made if it is not there) as ext4."""
    if not image.exists():
        with image.open("wb") as file:
            file.truncate(DISK_BYTES)
        command("mkfs.ext4", "-q", "-F", "-O", "^has_journal" if image.stem == "full" else "has_journal", str(image))
    done = subprocess.run(["mount", "-o", "loop,commit=600", str(image), str(folder)], check=False, capture_output=True)
    return done.returncode == 0


def command(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


async def full(folder: Path) -> None:
    """Until nothing fits; then a little room comes back, and the edge is started anew."""
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(BALLAST_BYTES))
    journal = Journal(folder / FILE)
    await journal.open()
    await journal.add_block(Block(1, 10_000))
    told, refused = Told(), 0
    for number in range(4000):
        try:
            made = await journal.append(draft(f"m{number}", packet=os.urandom(9000), number="2201", opens_case=True))
            told.kept[f"m{number}"] = made.standing.hid or "-"
        except (JournalUnavailable, Refused):
            told.refused.add(f"m{number}")
            refused += 1
            if refused == REFUSED_ENOUGH:
                break
    assert len(told.kept) > 50
    assert refused == REFUSED_ENOUGH
    for msgid in list(told.kept)[-20:]:
        assert await journal.find("H1", msgid) is not None, "what was accepted is still told while the disk is full"
    ballast.unlink()
    assert (await journal.append(draft("afterwards"))).fresh, "with room it takes work again, without a new start"
    await journal.close()
    assert await wrong(folder, told, told.refused) == []


async def full_at_start(folder: Path) -> None:
    """No room for even an empty journal: the start says so, and with room it works."""
    ballast = folder / "ballast"
    with pytest.raises(OSError, match="No space"):
        ballast.write_bytes(bytes(2 * SMALL_BYTES))
    with pytest.raises(JournalError):
        await Journal(folder / FILE).open()
    ballast.unlink()
    assert await wrong(folder, Told()) == []


async def power(folder: Path, image: Path, lives: int, seed: int) -> None:
    """The power goes at some call: what the disk has then is copied, without what the kernel has not written yet, and mounted."""
    chance, told, lost = random.Random(seed), Told(), 0
    for life in range(lives):
        if not mount_disk(folder, image):
            sys.stderr.write("no loop device here: nothing proven\n")
            return
        lost += life > 0 and not (folder / f"unsynced-{life - 1}").exists()
        bad = await wrong(folder, told)
        assert not bad, f"after {life} cuts: {bad[:5]}"
        with Shim(folder, image.with_name("control"), kill_in=chance.randint(4, 150)) as shim, Lives(shim) as forked:
            said, _ = forked.live(Plan(life, callers=4, each=40))
            told.hear(said)
        (folder / f"unsynced-{life}").touch()
        left = image.with_suffix(".left")
        await asyncio.to_thread(shutil.copyfile, image, left)
        command("umount", str(folder))
        left.replace(image)
    assert lost > lives / 2, "what was not synced is gone: else this proves nothing"
    assert told.kept


def main(what: str, base: Path) -> None:
    folder = base / "mounted"
    folder.mkdir()
    if what == "power":
        asyncio.run(power(folder, base / "power.ext4", lives=12, seed=1))
        return
    if what != "full-disk" or not mount_disk(folder, base / "full.ext4"):
        mount_memory(folder)
    asyncio.run(full_at_start(folder) if what == "full-at-start" else full(folder))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
