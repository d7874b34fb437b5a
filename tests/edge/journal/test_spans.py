"""Keys are indexed span by span: what is looked for is found in whichever it is, by the index, and a journal of an older edge is brought up."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pysqlite3 import dbapi2 as sqlite

from edge.errors import JournalDamaged
from edge.journal import Journal, files, look, schema
from edge.journal.look import Row
from edge.limits import JOURNAL_PAGE_BYTES
from tests.edge.journal.drafts import draft, folded

Connection = Any  # pysqlite3 has no types
SPAN_RECORDS = 1 << schema.SPAN_BITS
OLDER = ("create index msgid on entry (key)", "create index open_lane on entry (lane, seq) where outcome = 0")


def older(c: Connection) -> None:
    """Give it the indexes that it had at first."""
    for name, text in zip(("msgid", "open_lane"), OLDER, strict=True):
        c.execute(f"drop index {name}")
        c.execute(text)


def indexes(c: Connection) -> set[str]:
    return {
        text for (text,) in c.execute("select lower(sql) from sqlite_master where type = 'index' and sql is not null")
    }


@pytest.fixture(params=["spans", "older"])
def tables(request: pytest.FixtureRequest) -> Iterator[Connection]:
    connection = sqlite.connect(":memory:", isolation_level=None)
    schema.create(connection)
    if request.param == "older":
        older(connection)
    yield connection
    connection.close()


def enter(c: Connection, seq: int, key: int, lane: int, outcome: int = 0) -> None:
    names = ", ".join(schema.TABLES["entry"])
    values = {"seq": seq, "key": key, "lane": lane, "number": "2204", "size": 1, "at": seq, "outcome": outcome}
    c.execute(
        f"insert into entry ({names}) values ({', '.join('?' * len(schema.TABLES['entry']))})",
        [values.get(name, 0) for name in schema.TABLES["entry"]],
    )


@pytest.mark.parametrize("seed", range(5))
def test_what_is_looked_for_is_found_in_whichever_span_it_is(tables: Connection, seed: int) -> None:
    chance = random.Random(seed)
    seqs = sorted(chance.sample(range(1, 9 * SPAN_RECORDS), 300))
    there = [(seq, chance.randrange(-40, 40), chance.randrange(-5, 5), chance.choice((0, 0, 1))) for seq in seqs]
    for row in there:
        enter(tables, *row)
    by_key = {wanted: [seq for seq, key, _, _ in there if key == wanted] for wanted in range(-45, 45)}
    for key, found in by_key.items():
        assert look.with_msgids(tables, [key]) == ({key: found} if found else {})
    some = chance.sample(sorted(by_key), 30)
    together = look.with_msgids(tables, some)
    assert {key: sorted(found) for key, found in together.items()} == {key: by_key[key] for key in some if by_key[key]}
    for _ in range(50):
        wanted, after = chance.randrange(-6, 6), chance.choice((0, chance.randrange(10 * SPAN_RECORDS)))
        before, limit = chance.choice((1 << 62, chance.randrange(10 * SPAN_RECORDS))), chance.randrange(1, 20)
        expected = [
            Row(seq, lane, "2204", 1) for seq, _, lane, outcome in there if lane == wanted and not outcome and after < seq < before
        ]  # fmt: skip
        assert look.open_rows_in_lane(tables, wanted, after, before, limit) == expected[:limit]


def test_in_an_empty_journal_nothing_is_found(tables: Connection) -> None:
    assert look.with_msgids(tables, [1]) == {}
    assert look.with_msgids(tables, [1, 2]) == {}
    assert look.open_rows_in_lane(tables, 1, 0, 1 << 62, 5) == []


@pytest.mark.parametrize(
    ("asked", "values", "index"),
    [
        (look._OF_MSGID, (1,), "msgid (<expr>=? AND key=?)"),
        (look._OF_MSGIDS, ("[1, 2]",), "msgid (<expr>=? AND key=?)"),
        (look._OPEN_IN_LANE, (1, 2, 3, 4), "open_lane (<expr>=? AND lane=? AND seq>? AND seq<?)"),
    ],
)
def test_nothing_is_read_but_what_the_indexes_lead_to(asked: str, values: tuple[object, ...], index: str) -> None:
    connection = sqlite.connect(":memory:", isolation_level=None)
    schema.create(connection)
    plan = [step[3] for step in connection.execute(f"explain query plan {asked}", values)]
    assert any(index in step for step in plan)
    assert not [step for step in plan if step.startswith("SCAN entry")]
    connection.close()


async def an_older_edges(path: Path) -> None:
    journal = Journal(path)
    await journal.open()
    for name in ("m1", "m2"):
        await journal.append(draft(name))
    await folded(journal)
    await journal.close()
    connection = sqlite.connect(path, isolation_level=None)
    older(connection)
    connection.close()


async def test_a_journal_of_an_older_edge_is_brought_up(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await an_older_edges(path)
    journal = Journal(path)
    await journal.open()
    assert not (await journal.append(draft("m1"))).fresh
    assert (await journal.append(draft("m3"))).fresh
    await journal.close()
    with files.reading(path) as c:
        assert indexes(c) >= set(schema.INDEXES)
        assert not indexes(c) & set(OLDER)


async def test_one_that_is_damaged_is_refused_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await an_older_edges(path)
    connection = sqlite.connect(path, isolation_level=None)
    (page,) = connection.execute("select rootpage from sqlite_master where name = 'recorded'").fetchone()
    connection.close()
    damaged = bytearray(path.read_bytes())
    damaged[(page - 1) * JOURNAL_PAGE_BYTES : page * JOURNAL_PAGE_BYTES] = b"\xa5" * JOURNAL_PAGE_BYTES
    path.write_bytes(damaged)
    with pytest.raises(JournalDamaged, match="damaged"):
        await Journal(path).open()
    assert path.read_bytes() == damaged


async def test_without_room_for_other_indexes_it_goes_on_with_those_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.db"
    await an_older_edges(path)

    def full(connection: Connection) -> bool:
        connection.execute("begin immediate")
        connection.execute("drop index msgid")
        raise sqlite.OperationalError("database or disk is full")

    monkeypatch.setattr(schema, "bring_up", full)
    journal = Journal(path)
    await journal.open()
    assert not (await journal.append(draft("m2"))).fresh
    await journal.close()
    with files.reading(path) as c:
        assert indexes(c) >= set(OLDER)
