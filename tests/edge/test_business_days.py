"""A business day begun and ended, whoever asks: a face with a token, the desk's page without."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.audit import Audit
from edge.business_days import BusinessDays
from edge.cycles import Cycles
from edge.journal import Journal
from edge.outcome import Outcome
from tests.edge.faces.hospital import NOON, Desk


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    kept = Journal(tmp_path / "journal.db")
    await kept.open()
    yield kept
    await kept.close()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def days(journal: Journal, desk: Desk, tmp_path: Path) -> BusinessDays:
    audit = Audit(tmp_path)
    audit.start()
    return BusinessDays("H1", desk, Cycles(journal, "Asia/Tehran"), audit, lambda: NOON)


async def test_a_page_joins_the_day_that_a_program_opened_and_takes_no_token_from_it(
    days: BusinessDays, desk: Desk
) -> None:
    assert days.today("desk-1", "op") is None
    program = await days.begin("desk-1", "op", "k", token=True)
    page = await days.begin("desk-1", "op", "k", token=False)
    assert program.token
    assert page.token == ""
    assert page.cycle.serial == program.cycle.serial
    assert page.cycle.tokens == program.cycle.tokens
    assert [call.msgid for call in desk.calls] == [program.cycle.sign_in_msgid] * 2, "9001 is the same transaction"
    assert days.today("desk-1", "op") == program.cycle
    assert days.today("desk-2", "op") is None


async def test_a_day_that_the_hub_refuses_is_closed_and_the_next_is_another(days: BusinessDays, desk: Desk) -> None:
    desk.outcome, desk.code = Outcome.REFUSED, "certificate_refused"
    first = await days.begin("desk-1", "op", "k", token=False)
    assert first.refused
    assert days.today("desk-1", "op") is None
    desk.outcome, desk.code = Outcome.PROVISIONAL, ""
    second = await days.begin("desk-1", "op", "k", token=False)
    assert not second.refused
    assert second.cycle.serial != first.cycle.serial


async def test_what_was_not_taken_on_closes_nothing(days: BusinessDays, desk: Desk) -> None:
    desk.outcome, desk.code = Outcome.REFUSED, "journal_full"
    assert not (await days.begin("desk-1", "op", "k", token=False)).refused
    assert days.today("desk-1", "op")


async def test_an_ended_day_is_over_unless_its_end_was_refused(days: BusinessDays, desk: Desk, tmp_path: Path) -> None:
    begun = await days.begin("desk-1", "op", "k", token=False)
    desk.outcome, desk.code = Outcome.REFUSED, "journal_full"
    await days.end(begun.cycle, 1_000)
    assert days.today("desk-1", "op")
    desk.outcome, desk.code = Outcome.PROVISIONAL, ""
    await days.end(begun.cycle, 1_000)
    assert days.today("desk-1", "op") is None
    assert desk.calls[-1].number == "9002"
    assert "signed_out" in (tmp_path / "audit.jsonl").read_text()
