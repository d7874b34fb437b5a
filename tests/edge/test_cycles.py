"""Business cycles: tokens, expiry by the civil day, restart, closing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from central_sync.wire.refusals import Refused
from edge.cycles import KEPT_AFTER, TOKENS_PER_CYCLE_MAX, Cycles, check_open, opened
from edge.journal import Journal

TEHRAN = "Asia/Tehran"
NOON = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    kept = Journal(tmp_path / "journal.db")
    await kept.open()
    yield kept
    await kept.close()


@pytest.fixture
async def cycles(journal: Journal) -> Cycles:
    made = Cycles(journal, TEHRAN)
    await made.start()
    return made


def bytes_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def refusal(cycles: Cycles, token: str, now: datetime = NOON) -> str:
    with pytest.raises(Refused) as caught:
        cycles.of_token(token, now)
    return caught.value.code


def test_a_cycle_ends_with_the_civil_day_of_the_institution() -> None:
    cycle = opened("desk-1", "op", "", TEHRAN, datetime(2026, 2, 28, 21, 0, tzinfo=UTC), "s")
    assert cycle.business_day == date(2026, 3, 1)
    assert cycle.expires_at == datetime(2026, 3, 1, 20, 30, tzinfo=UTC)
    check_open(cycle, cycle.expires_at - timedelta(microseconds=1))
    with pytest.raises(Refused, match="cycle_closed"):
        check_open(cycle, cycle.expires_at)


async def test_a_second_init_gives_another_token_of_the_same_cycle(cycles: Cycles) -> None:
    first, token_1 = await cycles.open("desk-1", "op", "k", NOON)
    second, token_2 = await cycles.open("desk-1", "op", "k", NOON)
    assert token_1 != token_2
    assert first.sign_in_msgid == second.sign_in_msgid
    assert cycles.of_token(token_1, NOON).serial == cycles.of_token(token_2, NOON).serial


async def test_another_operator_workstation_or_day_is_another_cycle(cycles: Cycles) -> None:
    serials = {
        (await cycles.open(workstation, operator, "k", now))[0].serial
        for workstation, operator, now in (
            ("desk-1", "a", NOON),
            ("desk-1", "b", NOON),
            ("desk-2", "a", NOON),
            ("desk-1", "a", NOON + timedelta(days=1)),
        )
    }
    assert len(serials) == 4


async def test_only_so_many_programs_of_one_desk_are_signed_in_at_once(cycles: Cycles) -> None:
    tokens = [(await cycles.open("desk-1", "op", "k", NOON))[1] for _ in range(TOKENS_PER_CYCLE_MAX + 1)]
    assert refusal(cycles, tokens[0]) == "token_invalid"
    assert all(cycles.of_token(token, NOON) for token in tokens[1:])


@pytest.mark.parametrize("token", ["", "x", "\ud800", "a" * 5000])
async def test_a_token_that_was_never_given_is_invalid(cycles: Cycles, token: str) -> None:
    assert refusal(cycles, token) == "token_invalid"


async def test_a_restart_ends_no_cycle_and_the_file_holds_no_token(
    cycles: Cycles, journal: Journal, tmp_path: Path
) -> None:
    _, token = await cycles.open("desk-1", "op", "k", NOON)
    again = Cycles(journal, TEHRAN)
    await again.start()
    assert again.of_token(token, NOON).workstation == "desk-1"
    assert token.encode() not in bytes_in(tmp_path)


async def test_a_closed_cycle_says_so_also_after_a_restart_and_the_next_one_has_its_own_msgids(
    cycles: Cycles, journal: Journal
) -> None:
    cycle, token = await cycles.open("desk-1", "op", "k", NOON)
    await cycles.close(cycle)
    assert refusal(cycles, token) == "cycle_closed"
    again = Cycles(journal, TEHRAN)
    await again.start()
    assert refusal(again, token) == "cycle_closed"
    following, fresh = await again.open("desk-1", "op", "k", NOON)
    assert following.sign_in_msgid != cycle.sign_in_msgid
    assert again.of_token(fresh, NOON)
    assert refusal(again, token) == "cycle_closed"


async def test_after_midnight_the_token_is_told_that_the_day_has_ended(cycles: Cycles) -> None:
    _, token = await cycles.open("desk-1", "op", "k", NOON)
    assert refusal(cycles, token, NOON + timedelta(days=1)) == "cycle_closed"


async def test_old_cycles_are_forgotten_and_open_ones_stay(cycles: Cycles, journal: Journal) -> None:
    _, old = await cycles.open("desk-1", "op", "k", NOON)
    later = NOON + KEPT_AFTER + timedelta(days=1)
    _, new = await cycles.open("desk-1", "op", "k", later)
    assert await cycles.forget_old(later) == 1
    assert refusal(cycles, old) == "token_invalid"
    assert cycles.of_token(new, later)
    assert len(await journal.recall("cycle")) == 1
