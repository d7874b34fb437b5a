"""Rows of edge.toml over a real service, whatever becomes of it."""

from __future__ import annotations

import asyncio

import pytest

from central_sync.wire.refusals import Refused
from edge.readers import Wanted
from edge.readers.pcsc import driver as module
from edge.readers.pcsc import monitor as monitor_module
from edge.readers.pcsc.driver import PcscReaders
from edge.readers.pcsc.service import LibraryMissing
from tests.cards_played.de_egk import EgkCard
from tests.cards_played.misbehaving import Misbehaving, Silent
from tests.edge.readers.pcsc.conftest import NUMBER, Listener, Table
from tests.pcscd import Service

FEW, MANY = 5, 50


class Mute(Misbehaving):
    """It is there, and what it says when it gets its power is longer than any answer to reset, so that the service takes it for mute."""

    def __init__(self) -> None:
        self.powered = False
        super().__init__(EgkCard())

    @property
    def atr(self) -> bytes:
        silent, self.powered = self.powered, False
        return b"\x3b" * 40 if silent else self.card.atr

    @atr.setter
    def atr(self, _: bytes) -> None:
        """Its own."""

    def reset(self) -> None:
        self.powered = True


async def swaps(table: Table, count: int) -> None:
    async with Listener(table.names[0]) as listener:
        await listener.until("reader_back")
        for _ in range(count):
            table.put(EgkCard())
            await listener.until("inserted")
            assert await listener.read() == NUMBER
            table.take()
            await listener.until("removed")
        assert listener.told.empty()


async def test_cards_are_swapped(table: Table) -> None:
    await swaps(table, FEW)


@pytest.mark.proof
async def test_cards_are_swapped_fifty_times(table: Table) -> None:
    await swaps(table, MANY)


async def test_two_cards_at_once_are_read_at_once_each_from_its_own_reader(table: Table) -> None:
    async with Listener("") as listener:
        await listener.until(*["reader_back"] * 4)
        names = [state.name for state in listener.driver.states()]
        assert names == [f"desk-1/virtual-pcd-{letter}-00-{slot:02}" for letter in "ab" for slot in range(2)]
        other = EgkCard("G1")
        for reader, card in enumerate((EgkCard(), other, Silent(EgkCard(), 2, 0.05))):
            table.put(card, reader)
            await listener.until("inserted")
        found = await asyncio.gather(*(listener.driver.read(name, 20, Wanted()) for name in names[:3]))
        assert [identity.number for identity in found] == [NUMBER] * 3
        with pytest.raises(Refused, match="card_absent"):
            await listener.read(0.2, names[3])
        with pytest.raises(Refused, match="reader_unknown"):
            await listener.read(0.2, "desk-1")


async def test_a_card_that_lies_the_wrong_way_round_is_mute_and_the_next_one_is_read(table: Table) -> None:
    mute = Mute()
    async with Listener(table.names[0]) as listener:
        table.put(mute)
        await listener.until("reader_back", "inserted")
        assert listener.state().trouble == "card_mute"
        with pytest.raises(Refused, match="card_mute"):
            await listener.read(5)
        table.take()
        await listener.until("removed")
        assert listener.state().trouble == ""
        table.put(EgkCard())
        await listener.until("inserted")
        assert await listener.read() == NUMBER


async def test_a_beginning_finds_one_reader_and_another_when_that_is_gone(table: Table) -> None:
    async with Listener("Virtual PCD B") as listener:
        table.put(EgkCard(), 2)
        await listener.until("reader_back", "inserted")
        assert len(listener.driver.states()) == 1
        assert await listener.read() == NUMBER


