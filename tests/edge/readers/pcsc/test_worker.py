"""One read of one card through the real service, whatever the card and other programs do."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator

import pytest

from central_sync.wire.refusals import Refused
from edge.readers import Wanted
from edge.readers.cards.kinds import identify
from edge.readers.pcsc.seat import Seat
from edge.readers.pcsc.service import Context, library
from edge.readers.pcsc.worker import COMMANDS_MAX, Outcome, Worker
from tests.cards_played.de_egk import EgkCard
from tests.cards_played.misbehaving import Endless, Leaving, Misbehaving, Silent
from tests.edge.readers.pcsc.conftest import NUMBER, Table
from tests.edge.readers.pcsc.test_service import wait_for_card
from tests.patience import HUNG_S
from tests.pcscd import PlayedCard


class Reads:
    """Reads on the first virtual reader, one after the other."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.ended: queue.Queue[Outcome] = queue.Queue()
        self.seat = Seat("a test")
        self.seat.start()

    def put(self, card: PlayedCard) -> None:
        context, reader = Context.begun(library()), self.table.names[0]
        wait_for_card(context, reader, present=False)  # or the service takes it for the one before
        self.table.put(card)
        wait_for_card(context, reader)
        context.release()

    def start(self, deadline_s: float = 10, kind=identify) -> Worker:
        worker = Worker(self.seat, self.table.names[0], kind, Wanted(), time.monotonic() + deadline_s)
        worker.start(self.ended.put)
        return worker

    def end(self) -> str:
        outcome = self.ended.get(timeout=HUNG_S)
        return outcome.identity.number if outcome.identity else outcome.refused.code

    def read(self, **more) -> str:
        self.start(**more)
        return self.end()


class Held:
    """Another program that has the card open."""

    def __init__(self, reader: str, mode: str) -> None:
        self.scard = scard = library()
        _, self.context = scard.SCardEstablishContext(0)
        code, self.card, _ = scard.SCardConnect(self.context, reader, getattr(scard, mode), scard.SCARD_PROTOCOL_ANY)
        assert code == 0

    def begin(self) -> None:
        assert self.scard.SCardBeginTransaction(self.card) == 0

    def let_go(self, how: str = "SCARD_LEAVE_CARD") -> None:
        self.scard.SCardEndTransaction(self.card, self.scard.SCARD_LEAVE_CARD)
        self.scard.SCardDisconnect(self.card, getattr(self.scard, how))
        self.scard.SCardReleaseContext(self.context)


@pytest.fixture
def reads(table: Table) -> Iterator[Reads]:
    reads = Reads(table)
    yield reads
    reads.seat.end()


def test_a_card_is_read_and_left_in_the_power_it_had(reads: Reads) -> None:
    reads.put(EgkCard())
    assert [reads.read() for _ in range(3)] == [NUMBER] * 3


def test_a_card_pulled_at_any_command_was_removed(reads: Reads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "edge.readers.pcsc.worker.LEAVING_MS", 1000 * HUNG_S
    )  # whatever else this machine does, the service looks in time
    whole = Misbehaving(EgkCard(), 1000)
    reads.put(whole)
    assert reads.read() == NUMBER
    reads.table.take()
    assert whole.commands > 5
    for after in range(whole.commands):
        reads.put(Leaving(EgkCard(), after))
        assert reads.read() == "card_removed", after
        reads.table.take()
    assert reads.read() == "card_removed"


def test_a_card_without_an_end_is_unreadable_and_soon(reads: Reads) -> None:
    reads.put(Endless(EgkCard(), 3))
    assert reads.read() == "card_unreadable"


def test_a_kind_that_asks_without_an_end_is_stopped(reads: Reads) -> None:
    def endless(_atr, _wanted):
        while True:
            yield bytes.fromhex("00B0810002")

    reads.put(EgkCard())
    assert reads.read(kind=endless, deadline_s=30) == "card_unreadable"
    assert COMMANDS_MAX < 10_000


def test_an_unknown_card_is_refused_with_its_atr(reads: Reads) -> None:
    stranger = EgkCard()
    stranger.atr, stranger.apdu = bytes.fromhex("3B021450"), lambda _: b"\x6d\x00"
    reads.put(stranger)
    reads.start()
    refused = reads.ended.get(timeout=HUNG_S).refused
    assert str(refused) == str(Refused("card_unknown", "ATR 3B021450"))


def test_a_fault_of_ours_ends_one_read_and_quotes_nothing(reads: Reads) -> None:
    def broken(_atr, _wanted):
        yield bytes.fromhex("00B0810002")
        raise KeyError("A123456780")

    reads.put(EgkCard())
    reads.start(kind=broken)
    refused = reads.ended.get(timeout=HUNG_S).refused
    assert str(refused) == "card_unreadable: KeyError"
    assert reads.read() == NUMBER


def test_a_slow_card_that_answers_after_the_deadline_is_slow(reads: Reads) -> None:
    reads.put(Silent(EgkCard(), 2, 0.3))
    assert reads.read(deadline_s=0.5) == "card_slow"


def test_a_worker_that_nobody_waits_for_ends_after_its_command_and_lets_the_next_one_in(reads: Reads) -> None:
    reads.put(Silent(EgkCard(), 2, 0.3))
    worker = reads.start()
    time.sleep(0.15)
    worker.leave()
    assert reads.end() == "card_slow"
    assert reads.read(deadline_s=20) == NUMBER


def test_a_program_that_has_the_card_alone_for_a_moment_is_waited_for_and_one_that_keeps_it_is_not(
    reads: Reads,
) -> None:
    reads.put(EgkCard())
    other = Held(reads.table.names[0], "SCARD_SHARE_EXCLUSIVE")
    began = time.monotonic()
    assert reads.read() == "reader_busy"
    assert 0.9 < time.monotonic() - began < 30
    reads.start()
    time.sleep(0.3)
    other.let_go()
    assert reads.end() == NUMBER


def test_a_program_in_the_middle_of_its_talk_is_waited_for(reads: Reads) -> None:
    reads.put(EgkCard())
    other = Held(reads.table.names[0], "SCARD_SHARE_SHARED")
    other.begin()
    worker = reads.start()
    time.sleep(0.3)
    assert worker.sharing
    other.let_go()
    assert reads.end() == NUMBER


def test_a_program_that_resets_the_card_does_not_spoil_our_read(reads: Reads) -> None:
    """It had to wait for us, or we begin again after it."""
    reads.put(Silent(EgkCard(), 2, 0.02))
    others = [Held(reads.table.names[0], "SCARD_SHARE_SHARED") for _ in range(5)]
    for other in others:
        reads.start()
        other.let_go("SCARD_RESET_CARD")
        assert reads.end() == NUMBER


def test_a_dead_service_is_told_and_its_death_in_a_read_too(reads: Reads) -> None:
    reads.put(Silent(EgkCard(), 2, 0.3))
    reads.start()
    time.sleep(0.4)
    reads.table.service.kill()
    assert reads.end() == "reader_failed"
    assert reads.read() == "reader_failed"


def test_a_service_that_died_and_came_back_between_two_reads_is_not_noticed(reads: Reads) -> None:
    reads.put(EgkCard())
    assert reads.read() == NUMBER
    reads.table.drop()
    reads.table.service.kill()
    reads.table.service.start()
    reads.put(EgkCard())
    assert reads.read() == NUMBER
