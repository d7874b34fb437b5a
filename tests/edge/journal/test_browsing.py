"""Looking through the journal page by page: everything once, in order, whatever is still in the tail, at a bounded cost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from edge.journal import Block, Journal, browsing
from edge.journal.wanted import Place, State, Wanted
from tests.edge.journal.drafts import NOW, applied, declined, draft, folded, settled

DAY = timedelta(days=1)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    made = Journal(tmp_path / "journal.db")
    await made.open()
    await made.add_block(Block(1, 500))
    yield made
    await made.close()


async def seqs(journal: Journal, wanted: Wanted, limit: int = 3) -> list[int]:
    """All of them, page by page."""
    found: list[int] = []
    place: Place | None = None
    while True:
        page, place = await journal.browsing.page(wanted, place, limit)
        assert len(page) <= limit
        found += [one.seq for one in page]
        if place is None:
            return found


async def mixed(journal: Journal) -> dict[str, list[int]]:
    """Some of every kind; half of them stay in the tail. Seqs by kind, newest first."""
    kinds: dict[str, list[int]] = {
        name: [] for name in ("final", "refused", "awaited", "provisional", "in_doubt", "parked")
    }
    for turn in range(8):
        for place, name in enumerate(kinds):
            number = "2207" if name in ("awaited", "in_doubt") else "2204"
            at = NOW + (turn % 4) * DAY
            seq = (
                await journal.append(draft(f"{turn}-{place}", number=number, recorded_at=at, lane=f"l{turn}"))
            ).standing.seq
            kinds[name].insert(0, seq)
            if name == "final":
                await journal.receive(applied(seq), None, NOW)
            elif name == "refused":
                await journal.receive(declined(seq, "case_closed"), None, NOW)
            elif name == "awaited":
                await journal.receive(settled(seq, f"S{turn}"), None, NOW)
            elif name == "parked":
                await journal.park(seq, "parked_by_hand", NOW)
        if turn == 4:
            await folded(journal)
    return kinds


@pytest.mark.parametrize("stretch", [3, 20_000])
async def test_every_state_is_found_whole_and_in_order_in_tables_and_tail(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, stretch: int
) -> None:
    monkeypatch.setattr(browsing, "BROWSE_ROWS_MAX", stretch)
    kinds = await mixed(journal)
    await journal.receive(declined(kinds["provisional"][-1], "case_closed"), None, NOW)  # the tables say otherwise
    kinds["refused"] = sorted([*kinds["refused"], kinds["provisional"].pop()], reverse=True)
    everything = sorted((seq for some in kinds.values() for seq in some), reverse=True)
    assert await seqs(journal, Wanted()) == everything
    expected = {
        State.FINAL: sorted(kinds["final"] + kinds["awaited"], reverse=True),
        State.REFUSED: kinds["refused"],
        State.AWAITED: kinds["awaited"],
        State.PROVISIONAL: sorted(kinds["provisional"] + kinds["parked"], reverse=True),
        State.IN_DOUBT: kinds["in_doubt"],
        State.PARKED: kinds["parked"],
        State.OPEN: sorted(kinds["provisional"] + kinds["in_doubt"] + kinds["parked"], reverse=True),
    }
    for state in State:
        assert await seqs(journal, Wanted(state=state)) == expected[state], state


@pytest.mark.parametrize("stretch", [3, 20_000])
async def test_a_day_a_number_and_a_case_are_found_though_the_clock_was_set_back(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, stretch: int
) -> None:
    monkeypatch.setattr(browsing, "BROWSE_ROWS_MAX", stretch)
    kinds = await mixed(journal)  # after four days it is the first day again
    everything = sorted(seq for some in kinds.values() for seq in some)
    by_turn = [everything[6 * turn : 6 * turn + 6] for turn in range(8)]
    for day in range(4):
        wanted = Wanted(begin=NOW + day * DAY, end=NOW + (day + 1) * DAY)
        assert await seqs(journal, wanted) == sorted(by_turn[day] + by_turn[day + 4], reverse=True)
        parked = Wanted(state=State.PARKED, begin=wanted.begin, end=wanted.end)
        assert await seqs(journal, parked) == [seq for seq in kinds["parked"] if seq in by_turn[day] + by_turn[day + 4]]
    assert await seqs(journal, Wanted(number="2207")) == sorted(kinds["awaited"] + kinds["in_doubt"], reverse=True)
    assert await seqs(journal, Wanted(hid="l2")) == sorted(by_turn[2], reverse=True)
    assert await journal.browsing.newest_of("l2") == by_turn[2][-1]
    assert await journal.browsing.newest_of("nobody") is None


async def test_a_page_looks_at_so_many_rows_and_says_where_it_goes_on(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BROWSE_ROWS_MAX", "BROWSE_STEPS_MAX"):
        monkeypatch.setattr(browsing, name, 2)
    first = (await journal.append(draft("first", number="2207"))).standing.seq
    for n in range(9):
        await journal.append(draft(f"m{n}"))
    await folded(journal)
    page, place = await journal.browsing.page(Wanted(number="2207"))
    assert page == []
    assert place is not None
    assert place.seq > first
    assert await seqs(journal, Wanted(number="2207")) == [first]


async def test_beside_an_edge_that_runs_the_same_is_seen(journal: Journal, tmp_path: Path) -> None:
    kinds = await mixed(journal)
    beside = Journal(tmp_path / "journal.db")
    await beside.open(read_only=True)
    try:
        assert await seqs(beside, Wanted(state=State.PARKED)) == kinds["parked"]
    finally:
        await beside.close()
