"""Frames of a SAM-V reader: as published, in any noise, however they are cut, whatever is wrong with them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.readers.cards import sdt
from edge.readers.cards.sdt import DAMAGED, LENGTH_MAX, MARK, Answer, Frames, Request
from tests.cards_played import cn_resident as played

noise = st.binary(max_size=40).filter(lambda some: MARK not in some and not _could_begin(some))
answers = st.builds(Answer, st.integers(0, 255), st.binary(max_size=600).filter(lambda some: MARK not in some))


def _could_begin(some: bytes) -> bool:
    """Whether ``some`` ends as a mark begins, and so could make one with what follows."""
    return any(some.endswith(MARK[:n]) for n in range(1, len(MARK)))


@pytest.mark.parametrize(
    ("request_", "published"),
    [
        (sdt.FIND, played.FIND),
        (sdt.SELECT, played.SELECT),
        (sdt.READ, played.READ),
        (sdt.NEW_ADDRESS, played.NEW_ADDRESS),
        (sdt.STATUS, played.STATUS),
    ],
)
def test_requests_are_the_published_frames(request_: Request, published: str) -> None:
    assert request_.frame.hex().upper() == published


@pytest.mark.parametrize(
    ("published", "answer"),
    [
        (played.DONE, Answer(0x90, b"")),
        (played.FOUND, Answer(0x9F, bytes(4))),
        (played.NOT_FOUND, Answer(0x80, b"")),
        (played.SELECTED, Answer(0x90, bytes(8))),
        (played.NOT_SELECTED, Answer(0x81, b"")),
        (played.NOT_READ, Answer(0x41, b"")),
        ("AAAAAA9669000400003135", Answer(0x31, b"")),
    ],
)
def test_published_answers_are_understood(published: str, answer: Answer) -> None:
    assert Frames().feed(bytes.fromhex(published)) == [answer]
    assert "unknown" not in answer.meaning


def test_an_answer_is_taken_only_by_the_request_that_it_can_belong_to() -> None:
    selected, found, read = Answer(0x90, bytes(8)), Answer(0x9F, bytes(4)), Answer(0x90, bytes(1284))
    assert [r.takes(selected) for r in (sdt.FIND, sdt.SELECT, sdt.READ, sdt.NEW_ADDRESS)] == [False, True, False, False]
    assert [r.takes(found) for r in (sdt.FIND, sdt.SELECT, sdt.READ, sdt.NEW_ADDRESS)] == [True, False, False, False]
    assert [r.takes(read) for r in (sdt.FIND, sdt.SELECT, sdt.READ, sdt.NEW_ADDRESS)] == [False, False, True, False]
    assert all(r.takes(Answer(0x66, b"")) and r.takes(DAMAGED) for r in (sdt.FIND, sdt.SELECT, sdt.READ))


@given(st.lists(st.tuples(noise, answers), max_size=5), st.lists(st.integers(1, 50), min_size=1, max_size=30))
def test_every_frame_is_found_in_noise_however_the_bytes_are_cut(
    said: list[tuple[bytes, Answer]], cuts: list[int]
) -> None:
    line = b"".join(dirt + played.answer_frame(answer.status, answer.data) for dirt, answer in said)
    frames, found, at, turn = Frames(), [], 0, 0
    while at < len(line):
        cut = cuts[turn % len(cuts)]
        found += frames.feed(line[at : at + cut])
        at, turn = at + cut, turn + 1
    assert found == [answer for _, answer in said]


@given(answers, st.data())
def test_one_wrong_bit_in_what_is_counted_never_makes_another_answer(answer: Answer, data: st.DataObject) -> None:
    line = bytearray(played.answer_frame(answer.status, answer.data))
    line[data.draw(st.integers(7, len(line) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert Frames().feed(bytes(line)) == [DAMAGED]


@given(answers, st.integers(0, 0xFFFF))
def test_a_wrong_length_does_not_swallow_what_follows(answer: Answer, length: int) -> None:
    good = played.answer_frame(answer.status, answer.data)
    wrong = good[:5] + length.to_bytes(2) + good[7:]
    frames = Frames()
    found = frames.feed(wrong + good)
    while not found or found[-1] != answer:
        before = len(found)
        found += frames.resynchronise()
        assert len(found) > before or frames._bytes, "the good frame was lost"
    assert found[-1] == answer


def test_an_answer_that_breaks_off_at_any_byte_is_none_and_spoils_nothing() -> None:
    whole = played.answer_frame(0x90, b"\1\0\4\0" + played.citizen() + played.PHOTO)
    for end in range(len(whole)):
        frames = Frames()
        assert frames.feed(whole[:end]) == []
        frames.clear()
        assert frames.feed(whole) == [Answer(0x90, whole[10:-1])]


def test_what_began_and_never_ended_is_given_up_for_what_lies_behind_it() -> None:
    frames = Frames()
    assert frames.feed(MARK + b"\x08\x00" + bytes.fromhex(played.FOUND)) == []
    assert frames.resynchronise() == [Answer(0x9F, bytes(4))]


@pytest.mark.parametrize("endless", [b"\x00", b"\xaa", MARK[:4], MARK, MARK + b"\xff\xff", MARK + b"\x09\x0a"])
def test_an_endless_stream_is_held_in_little_room_and_a_frame_is_found_behind_it(endless: bytes) -> None:
    frames = Frames()
    for _ in range(200):
        for answer in frames.feed(endless * 20):
            assert answer is DAMAGED
        assert len(frames._bytes) <= LENGTH_MAX + 20 * len(endless) + 7
    frames.clear()
    assert frames.feed(bytes.fromhex(played.FOUND)) == [Answer(0x9F, bytes(4))]


@given(st.binary(max_size=5000))
def test_no_bytes_bring_it_down(some: bytes) -> None:
    frames = Frames()
    frames.feed(some)
    assert len(frames._bytes) <= LENGTH_MAX + 7
