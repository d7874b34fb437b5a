"""Writes that nobody waits for: on the disk when their end is told, told once, and told when they fail."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.platform import linux_aio
from edge.platform.linux_aio import Aio, aio, direct
from tests.patience import HUNG_S

BLOCK = 4096


class Writes:
    """Begins writes on one file and hears of them."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(8 * BLOCK))
        self.file = direct(str(path))
        self.ends: asyncio.Queue[int] = asyncio.Queue()
        made = aio(
            asyncio.get_running_loop(),
            lambda error: self.ends.put_nowait((error.errno or -1) if error else 0),
            2 * BLOCK,
        )
        assert made is not None
        self.aio: Aio = made

    def write(self, file: int, data: bytes, at: int) -> None:
        self.aio.memory[: len(data)] = data
        self.aio.write(file, len(data), at)

    async def end(self) -> int:
        async with asyncio.timeout(HUNG_S):
            return await self.ends.get()


@pytest.fixture
async def writes(tmp_path: Path) -> AsyncIterator[Writes]:
    made = Writes(tmp_path / "file")
    yield made
    made.aio.close()
    os.close(made.file)


async def test_what_was_written_is_there_when_its_end_is_told(writes: Writes, tmp_path: Path) -> None:
    for place in range(8):
        writes.write(writes.file, bytes([65 + place]) * BLOCK, place * BLOCK)
        assert await writes.end() == 0
    assert (tmp_path / "file").read_bytes() == b"".join(bytes([65 + place]) * BLOCK for place in range(8))


async def test_one_who_stands_still_has_it_at_once_and_it_is_told_once(writes: Writes) -> None:
    for place in range(8):
        writes.write(writes.file, b"x" * BLOCK, place * BLOCK)
        writes.aio.stand_still(float("inf"))
        assert writes.ends.qsize() == 1
        assert await writes.end() == 0
    await asyncio.sleep(0.01)
    assert writes.ends.empty()


async def test_one_who_stood_long_enough_is_told_by_the_loop(writes: Writes) -> None:
    for _ in range(50):
        writes.write(writes.file, b"y" * 2 * BLOCK, 0)
        writes.aio.stand_still(0)
        assert await writes.end() == 0


async def test_a_write_that_the_kernel_refuses_is_told(writes: Writes, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="descriptor"):
        writes.write(9_999, b"x" * BLOCK, 0)
    reading = os.open(tmp_path / "file", os.O_RDONLY)
    with pytest.raises(OSError, match="descriptor"):
        writes.write(reading, b"x" * BLOCK, 0)
    os.close(reading)
    writes.write(writes.file, b"x" * BLOCK, BLOCK)
    assert await writes.end() == 0
    assert (tmp_path / "file").read_bytes()[:BLOCK] == bytes(BLOCK)


async def test_one_who_lends_the_interpreter_out_has_it_all_the_same(writes: Writes) -> None:
    for place in range(8):
        writes.write(writes.file, b"z" * BLOCK, place * BLOCK)
        writes.aio.stand_still(float("inf"), lend=True)
        assert writes.ends.qsize() == 1
        assert await writes.end() == 0


async def test_no_more_is_written_than_there_is(writes: Writes) -> None:
    for size in (0, -1, 2 * BLOCK + 1):
        with pytest.raises(ValueError, match="more than there is"):
            writes.aio.write(writes.file, size, 0)
    assert writes.ends.empty()


async def test_where_it_was_not_built_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linux_aio, "kernel", None)
    assert aio(asyncio.get_running_loop(), lambda _: None, BLOCK) is None


async def test_a_sandbox_that_knows_no_such_call_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden() -> int:
        raise OSError(errno.ENOSYS, "no such call")

    monkeypatch.setattr(linux_aio.kernel, "setup", forbidden)
    assert aio(asyncio.get_running_loop(), lambda _: None, BLOCK) is None


def test_a_file_that_cannot_be_opened_so_is_none(tmp_path: Path) -> None:
    assert direct(str(tmp_path / "missing")) == -1
    (tmp_path / "link").symlink_to(tmp_path)
    assert direct(str(tmp_path / "link")) == -1
