"""What the log says beyond the tables, in memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from central_sync.wire.messages import ItemAnswer
from central_sync.wire.messages import Verdict as Said
from edge.journal import records as r
from edge.journal.tail import WITHDRAWN_AT, Tail
from edge.outcome import Event


def answers(*seqs: int, code: str = "") -> r.Answers:
    said = [
        ItemAnswer(msgid=f"m-{seq}", verdict=Said.REFUSED if code else Said.FINAL, packet=b"1234", code=code)
        for seq in seqs
    ]
    return r.Answers(seqs=[*seqs], numbers=["2204"] * len(seqs), answers=said, moves=[], drops=[], receipt=None, at=0)


def test_each_answer_of_a_batch_closes_its_own_entry() -> None:
    tail = Tail()
    tail.apply(9, answers(4, 2, 7))
    assert {*tail.verdicts} == tail.touched() == {2, 4, 7}
    closed = tail.verdicts.get(2)
    assert closed is not None
    assert closed.answer is not None
    assert (closed.place, closed.ix, closed.answer.msgid, closed.decision.event) == (9, 1, "m-2", Event.APPLIED)
    assert tail.verdicts.get(3) is None
    assert 3 not in tail.verdicts
    assert tail.weight == 12


def test_the_first_word_on_an_entry_stays() -> None:
    tail, newer = Tail(), Tail()
    tail.apply(9, answers(1, 2))
    tail.apply(10, answers(2, 3, code="msgid_reused"))
    newer.apply(11, r.Withdrawn(seq=3, code="line_down", at=0))
    newer.apply(12, r.Withdrawn(seq=4, code="line_down", at=0))
    tail.merge(newer)
    told = {seq: tail.verdicts.get(seq) for seq in (1, 2, 3, 4)}
    assert {seq: verdict and (verdict.place, verdict.ix) for seq, verdict in told.items()} == {
        1: (9, 0), 2: (9, 1), 3: (10, 1), 4: (12, WITHDRAWN_AT),
    }  # fmt: skip
    assert len(tail.verdicts) == 4
    tail.apply(13, answers(5, 1, code="msgid_reused"))  # what came after somebody asked
    assert [verdict and verdict.place for seq in (1, 5) if (verdict := tail.verdicts.get(seq))] == [9, 13]
    assert len(tail.verdicts) == 5


def test_threads_that_ask_while_answers_come_find_each_entry_that_is_closed() -> None:
    tail, batches = Tail(), 400

    def asked() -> int:
        wrong = 0
        while len(tail.verdicts) < 2 * batches + 1:
            for seq in {0, *range(1, 2 * batches, 40)}:
                verdict = tail.verdicts.get(seq) if seq in tail.verdicts else None
                wrong += verdict is not None and verdict.place != (seq + 1) // 2 + (seq == 0)
        return wrong

    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(asked) for _ in range(2)]
        for count in range(1, batches + 1):
            tail.apply(count, answers(2 * count - 1, 2 * count, 0))
        assert [one.result() for one in found] == [0, 0]


def test_who_goes_over_what_is_closed_does_not_stumble_over_what_comes_meanwhile() -> None:
    tail = Tail()
    tail.apply(1, answers(1, 2))
    going = iter(tail.verdicts)
    first = next(going)
    tail.apply(2, answers(3))
    assert {first, *going} == {1, 2}
    assert {*tail.verdicts} == {1, 2, 3}
