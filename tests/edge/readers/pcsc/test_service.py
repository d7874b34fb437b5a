"""The calls of the real service."""

from __future__ import annotations

import sys
import time

import pytest

from edge.readers.pcsc import codec
from edge.readers.pcsc.service import Context, LibraryMissing, ServiceError, library
from tests.cards_played.de_egk import EgkCard
from tests.edge.readers.pcsc.conftest import Table


def wait_for_card(context: Context, reader: str, present: bool = True) -> None:
    states = {reader: 0}
    until = time.monotonic() + 10
    while codec.sight((states := context.changes(states, 1000))[reader]).present != present:
        assert time.monotonic() < until


def test_a_missing_library_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "smartcard"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "smartcard", None)
    with pytest.raises(LibraryMissing):
        library()


def test_a_dead_service_is_told_by_its_code(table: Table) -> None:
    table.service.kill()
    with pytest.raises(ServiceError) as caught:
        Context.begun(library())
    assert codec.trouble(caught.value.code) == "service_down"
    assert "0x8010" in str(caught.value)


def test_readers_are_listed_and_their_changes_awaited(table: Table) -> None:
    context = Context.begun(library())
    assert context.readers() == sorted(table.names)
    states = context.changes({table.names[0]: 0}, 1000)
    assert not codec.sight(states[table.names[0]]).present
    began = time.monotonic()
    assert context.changes(states, 200) == states
    assert time.monotonic() - began >= 0.2
    with pytest.raises(ServiceError) as caught:
        context.changes({"No such reader": 0}, 100)
    assert codec.refusal(caught.value.code) == "reader_lost"
    context.release()


def test_a_card_is_shared_and_left_as_it_is(table: Table) -> None:
    """Two programs have it open, in turns; neither resets it nor takes its power."""
    table.put(card := EgkCard())
    first, second = Context.begun(library()), Context.begun(library())
    wait_for_card(first, table.names[0])
    resets = []
    card.reset = lambda: resets.append(1)
    one, two = first.connect(table.names[0]), second.connect(table.names[0])
    one.begin()
    assert one.atr() == card.atr
    assert one.transmit(bytes.fromhex("00A4040C06D27600000102"))[-2:] == b"\x90\x00"
    one.close()
    two.begin()
    assert two.transmit(bytes.fromhex("00B0810002"))[-2:] == b"\x90\x00"
    two.close()
    assert not resets
    first.release()
    second.release()


def test_no_card_and_an_exclusive_program_are_told_by_their_codes(table: Table) -> None:
    context, scard = Context.begun(library()), library()
    with pytest.raises(ServiceError) as caught:
        context.connect(table.names[0])
    assert codec.refusal(caught.value.code) == "card_removed"
    table.put(EgkCard())
    wait_for_card(context, table.names[0])
    _, other = scard.SCardEstablishContext(0)
    _, held, _ = scard.SCardConnect(other, table.names[0], scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_ANY)
    with pytest.raises(ServiceError) as caught:
        context.connect(table.names[0])
    assert codec.refusal(caught.value.code) == "reader_busy"
    scard.SCardDisconnect(held, scard.SCARD_LEAVE_CARD)
    context.connect(table.names[0]).close()
    scard.SCardReleaseContext(other)
    context.release()
