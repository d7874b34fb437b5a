"""The entrance on Linux; what is said through it is tested in tests/edge/test_control.py."""

from __future__ import annotations

import asyncio
import os
import struct
from pathlib import Path

import pytest

from edge.platform import unix_socket
from edge.platform.unix_socket import Entrance
from tests.patience import HUNG_S


@pytest.mark.parametrize(("strange", "expected"), [(0, True), (1, False)])
async def test_another_account_is_not_admitted(tmp_path: Path, strange: int, expected: bool) -> None:
    entrance, admitted = Entrance(tmp_path / "control"), asyncio.Queue()

    class Seen:
        """The other end, as the kernel tells of it."""

        def get_extra_info(self, _: str) -> Seen:
            return self

        def getsockopt(self, *_: int) -> bytes:
            return struct.pack("3i", os.getpid(), tmp_path.stat().st_uid + strange, 0)

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        real = await entrance.admits(reader, writer)
        await admitted.put((real, await entrance.admits(reader, Seen())))
        writer.close()

    await entrance.start(served, 1024)
    try:
        unix_socket.reach(tmp_path / "control", HUNG_S).close()
        async with asyncio.timeout(HUNG_S):
            assert await admitted.get() == (True, expected)
    finally:
        entrance.stop()
    assert not (tmp_path / "control").exists()
