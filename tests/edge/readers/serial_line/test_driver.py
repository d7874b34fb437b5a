"""The loop's side of a serial reader: troubles and their end, a port whose driver hangs, and a clean stop. The contract suite holds it to the rest."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from pathlib import Path

import pytest

from central_sync.wire.refusals import Refused
from edge import drivers
from edge.config import ConfigError, ReaderConfig
from edge.readers import Wanted
from edge.readers.serial_line.address import parse
from edge.readers.serial_line.driver import LEFT_BEHIND_MAX, SerialReader
from edge.readers.serial_line.port import Port, PortTrouble, open_port
from edge.readers.serial_line.worker import TASKS_MAX
from tests.cards_played.cn_resident import NUMBER, READ
from tests.edge.readers.serial_line.desks import SamDesk
from tests.patience import HUNG_S


async def until_trouble(reader: SerialReader, trouble: str) -> None:
    async with asyncio.timeout(HUNG_S):
        while reader.states()[0].trouble != trouble:  # noqa: ASYNC110 - a trouble is a state, and no event
            await asyncio.sleep(0.02)


def test_a_wrong_address_is_told_with_the_readers_name(tmp_path: Path) -> None:
    row = ReaderConfig(name="desk-1", driver="serial_line", address="/dev/ttyUSB0?kind=fax")
    with pytest.raises(ConfigError, match=r"desk-1.*kind=sdt"):
        drivers.reader(row, tmp_path, lambda _: None)


async def test_a_port_that_another_program_holds_is_busy_and_is_taken_when_it_is_free(tmp_path: Path) -> None:
    desk = SamDesk(tmp_path)
    desk.plug()
    theirs = open_port(str(desk.cable.link), 115_200)
    await desk.reader.start()
    await until_trouble(desk.reader, "reader_busy")
    began = time.monotonic()
    assert (await desk.refusal(HUNG_S))[0] == "reader_busy"
    assert time.monotonic() - began < HUNG_S
    theirs.close()
    await desk.until("reader_back")
    desk.put()
    assert (await desk.read()).number == NUMBER
    await desk.close()


async def test_without_its_library_the_reader_says_so_and_is_there_when_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = SamDesk(tmp_path)
    desk.plug()
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "serial", None)
        await desk.reader.start()
        await until_trouble(desk.reader, "library_missing")
        assert (await desk.refusal())[0] == "reader_failed"
    await desk.until("reader_back")
    await desk.close()


async def test_reads_on_a_reader_that_stays_away_do_not_fill_its_line(tmp_path: Path) -> None:
    desk = SamDesk(tmp_path)
    await desk.reader.start()
    for _ in range(3):
        ended = await asyncio.gather(*(desk.refusal(0.1) for _ in range(TASKS_MAX)))
        assert {code for code, _ in ended} == {"reader_lost"}
    await desk.close()


class Hangs:
    """A port whose driver does not come back from a call until it is released."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.opened = 0

    def open(self, _name: str, _speed: int) -> Port:
        self.opened += 1
        return self

    def read(self) -> bytes:
        self.released.wait(30)
        raise PortTrouble("reader_absent")

    def write(self, some: bytes) -> None:
        """Goes through."""

    def forget(self) -> None:
        """Goes through."""

    def close(self) -> None:
        """Goes through."""


async def test_a_driver_that_hangs_blocks_nobody_and_another_worker_takes_over() -> None:
    hangs, changes = Hangs(), list[str]()
    reader = SerialReader(
        "desk-1", parse("COM1?kind=sdt"), lambda e: changes.append(str(e.change)), opens=hangs.open, stuck_s=0.3
    )
    await reader.start()
    reading = asyncio.create_task(reader.read("desk-1", 20, Wanted()))
    turns = 0
    while not reading.done():
        await asyncio.sleep(0.01)
        turns += 1
    with pytest.raises(Refused, match="reader_failed"):
        await reading
    assert turns > 3, "others have their turns meanwhile"
    await until_trouble(reader, "reader_stuck")
    async with asyncio.timeout(HUNG_S):
        while hangs.opened <= LEFT_BEHIND_MAX - 1:  # noqa: ASYNC110 - the threads are what is waited for
            await asyncio.sleep(0.02)
    await asyncio.sleep(1)
    assert hangs.opened == LEFT_BEHIND_MAX, "threads are not started without end"
    hangs.released.set()
    await until_trouble(reader, "reader_absent")
    await asyncio.wait_for(reader.stop(), HUNG_S)
    assert changes == []


async def test_a_stop_waits_for_no_driver_that_hangs() -> None:
    hangs = Hangs()
    reader = SerialReader("desk-1", parse("COM1?kind=sdt"), lambda _: None, opens=hangs.open)
    await reader.start()
    reading = asyncio.create_task(reader.read("desk-1", 20, Wanted()))
    await asyncio.sleep(0.1)
    await asyncio.wait_for(reader.stop(), HUNG_S)
    with pytest.raises(Refused, match="reader_lost"):
        await reading
    hangs.released.set()


async def test_a_reader_that_was_never_started_is_lost() -> None:
    reader = SerialReader("desk-1", parse("COM1?kind=sdt"), lambda _: None)
    with pytest.raises(Refused, match="reader_lost"):
        await reader.read("desk-1", 5, Wanted())
    await reader.stop()


async def test_a_stop_in_mid_read_is_quick_and_gives_the_port_back(tmp_path: Path) -> None:
    desk = SamDesk(tmp_path)
    await desk.start()
    desk.put()
    await desk.until("reader_back", "inserted")
    asked = threading.Event()

    def silent() -> None:
        asked.set()
        desk.far._stopping.wait(HUNG_S)

    desk.sam.before[READ] = silent
    reading = asyncio.create_task(desk.read(HUNG_S))
    assert await asyncio.to_thread(asked.wait, HUNG_S)
    began = time.monotonic()
    await desk.reader.stop()
    assert time.monotonic() - began < HUNG_S / 2
    with pytest.raises(Refused, match="reader_lost"):
        await reading
    open_port(str(desk.cable.link), 115_200).close()
    await desk.close()
