"""The journal on a file system of its own that is too small, or that loses its power: ``python -m tests.faults.small_disk WHAT FOLDER``.

Runs in a mount namespace that the test makes for it, so that every mount ends with it. ``full-tmpfs``; ``full-disk`` (ext4 on a loop
device where the kernel gives one, else tmpfs); ``power`` (ext4 that is shut down as a power cut would: what is not synced is gone).
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from central_sync.wire.refusals import Refused
from edge.errors import JournalError, JournalUnavailable
from edge.journal import Block, Journal
from tests.edge.journal.drafts import draft
from tests.faults.lives import Lives
from tests.faults.shim import Shim
from tests.faults.work import FILE, Plan, Told, wrong

SMALL_BYTES = 6 * 1024 * 1024
DISK_BYTES = 24 * 1024 * 1024
REFUSED_ENOUGH = 8
SHUT_DOWN, WITHOUT_FLUSH = 0x8004587D, 2
"""EXT4_IOC_SHUTDOWN and its flag EXT4_GOING_FLAGS_NOLOGFLUSH."""


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
    ballast.write_bytes(bytes(1024 * 1024))
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
    """The file system is shut down under a journal that is being written, and mounted again: the kernel's own loss."""
    chance, told, lost = random.Random(seed), Told(), 0
    for life in range(lives):
        if not mount_disk(folder, image):
            sys.stderr.write("no loop device here: nothing proven\n")
            return
        lost += life > 0 and not (folder / f"unsynced-{life - 1}").exists()
        assert await wrong(folder, told) == [], f"after {life} cuts"
        with Shim(folder, image.with_name("control")) as shim, Lives(shim) as forked:
            (folder / f"unsynced-{life}").touch()
            cut = threading.Timer(chance.uniform(0.02, 0.25), shut_down, [folder])
            cut.start()
            said, _ = forked.live(Plan(life, callers=4, each=100, ends="kill"), power_s=0.4)
            cut.join()
            told.hear(said)
        command("umount", str(folder))
    assert lost, "the file system forgets what was not synced: else this proves nothing"
    assert len(told.kept) > lives


def shut_down(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.ioctl(handle, SHUT_DOWN, WITHOUT_FLUSH.to_bytes(4, sys.byteorder))
    finally:
        os.close(handle)


def main(what: str, base: Path) -> None:
    folder = base / "mounted"
    folder.mkdir()
    if what == "power":
        asyncio.run(power(folder, base / "power.ext4", lives=20, seed=1))
        return
    if what != "full-disk" or not mount_disk(folder, base / "full.ext4"):
        mount_memory(folder)
    asyncio.run(full_at_start(folder) if what == "full-at-start" else full(folder))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
