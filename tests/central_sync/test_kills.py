"""A hub killed at every commit and anywhere between, and one whose disk is full, leaves the database that no death would have left.

What it had told stays told, what it had not told is decided once, and the money adds up.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from central_sync.store import Store
from central_sync.store import review_tables as rt
from central_sync.store import tables as t
from central_sync.wire.messages import BatchAnswer, Verdict
from tests.central_sync.doomed import Nursery, script
from tests.central_sync.hospital import NOW, books_agree, populate

COMPARED = (
    t.ledger,
    t.settlement,
    t.settlement_turn,
    t.member_case,
    t.fee_line,
    t.hid_use,
    t.accumulator,
    rt.payer_share,
    rt.settled_audit,
)


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    made = Nursery()
    yield made
    made.stop()


@pytest.fixture
def world(url, store) -> str:
    """A database with hospitals, persons and a lease, that nobody has open."""
    populate(store)
    with store.write() as uow:
        uow.leases.grant("H1", 1_000, NOW)
    store.close()
    return url


def emptied(url: str) -> None:
    """Take a script's work out of a database again, for the next round."""
    store = opened(url)
    with store.write() as uow:
        for table in (*COMPARED, t.accumulator_owner, t.cycle):
            uow._connection.execute(table.delete())
    store.close()


def opened(url: str) -> Store:
    store = Store(url)
    store.open()
    return store


def dump(url: str) -> dict[str, list[tuple]]:
    """Every row of business, without the instants of the hub's clock, which a batch that was sent again sees anew."""
    store = opened(url)
    books_agree(store)
    with store.read() as uow:
        found = {}
        for table in COMPARED:
            columns = [c for c in table.columns if c.name not in ("decided_at", "settled_at", "undone_at", "due_at")]
            rows = [tuple(row) for row in uow._connection.execute(select(*columns))]
            found[table.name] = sorted(rows, key=repr)
    store.close()
    return found


def reference(nursery: Nursery, url: str, work: tuple[int, int]) -> dict[str, list[tuple]]:
    """The database as it is when nobody dies; it is empty again afterwards."""
    told, how = nursery.live(url, work, 0)
    assert how == "exit-0"
    assert len(told) == len(script(*work))
    found = dump(url)
    verdicts = {row[4] for row in found["ledger"]}
    assert verdicts == {"final", "refused"}
    emptied(url)
    return found


class Witness:
    """What was told, over all lives; and where the next one begins."""

    def __init__(self) -> None:
        self.told: dict[str, tuple[str, bytes, str]] = {}
        self.next = 0

    def hears(self, answers: dict[int, BatchAnswer]) -> None:
        for number, batch in answers.items():
            assert batch.code == ""
            for answer in batch.answers:
                assert answer.verdict is not Verdict.AGAIN
                said = (str(answer.verdict), answer.packet, answer.code)
                assert self.told.setdefault(answer.msgid, said) == said, "another answer to the same transaction"
            self.next = max(self.next, number + 1)


@pytest.mark.parametrize("url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.proof)], indirect=True)
def test_a_hub_killed_before_and_after_every_commit_ends_where_no_death_would_have_ended(nursery, world):
    work = (1, 7)
    wanted = reference(nursery, world, work)
    witness, deaths, commit, how = Witness(), 0, 0, ""
    while how != "exit-0":
        begun, commit = witness.next, commit + 1
        for when in ("before", "after"):
            answers, how = nursery.live(world, work, witness.next, commit=commit, when=when)
            witness.hears(answers)
            deaths += how == "signal-9"
        if witness.next > begun:
            commit = 0  # every commit of that batch was died at: now those of the next
    assert deaths > 15, deaths
    assert dump(world) == wanted


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_hub_killed_at_random_moments_and_with_a_full_disk_ends_there_too(nursery, world):
    assert campaign(nursery, world, seed=2, cases=6, kills=6) >= 3


@pytest.mark.proof
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(11, 17))
def test_hundreds_of_kills_at_random_moments_lose_and_double_nothing(nursery, world, seed):
    assert campaign(nursery, world, seed=seed, cases=60, kills=60) >= 40


def campaign(nursery: Nursery, url: str, *, seed: int, cases: int, kills: int) -> int:
    """Work through a script with up to ``kills`` deaths at random moments; how many there were."""
    chance, work, witness = random.Random(seed), (seed, cases), Witness()
    wanted = reference(nursery, url, work)
    deaths = rounds = 0
    while deaths < kills and rounds < 5 * kills:
        rounds += 1
        fate = chance.random()
        if fate < 0.15 and url.startswith("sqlite"):
            answers, how = nursery.live(url, work, witness.next, full_disk=chance.randrange(20_000))
            assert how in ("exit-0", "exit-3")
        elif fate < 0.6:
            answers, how = nursery.live(url, work, witness.next, kill_after_s=chance.random() * 0.12)
        else:
            commit, when = chance.randrange(1, 6), chance.choice(("before", "after"))
            answers, how = nursery.live(url, work, witness.next, commit=commit, when=when)
        witness.hears(answers)
        deaths += how != "exit-0"
        if how == "exit-0" and witness.next >= len(script(*work)):
            witness.next = 0  # all of it again, as copies
    answers, how = nursery.live(url, work, 0)
    assert how == "exit-0"
    witness.hears(answers)
    assert dump(url) == wanted
    return deaths
