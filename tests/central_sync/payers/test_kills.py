"""A hub killed anywhere between settling, taking a claim, asking and keeping the answer ends where no death would have ended."""

import json
import subprocess
import sys
from datetime import timedelta

import msgspec
import pytest

from central_sync.publications import shipped
from central_sync.review.auditing import Auditing
from central_sync.store import Store
from central_sync.wire import packets as p
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import Batch
from simulator.insurer import Mood
from tests.central_sync.hospital import NOW, books_agree
from tests.central_sync.payers.conftest import driver_of
from tests.central_sync.payers.deferring import deferring, entries, round_of

pytestmark = [pytest.mark.proof, pytest.mark.timeout(300)]
LATER = NOW + timedelta(hours=1)
Fate = tuple[int, str]
"""Before or after which commit the hub dies."""


def fates(commits: int) -> pytest.MarkDecorator:
    """Each death at each of so many commits, on both databases; every life is a new process."""
    each: list[Fate] = [(commit, when) for commit in range(1, commits + 1) for when in ("before", "after")]
    return pytest.mark.parametrize(("url", "deaths"), [("sqlite", each), ("postgresql", each)], indirect=["url"])


def lives(url, insurer, commit, when, *, batch=b"", at=NOW, audits=False) -> int:
    order = {"url": url, "commit": commit, "when": when, "folder": str(insurer.folder), "key": insurer.public_key}
    order |= {"insurer": insurer.url, "batch": batch.hex(), "at": at.isoformat(), "audits": audits}
    command = [sys.executable, "-m", "tests.central_sync.payers.doomed_asking", json.dumps(order)]
    return subprocess.run(command, timeout=60, check=False).returncode


@fates(3)
def test_a_hub_killed_at_any_commit_from_settling_to_keeping_the_answer_asks_with_one_effect(
    url, hospital, insurer, deaths
):
    asking = deferring(hospital, driver_of(insurer))
    insurer.mood = Mood.DECLINE
    begun = [
        asking.transaction("2207", asking.settle_request(asking.charged(700_00 + n), 700_00 + n))
        for n in range(len(deaths))
    ]
    asking.store.close()
    for settle, (commit, when) in zip(begun, deaths, strict=True):
        batch = Batch(version=WIRE_VERSION, institution="H1", sent_at=NOW, items=[settle])
        assert lives(url, insurer, commit, when, batch=msgspec.msgpack.encode(batch)) == -9, "settle, take, keep"
    store = Store(url)
    store.open()
    asking.store = store
    asking = deferring(asking, driver_of(insurer))
    answers = [msgspec.msgpack.decode(asking.take(item).answers[0].packet, type=p.Settlement) for item in begun]
    assert round_of(store, driver_of(insurer), lambda: LATER).run() is False
    with store.read() as uow:
        member = uow.cases.get("H1", answers[0].hid).member
        rows = [row for answer in answers for row in uow.payer_shares.of(member, answer.settlement_id)]
    assert [row.state for row in rows] == ["declined"] * len(deaths)
    assert list(insurer.decided.values()) == ["declined"] * len(deaths)
    assert len(entries(store)) == len(deaths)
    books_agree(store)
    store.close()


@fates(2)
def test_a_hub_killed_while_it_tells_of_a_taking_back_tells_again(url, hospital, insurer, deaths):
    asking = deferring(hospital, driver_of(insurer))
    for n, (commit, when) in enumerate(deaths):
        answer = asking.settled(700_00 + n)
        round_of(asking.store, driver_of(insurer)).run()
        asking.done("2208", p.SettleCancel(hid=answer.hid, settlement_id=answer.settlement_id))
        assert lives(url, insurer, commit, when) == -9
        assert round_of(asking.store, driver_of(insurer), lambda: LATER).run() is False
        assert insurer.decided[f"{answer.settlement_id}.0.1"] == "taken_back"
        with asking.store.read() as uow:
            member = uow.cases.get("H1", answer.hid).member
            assert [row.state for row in uow.payer_shares.of(member, answer.settlement_id)] == ["taken_back"]
    books_agree(asking.store)


@fates(4)
def test_a_hub_killed_while_it_judges_judges_again_and_finds_the_same(url, hospital, insurer, deaths):
    hid = hospital.register()
    hospital.done("2204", hospital.fees(hid, *(hospital.line(str(n), 40_00) for n in range(2))))
    settle = hospital.transaction("2207", hospital.settle_request(hid, 80_00))
    hospital.store.close()
    for commit, when in deaths:
        batch = Batch(version=WIRE_VERSION, institution="H1", sent_at=NOW, items=[settle])
        lives(url, insurer, commit, when, batch=msgspec.msgpack.encode(batch), audits=True)
    store = Store(url)
    store.open()
    Auditing(store, lambda: LATER, lambda: shipped().audit).run()
    with store.read() as uow:
        case = uow.cases.get("H1", hid)
        row = uow.audits.get(case.member, case.settlement_id)
        entries_ = uow.reviews.of_settlement(case.settlement_id)
    assert (row.due_at, row.total) == (None, 80_00)
    assert b"CHG-01" in row.findings
    assert {entry.state for entry in entries_} <= {"needs_person", "waiting"}
    books_agree(store)
    store.close()
