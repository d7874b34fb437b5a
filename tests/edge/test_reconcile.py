"""Comparing a real journal with a hub over a real socket: exact, also after a restore, and never without an end."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import structlog

from central_sync.wire.messages import CompareAnswer
from edge import reconcile
from edge.errors import CompareFailed
from edge.journal import Block, Journal, Marking
from edge.line import Line
from edge.log import KEYS
from edge.outcome import Mark
from edge.reconcile import Reconciler
from tests.edge.journal.drafts import NOW, applied, declined, draft, folded, settled, together
from tests.sim.comparing import ComparingHub, Held

FROM, TO = NOW - timedelta(hours=1), NOW + timedelta(hours=1)


def digest(msgid: str) -> bytes:
    return hashlib.sha256(msgid.encode()).digest()


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    yield journal
    await journal.close()


@pytest.fixture
async def hub() -> AsyncIterator[ComparingHub]:
    hub = ComparingHub()
    await hub.start()
    yield hub
    await hub.stop()


@pytest.fixture
async def reconciler(journal: Journal, hub: ComparingHub, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Reconciler]:
    monkeypatch.setattr(reconcile, "COMPARE_PAUSE_S", 0.01)
    line = Line(hub.url, None)
    await line.start()
    yield Reconciler(journal, line)
    await line.stop()


async def both(journal: Journal, hub: ComparingHub, *msgids: str, seconds: int = 0) -> list[int]:
    """Transactions that both sides hold as final."""
    at = NOW + timedelta(seconds=seconds)
    seqs = [(await journal.append(draft(m, digest=digest(m), recorded_at=at))).standing.seq for m in msgids]
    await journal.receive(together([applied(seq) for seq in seqs]), None, NOW)
    hub.held |= {m: Held("2204", digest(m), at) for m in msgids}
    return seqs


async def test_two_sides_that_hold_the_same_are_equal_after_one_question(
    journal: Journal, hub: ComparingHub, reconciler: Reconciler
) -> None:
    await both(journal, hub, *(f"m-{n}" for n in range(200)))
    report = await reconciler.compare(FROM, TO)
    assert report.equal
    assert (report.compared, report.rounds, len(hub.requests)) == (200, 1, 1)
    assert report.kept_from == NOW


@pytest.mark.parametrize("when", ["in the tail", "folded"])
async def test_what_differs_is_told_by_name(
    journal: Journal, hub: ComparingHub, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    await both(journal, hub, *(f"m-{n}" for n in range(300)))
    await journal.append(draft("open", digest=digest("open")))
    await journal.append(draft("late", digest=digest("late")))
    hub.held["late"] = Held("2204", digest("late"), NOW)
    hub.held["lost"] = Held("2207", digest("lost"), NOW, "awaited")
    hub.held["m-7"] = Held("2204", digest("another packet"), NOW)
    if when == "folded":
        await folded(journal)
    report = await reconciler.compare(FROM, TO)
    assert [(one.msgid, one.outcome) for one in report.here] == [("open", "provisional")]
    assert [(one.msgid, one.number) for one in report.there] == [("lost", "2207")]
    assert [(one.msgid, one.outcome) for one in report.unlike] == [("m-7", "final"), ("late", "provisional")]
    assert (report.here_count, report.there_count, report.unlike_count) == (1, 1, 2)
    monkeypatch.setattr(reconcile, "COMPARED_BACK", timedelta(days=9999))
    assert reconciler.lasting == 0
    await reconciler.run()
    assert reconciler.lasting == report.lasting == 2


async def test_confirmations_are_compared(journal: Journal, hub: ComparingHub, reconciler: Reconciler) -> None:
    seq = (await journal.append(draft("s", number="2207", digest=digest("s")))).standing.seq
    await journal.receive(settled(seq), None, NOW)
    hub.held["s"] = Held("2207", digest("s"), NOW, "confirmed")
    report = await reconciler.compare(FROM, TO)
    assert [(one.msgid, one.confirmation) for one in report.unlike] == [("s", "awaited")]
    await folded(journal)
    await journal.mark(Marking(mark=Mark.CONFIRM, msgid="s"), NOW)
    assert (await reconciler.compare(FROM, TO)).equal


async def test_refused_transactions_moved_nothing_and_are_left_out(
    journal: Journal, hub: ComparingHub, reconciler: Reconciler
) -> None:
    seqs = [(await journal.append(draft(m, digest=digest(m)))).standing.seq for m in ("r-1", "r-2")]
    await journal.receive(together([declined(seq, "item_unknown") for seq in seqs]), None, NOW)
    hub.held["r-2"] = Held("2204", digest("r-2"), NOW)
    report = await reconciler.compare(FROM, TO)
    assert (report.compared, report.here_count, report.unlike_count) == (0, 0, 0)
    assert [one.msgid for one in report.there] == ["r-2"], "the hub holds as final what was refused here"


async def test_the_window_is_from_its_beginning_on_and_before_its_end(
    journal: Journal, hub: ComparingHub, reconciler: Reconciler
) -> None:
    for second in range(5):
        await both(journal, hub, f"m-{second}", seconds=second)
    report = await reconciler.compare(NOW + timedelta(seconds=1), NOW + timedelta(seconds=3))
    assert report.equal
    assert report.compared == 2


async def test_a_restored_journal_is_told_all_that_the_hub_has_beyond_it(
    journal: Journal, hub: ComparingHub, reconciler: Reconciler, tmp_path: Path
) -> None:
    await journal.add_block(Block(1, 10))
    await both(journal, hub, *(f"m-{n}" for n in range(400)))
    hub.held |= {f"after-{n}": Held("2204", digest(f"after-{n}"), NOW + timedelta(seconds=n)) for n in range(350)}
    report = await reconciler.compare(FROM, TO, listed_max=1000)
    assert [one.msgid for one in report.there] == [f"after-{n}" for n in range(350)]
    assert report.here_count == report.unlike_count == 0
    few = await reconciler.compare(FROM, TO, listed_max=5)
    assert (few.there_count, len(few.there)) == (350, 5)


async def test_a_hub_that_changes_meanwhile_is_asked_anew(
    journal: Journal, hub: ComparingHub, reconciler: Reconciler
) -> None:
    await both(journal, hub, *(f"m-{n}" for n in range(200)))
    hub.held["more"] = Held("2207", digest("more"), NOW, "awaited")
    calls = 0

    def meddle(answer: CompareAnswer) -> CompareAnswer:
        nonlocal calls
        calls += 1
        if calls == 1:
            hub.held["more"] = Held("2207", digest("more"), NOW, "confirmed")
        return answer

    hub.meddle = meddle
    report = await reconciler.compare(FROM, TO)
    assert [one.msgid for one in report.there] == ["more"]
    assert [request.splits for request in hub.requests].count([""]) == 2, "it began anew"


async def test_a_hub_that_goes_on_contradicting_itself_is_given_up(
    journal: Journal, hub: ComparingHub, reconciler: Reconciler
) -> None:
    await both(journal, hub, "m-1")
    hub.meddle = lambda answer: msgspec.structs.replace(answer, splits=[*answer.splits, b""])
    with pytest.raises(CompareFailed, match="contradict"):
        await reconciler.compare(FROM, TO)
    assert len(hub.requests) == reconcile.COMPARE_TRIES


async def test_a_refusal_of_the_hub_is_told_in_words(
    journal: Journal, hub: ComparingHub, reconciler: Reconciler
) -> None:
    hub.meddle = lambda answer: msgspec.structs.replace(answer, code="hub_busy")
    with pytest.raises(CompareFailed, match="could not get to it now"):
        await reconciler.compare(FROM, TO)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (413, "packet_too_large", "larger than the limit"),
        (503, "hub_busy", "could not get to it"),
        (503, "", "could not get to it"),
        (403, "certificate_refused", "enrol again"),
        (404, "", "status 404"),
    ],
)
async def test_whatever_the_hub_answers_instead_is_told_in_words(
    hub: ComparingHub, reconciler: Reconciler, status: int, code: str, words: str
) -> None:
    hub.refuses = status, code
    with pytest.raises(CompareFailed, match=words):
        await reconciler.compare(FROM, TO)


async def test_without_a_line_a_comparison_says_so(journal: Journal) -> None:
    line = Line("http://127.0.0.1:1", None)
    await line.start()
    with pytest.raises(CompareFailed, match="could not be asked"):
        await Reconciler(journal, line).compare(FROM, TO)
    await line.stop()


@pytest.mark.parametrize(("case", "level"), [("open here", "info"), ("lost", "warning"), ("no line", "info")])
async def test_the_job_warns_of_what_does_not_come_right_by_itself(
    journal: Journal, hub: ComparingHub, case: str, level: str
) -> None:
    await both(journal, hub, "m-1")
    await journal.append(draft("too new", recorded_at=NOW + timedelta(minutes=29)))
    if case == "open here":
        await journal.append(draft("open", digest=digest("open")))
    elif case == "lost":
        hub.held["lost"] = Held("2207", digest("lost"), NOW, "awaited")
    line = Line("http://127.0.0.1:1" if case == "no line" else hub.url, None)
    await line.start()
    with structlog.testing.capture_logs() as logs:
        await Reconciler(journal, line, lambda: NOW + timedelta(minutes=30)).run()
    await line.stop()
    assert [entry["log_level"] for entry in logs] == [level]
    assert set(logs[0]) <= {*KEYS, "log_level"}


async def test_a_command_gets_plain_json(journal: Journal, hub: ComparingHub, reconciler: Reconciler) -> None:
    await both(journal, hub, "m-1")
    hub.held["lost"] = Held("2207", digest("lost"), NOW, "awaited")
    told = {"from": FROM.isoformat(), "to": TO.isoformat()}
    plain = await reconciler.verb(told, lambda *_: None)
    assert (plain["compared"], plain["there_count"], plain["there"][0]["msgid"]) == (1, 1, "lost")
    assert len(msgspec.json.encode(plain)) < 64 * 1024


async def test_a_window_without_end_is_held_to_what_the_hub_takes(hub: ComparingHub, reconciler: Reconciler) -> None:
    await reconciler.verb({"from": "0001-01-01T00:00:00+14:00", "to": "9999-12-31T23:59:59-12:00"}, lambda *_: None)
    assert (hub.requests[0].from_at.year, hub.requests[0].to_at.year) == (2000, 2999)


@pytest.mark.parametrize(
    "told", [{}, {"from": "yesterday", "to": "2025-06-01T00:00:00Z"}, {"from": "2025-06-01T00:00:00", "to": ""}]
)
async def test_a_window_that_is_none_is_refused_in_words(reconciler: Reconciler, told: dict[str, str]) -> None:
    with pytest.raises(CompareFailed, match="write it like"):
        await reconciler.verb(told, lambda *_: None)
