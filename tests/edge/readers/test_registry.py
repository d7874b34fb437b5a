"""All readers under their names."""

from __future__ import annotations

import asyncio
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from central_sync.wire.refusals import Refused
from edge.readers import ReaderState, Wanted, registry
from edge.readers.cards.identity import CardIdentity
from edge.readers.registry import Readers
from edge.readers.simulated.driver import SimulatedReader

CARD = b'{"kind": "ir_national_code", "number": "0499370899"}'


async def refusal(readers: Readers, name: str, deadline_s: float = 0.1) -> str:
    with pytest.raises(Refused) as caught:
        await readers.read(name, deadline_s)
    return caught.value.code


async def test_the_only_reader_needs_no_name_and_one_of_several_does(tmp_path: Path) -> None:
    (tmp_path / "card.json").write_bytes(CARD)
    reader = SimulatedReader("desk-1", tmp_path, lambda _: None)
    assert (await Readers([reader]).read("", 1)).number == "0499370899"
    assert await refusal(Readers([reader, SimulatedReader("desk-2", tmp_path, lambda _: None)]), "") == "reader_unknown"
    assert await refusal(Readers([]), "") == "reader_unknown"
    assert await refusal(Readers([reader]), "desk-9") == "reader_unknown"


async def test_two_reads_on_one_reader_stand_in_line_and_both_keep_their_deadline(tmp_path: Path) -> None:
    readers = Readers([SimulatedReader("desk-1", tmp_path, lambda _: None)])
    await readers.start()
    began = time.monotonic()
    codes = await asyncio.gather(refusal(readers, "desk-1", 0.3), refusal(readers, "desk-1", 0.3))
    await readers.stop()
    assert codes == ["card_absent", "card_absent"]
    assert time.monotonic() - began < 8


class Waits:
    """A driver that waits until its deadline and ``late_s`` longer, and says what it waited for."""

    def __init__(self, late_s: float) -> None:
        self._late_s = late_s

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def states(self) -> list[ReaderState]:
        return [ReaderState(name="desk-1", driver="played", connected=True, card_present=True)]

    async def read(self, reader: str, deadline_s: float, wanted: Wanted) -> CardIdentity:
        await asyncio.sleep(deadline_s + self._late_s)
        raise Refused("card_lying")


async def test_what_a_driver_waited_for_is_told_at_the_deadline_and_a_late_driver_is_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await refusal(Readers([Waits(0)]), "desk-1") == "card_lying"
    monkeypatch.setattr(registry, "DRIVER_LATE_S_MAX", 1)
    began = time.monotonic()
    assert await refusal(Readers([Waits(30)]), "desk-1") == "card_slow"
    assert time.monotonic() - began < 20


class OneCard:
    """A driver whose reader always has the same card."""

    def __init__(self, card: CardIdentity) -> None:
        self.card = card

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def states(self) -> list[ReaderState]:
        return [ReaderState(name="desk-1", driver="played", connected=True, card_present=True)]

    async def read(self, reader: str, deadline_s: float, wanted: Wanted) -> CardIdentity:
        return self.card


async def test_a_card_is_judged_on_the_day_of_the_read_whichever_driver_read_it() -> None:
    last = date(2026, 3, 20)
    card = CardIdentity(kind="", number="", card="played", valid_from=last, valid_until=last)
    days = iter([last, last + timedelta(days=1), last - timedelta(days=1)])
    readers = Readers([OneCard(card)], lambda: next(days))
    assert await readers.read("", 1) == card
    assert await refusal(readers, "") == "card_expired"
    assert await refusal(readers, "desk-1") == "card_not_yet_valid"
    assert await Readers([OneCard(card)]).read("", 1) == card


async def test_what_a_card_says_is_cleaned_and_checked_whichever_driver_read_it() -> None:
    card = CardIdentity(kind="ir_national_code", number="0499370899", card="played", name="\u202emayraM\r\n")
    assert (await Readers([OneCard(card)]).read("", 1)).name == "mayraM"
    forged = CardIdentity(kind="ir_national_code", number="0499370898", card="played")
    assert await refusal(Readers([OneCard(forged)]), "") == "card_unreadable"
