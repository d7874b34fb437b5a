"""From the journal to a comparison and back: which items go in, and what a report says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from central_sync.wire.compare import fingerprint_of, key_of
from central_sync.wire.messages import Named
from central_sync.wire.refusals import Refused
from edge.differences import Ours, Report, Theirs, items_of, ours, sentences, theirs
from edge.journal.shapes import Seen, Standing
from edge.outcome import Confirmation, Outcome

AT = datetime(2025, 6, 1, 8, 0, tzinfo=UTC)


def _seen(msgid: str, **more: object) -> Seen:
    given = {"seq": 1, "key": key_of(msgid), "digest": b"d" * 8, "final": True, "confirmation": Confirmation.NONE}
    return Seen(**{**given, **more})


def _named(msgid: str, seconds: int = 0) -> Named:
    return Named(key=key_of(msgid), msgid=msgid, number="2204", recorded_at=AT + timedelta(seconds=seconds))


def test_an_item_is_what_the_hub_makes_of_the_same_transaction() -> None:
    held = items_of([_seen("m-1"), _seen("m-2", final=False)])
    expected = {
        key_of("m-1"): fingerprint_of(b"d" * 32, final=True, confirmation="none"),
        key_of("m-2"): fingerprint_of(b"d" * 32, final=False, confirmation="none"),
    }
    assert {key.to_bytes(8): mark.to_bytes(8) for key, mark in held.within("").items()} == expected


def test_what_is_here_is_told_as_it_stands_in_the_order_of_the_journal() -> None:
    def standing(seq: int, outcome: Outcome) -> Standing:
        return Standing(
            seq=seq, institution="H1", msgid=f"m-{seq}", number="2204", digest=b"", hid="", lane="", recorded_at=AT, outcome=outcome
        )  # fmt: skip

    standings = {7: standing(7, Outcome.PROVISIONAL), 3: standing(3, Outcome.FINAL)}
    told = ours([b"b", b"a", b"gone"], {b"a": 3, b"b": 7, b"gone": 9}, standings)
    assert [(one.msgid, one.outcome) for one in told] == [("m-3", "final"), ("m-7", "provisional")]


def test_what_the_hub_names_is_told_by_time() -> None:
    told = theirs([key_of("a"), key_of("b"), key_of("c")], [_named("b", 2), _named("a", 1)])
    assert [one.msgid for one in told] == ["a", "b"]


@pytest.mark.parametrize("named", [[_named("x")], [Named(key=key_of("a"), msgid="z", number="2204", recorded_at=AT)]])
def test_a_name_that_was_not_asked_for_is_refused(named: list[Named]) -> None:
    with pytest.raises(Refused, match="compare_inconsistent"):
        theirs([key_of("a")], named)


@pytest.mark.parametrize("count", ["here_count", "there_count", "unlike_count", ""])
def test_a_report_is_equal_if_nothing_differs(count: str) -> None:
    counts = {name: int(name == count) for name in ("here_count", "there_count", "unlike_count")}
    report = Report(begin=AT, end=AT, compared=9, rounds=1, here=[], there=[], unlike=[], **counts)
    assert report.equal is (not count)


def test_a_report_without_differences_is_one_line() -> None:
    report = Report(
        begin=AT,
        end=AT,
        compared=9,
        rounds=1,
        here_count=0,
        there_count=0,
        unlike_count=0,
        here=[],
        there=[],
        unlike=[],
    )
    (line,) = sentences(report)
    assert line.startswith("9 transactions recorded from 2025-06-01 08:00:00Z")
    assert line.endswith("both sides hold the same")


def test_a_report_names_what_differs_and_counts_the_rest() -> None:
    here = Ours(msgid="a", number="2207", recorded_at=AT, outcome="final", confirmation="awaited", parked=False)
    open_ = Ours(msgid="b", number="2204", recorded_at=AT, outcome="provisional", confirmation="none", parked=True)
    report = Report(
        begin=AT, end=AT, compared=9, rounds=3, here_count=5, there_count=1, unlike_count=0, here=[here, open_],
        there=[Theirs(msgid="c", number="49", recorded_at=AT)], unlike=[], kept_from=AT + timedelta(days=1),
    )  # fmt: skip
    lines = list(sentences(report))
    assert lines[0].endswith("they differ")
    assert "the journal begins at 2025-06-02 08:00:00Z" in lines[1]
    assert lines[2].endswith(": 5")
    assert lines[3:6] == [
        "  2025-06-01 08:00:00Z  2207  a  final awaited",
        "  2025-06-01 08:00:00Z  2204  b  provisional parked",
        "  … and 3 more",
    ]
    assert lines[7] == "  2025-06-01 08:00:00Z  49    c"
