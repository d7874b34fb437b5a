"""The filter of msgids: what is there is always found, little else is, and nothing is ruled out before all was learned."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.journal import Journal, known, look
from edge.journal.known import Known
from edge.journal.records import msgid_key
from tests.edge.journal.drafts import by_thread, draft, folded
from tests.edge.journal.drafts import learned as learned_all


def keys(seed: int, count: int) -> list[int]:
    return [msgid_key(f"{seed}-{number}") for number in range(count)]


async def learned(there: list[int], page_rows: int = 100) -> Known:
    async def page(after: int) -> tuple[list[int], int]:
        return there[after : after + page_rows], after + page_rows

    made = Known()
    made.begin(len(there))
    await made.learn(page)
    return made


async def test_what_is_there_is_always_found_and_hardly_anything_else() -> None:
    there = keys(1, 5_000)
    made = await learned(there, 1_000)
    assert all(made.may_have(key) for key in there)
    assert sum(made.may_have(key) for key in keys(2, 5_000)) < 50
    later = keys(3, 5_000)
    made.add(later)
    assert all(made.may_have(key) for key in there + later)


async def test_the_least_and_the_greatest_key_are_keys_as_others() -> None:
    ends = [-(1 << 63), -1, 0, (1 << 63) - 1]
    made = await learned(ends)
    assert all(made.may_have(key) for key in ends)
    assert not made.may_have(12345)


async def test_until_all_is_learned_everything_may_be_there() -> None:
    made = Known()
    asked: list[bool] = []

    async def page(after: int) -> tuple[list[int], int]:
        asked.append(made.may_have(4))
        return ([], after) if after else ([3], 1)

    made.begin(1)
    await made.learn(page)
    assert asked == [True, True]
    assert made.may_have(3)
    assert not made.may_have(4)


@pytest.mark.parametrize("made_for", [0, 100_000])
async def test_it_grows_with_what_it_takes_and_hardly_ever_takes_a_new_one_for_one_that_is_there(made_for: int) -> None:
    made = Known()
    made.begin(made_for)
    small = made.keys
    there = list(chance_keys(1, 250_000))
    for at in range(0, len(there), 1_000):
        made.add(there[at : at + 1_000])
    made.whole = True
    assert all(made.may_have(key) for key in there)
    others = list(chance_keys(2, 20_000))
    assert sum(made.may_have(key) for key in others) < len(others) * 0.02
    assert small < made.keys <= 3 * len(there)


async def test_a_key_that_comes_again_and_again_takes_no_more_room() -> None:
    made = await learned([])
    before = made.keys
    for _ in range(3):
        made.add(keys(1, known.KEYS_MIN // 2))
    assert made.keys == before


def test_its_memory_is_as_the_tables_ask_and_not_more_than_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    for count in (0, 100_000, 10_000_000):
        made = Known()
        made.begin(count)
        sizes.append(made.keys)
    assert sizes == [known.KEYS_MIN, 200_000, known.KEYS_MAX]
    monkeypatch.setattr(known, "KEYS_MAX", 3 * known.KEYS_MIN)
    full, there = Known(), list(chance_keys(3, 250_000))
    for at in range(0, len(there), 1_000):
        full.add(there[at : at + 1_000])
    full.whole = True
    assert full.keys == known.KEYS_MAX
    assert all(full.may_have(key) for key in there)


def test_no_layer_is_small_beside_the_others_and_none_is_lost_for_want_of_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(known, "KEYS_MAX", 2 * known.KEYS_MIN + 10)
    made, there = Known(), list(chance_keys(4, 2 * known.KEYS_MIN))
    made.begin(known.KEYS_MIN)
    made.add(there)
    made.whole = True
    others = list(chance_keys(5, 20_000))
    assert sum(made.may_have(key) for key in others) < len(others) * 0.02

    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(known, "KEYS_MAX", 1 << 30)
    monkeypatch.setattr(known, "Bloom", full)
    more = list(chance_keys(6, 100))
    made.add(more)
    assert all(made.may_have(key) for key in there + more)


def chance_keys(seed: int, count: int) -> Iterator[int]:
    """As keys of msgids are, sooner made."""
    chance = random.Random(seed)
    return (chance.getrandbits(64) - (1 << 63) for _ in range(count))


async def test_a_journal_learns_page_by_page_what_its_tables_have(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    msgids = [f"m{number}" for number in range(random.Random(1).randrange(20, 30))]
    for msgid in msgids:
        await journal.append(draft(msgid))
    await folded(journal)

    async def page(after: int) -> tuple[list[int], int]:
        return await journal._reader.do(lambda c: look.keys_after(c, after, 7))

    found: list[int] = []
    more, last = await page(0)
    while more:
        found += more
        more, last = await page(last)
    assert found == [msgid_key(msgid) for msgid in msgids]
    assert await page(last + 1) == ([], last + 1)
    await journal.close()


@pytest.mark.parametrize("known_first", [True, False])
async def test_the_thread_looks_up_what_may_be_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known_first: bool
) -> None:
    asked: list[set[int]] = []
    look_up = look.with_msgids

    def counted(c: Any, among: Collection[int]) -> dict[int, list[int]]:
        asked.append(set(among))
        return look_up(c, among)

    monkeypatch.setattr(look, "with_msgids", counted)
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    await learned_all(journal)
    journal._writer._known.whole = known_first
    by_thread(journal)

    async def fresh(*msgids: str) -> list[bool]:
        return [one.fresh for one in await asyncio.gather(*(journal.append(draft(msgid)) for msgid in msgids))]

    one, two, three = (msgid_key(msgid) for msgid in ("one", "two", "three"))
    assert await fresh("one", "one", "two") == [True, False, True]
    assert asked == ([{one}] if known_first else [{one, two}])
    journal._writer._known.whole = True
    await folded(journal)
    assert await fresh("two", "three", "one") == [False, True, False]
    assert asked[1:] == [{one, two}]
    await folded(journal)
    assert await fresh("three") == [False]
    assert asked[2:] == [{three}]
    await journal.close()