async def test_a_service_that_dies_in_a_read_and_comes_back_is_used_again(table: Table) -> None:
    async with Listener(table.names[0]) as listener:
        await listener.until("reader_back")
        for _ in range(2):
            table.put(Silent(EgkCard(), 2, 0.4))
            await listener.until("inserted")
            reading = asyncio.create_task(listener.read())
            await asyncio.sleep(0.6)
            await asyncio.to_thread(table.service.kill)
            with pytest.raises(Refused, match="reader_failed"):
                await reading
            await listener.until("removed", "reader_lost")
            assert listener.state().trouble == "service_down"
            await asyncio.to_thread(table.clear)
            await asyncio.to_thread(table.service.start)
            await listener.until("reader_back")
        table.put(EgkCard())
        await listener.until("inserted")
        assert await listener.read() == NUMBER


async def test_a_service_that_starts_after_us_is_found_and_so_is_a_reader_after_the_service() -> None:
    service = Service()
    async with Listener(service.names[0]) as listener:
        try:
            await asyncio.sleep(0.3)
            assert listener.state().trouble == "service_down"
            with pytest.raises(Refused, match="reader_failed"):
                await listener.read(0.5)
            await asyncio.to_thread(service.start, readers=False)
            await listener.trouble("reader_absent")
            with pytest.raises(Refused, match="reader_lost"):
                await listener.read(0.5)
            await asyncio.to_thread(service.kill)
            await asyncio.to_thread(service.start)
            await listener.until("reader_back")
        finally:
            service.__exit__()


async def test_a_reader_that_comes_back_under_another_name_is_found_by_its_pattern_and_listed_anew_by_every(
    table: Table,
) -> None:
    async with Listener("Virtual* 00 00") as listener, Listener("") as every:
        await listener.until("reader_back")
        await every.until(*["reader_back"] * 4)
        await asyncio.to_thread(table.service.kill)
        await listener.until("reader_lost")
        table.service.label = "Virtual Renamed"
        await asyncio.to_thread(table.service.start)
        await listener.until("reader_back")
        table.put(EgkCard())
        await listener.until("inserted")
        assert await listener.read() == NUMBER
        await every.until(*["reader_lost"] * 4, *["reader_back"] * 4, "inserted")
        states = every.driver.states()
        assert [state.connected for state in states] == [False] * 4 + [True] * 4
        assert await every.read(name="desk-1/virtual-renamed-a-00-00") == NUMBER


async def test_a_service_that_hangs_is_found_out_left_and_used_again(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SILENT_S_MAX", 1.5)
    monkeypatch.setattr(monitor_module, "ROUND_MS", 300)
    async with Listener(table.names[0]) as listener:
        await listener.until("reader_back")
        table.service.freeze()
        await listener.until("reader_lost")
        assert listener.state().trouble == "service_down"
        await asyncio.sleep(4)
        assert len(listener.driver._left) <= module.MONITORS_LEFT_MAX
        table.service.thaw()
        await listener.until("reader_back")
        table.put(EgkCard())
        await listener.until("inserted")
        assert await listener.read() == NUMBER


async def test_a_monitor_that_ended_is_revived(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Listener(table.names[0]) as listener:
        await listener.until("reader_back")
        listener.driver._monitor._over.set()
        await listener.until("reader_lost", "reader_back")


async def test_without_the_library_the_reader_says_so_and_the_edge_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise LibraryMissing

    monkeypatch.setattr(monitor_module, "library", missing)
    for address in ("", "ACS"):
        async with Listener(address) as listener:
            await asyncio.sleep(0.2)
            assert listener.state().trouble == "library_missing"
            with pytest.raises(Refused, match="reader_failed"):
                await listener.read(0.5)


async def test_a_driver_that_was_stopped_starts_again(table: Table) -> None:
    listener = Listener("")
    table.put(EgkCard())
    for _ in range(2):
        async with listener:
            assert [await listener.next() for _ in range(5)].count("reader_back") == 4
            assert await listener.read(name="desk-1/virtual-pcd-a-00-00") == NUMBER


async def test_a_driver_that_was_never_started_stops() -> None:
    await PcscReaders("desk-1", "", lambda _: None).stop()
