"""The filter of msgids: what is there is always found, little else is, and nothing is ruled out before all was learned."""

from __future__ import annotations

import random
from pathlib import Path

from edge.journal import Journal, known, look
from edge.journal.known import Known
from edge.journal.records import msgid_key
from tests.edge.journal.drafts import draft, folded


def keys(seed: int, count: int) -> list[int]:
    return [msgid_key(f"{seed}-{number}") for number in range(count)]


async def learned(there: list[int], page_rows: int = 100) -> Known:
    async def page(after: int | None) -> list[int]:
        return sorted(key for key in there if after is None or key > after)[:page_rows]

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

    async def page(after: int | None) -> list[int]:
        asked.append(made.may_have(4))
        return [3] if after is None else []

    made.begin(1)
    await made.learn(page)
    assert asked == [True, True]
    assert made.may_have(3)
    assert not made.may_have(4)


def test_its_memory_grows_with_what_the_tables_have_and_not_for_ever() -> None:
    sizes = []
    for count in (0, 100_000, 10_000_000):
        made = Known()
        made.begin(count)
        sizes.append(len(made._bits))
    assert sizes == [known.BITS_MIN // 8, sizes[1], known.BITS_MAX // 8]
    assert sizes[0] < sizes[1] < sizes[2]


async def test_a_journal_learns_page_by_page_what_its_tables_have(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    msgids = [f"m{number}" for number in range(random.Random(1).randrange(20, 30))]
    for msgid in msgids:
        await journal.append(draft(msgid))
    await folded(journal)

    async def page(after: int | None) -> list[int]:
        return await journal._reader.do(lambda c: look.keys_after(c, after, 7))

    found: list[int] = []
    while more := await page(found[-1] if found else None):
        found += more
    assert found == sorted(msgid_key(msgid) for msgid in msgids)
    assert await page((1 << 63) - 1) == []
    await journal.close()
