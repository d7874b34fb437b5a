"""Comparing two sets: the exact difference whatever they hold, at a cost that grows with the differences, and an end whatever a hub says."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central_sync.wire import codec, compare
from central_sync.wire.compare import Comparison, Differences, Items, answered, fingerprint_of, key_of
from central_sync.wire.compression import DICTIONARY
from central_sync.wire.limits import (
    BODY_BYTES_MAX,
    COMPARE_ITEMS_MAX,
    COMPARE_LIST_ITEMS,
    COMPARE_LIST_ITEMS_MAX,
    COMPARE_RANGES_MAX,
    COMPARE_ROUNDS_MAX,
    WIRE_VERSION,
)
from central_sync.wire.messages import CompareAnswer, CompareRequest, Named
from central_sync.wire.refusals import Refused

AT = datetime(2025, 3, 20, tzinfo=UTC)
Pairs = dict[bytes, bytes]


def _request(splits: list[str] = [], lists: list[str] = [], names: list[bytes] = []) -> CompareRequest:  # noqa: B006
    return CompareRequest(version=WIRE_VERSION, from_at=AT, to_at=AT, splits=splits, lists=lists, names=names)


def _nobody(_key: bytes) -> Named | None:
    return None


def _compared(ours: Pairs, theirs: Pairs) -> tuple[Differences, int, int]:
    """What differs, the bytes that crossed the line, and the rounds."""
    hub = Items(theirs.items())
    comparison = Comparison(Items(ours.items()))
    crossed = 0
    while (asked := comparison.questions()) is not None:
        question = codec.pack(_request(*asked), dictionary=DICTIONARY)
        answer = codec.pack(answered(hub, codec.unpack(question, CompareRequest), _nobody, AT), dictionary=DICTIONARY)
        crossed += len(question) + len(answer)
        comparison.receive(codec.unpack(answer, CompareAnswer))
    return comparison.differences, crossed, comparison.rounds


def _true_difference(ours: Pairs, theirs: Pairs) -> Differences:
    both = ours.keys() & theirs.keys()
    return Differences(
        sorted(ours.keys() - theirs.keys()),
        sorted(theirs.keys() - ours.keys()),
        sorted(key for key in both if ours[key] != theirs[key]),
    )


def _many(count: int, seed: int = 1) -> Pairs:
    chance = random.Random(seed)
    return {chance.randbytes(8): chance.randbytes(8) for _ in range(count)}


_keys = st.binary(min_size=8, max_size=8) | st.integers(0, 300).map(lambda n: n.to_bytes(8)) | st.just(b"\xff" * 8)
_sets = st.dictionaries(_keys, st.binary(min_size=8, max_size=8), max_size=300)


@given(ours=_sets, theirs=_sets, same=_sets)
@settings(max_examples=150, deadline=None)
def test_any_two_sets_give_their_exact_difference(ours: Pairs, theirs: Pairs, same: Pairs) -> None:
    ours, theirs = {**same, **ours}, {**same, **theirs}
    assert _compared(ours, theirs)[0] == _true_difference(ours, theirs)


def test_a_hundred_thousand_with_ten_differences_cost_less_than_a_hundred_kilobytes() -> None:
    ours = _many(100_000)
    theirs = dict(ours)
    keys = random.Random(2).sample(sorted(ours), 7)
    for key in keys[:4]:
        del theirs[key]
    for key in keys[4:]:
        theirs[key] = bytes(8)
    theirs |= _many(3, seed=3)
    found, crossed, rounds = _compared(ours, theirs)
    assert found == _true_difference(ours, theirs)
    assert sum(map(len, found)) == 10
    assert crossed <= 32 * 1024
    assert rounds <= 5


def test_equal_sets_cost_one_question() -> None:
    held = _many(10_000)
    _, crossed, rounds = _compared(held, held)
    assert rounds == 1
    assert crossed < 1024


@pytest.mark.parametrize("mine", [True, False])
def test_against_an_empty_side_everything_is_told(mine: bool) -> None:
    held = _many(5_000)
    found, _, rounds = _compared(held, {}) if mine else _compared({}, held)
    assert found == (_true_difference(held, {}) if mine else _true_difference({}, held))
    assert rounds < 20


def test_keys_that_stand_close_together_are_told_apart() -> None:
    ours = {n.to_bytes(8): bytes(8) for n in range(1000)}
    theirs = {n.to_bytes(8): bytes(8) for n in range(500, 1500)}
    assert _compared(ours, theirs)[0] == _true_difference(ours, theirs)


def test_the_order_in_which_items_come_does_not_matter_nor_does_a_key_held_twice() -> None:
    pairs = [*_many(50).items(), (b"k" * 8, b"a" * 8), (b"k" * 8, b"b" * 8)]
    assert Items(pairs).range("") == Items(pairs[::-1]).range("")
    assert len(Items(pairs)) == 51
    assert Items(pairs).range("") != Items(pairs[:-1]).range("")


def test_a_fingerprint_changes_with_all_that_both_sides_must_agree_on() -> None:
    told = {
        fingerprint_of(digest, final=final, confirmation=confirmation)
        for digest in (b"a" * 32, b"b" * 32)
        for final in (True, False)
        for confirmation in ("none", "awaited", "confirmed")
    }
    assert len(told) == 12
    assert len(key_of("m-1")) == 8


def test_keys_and_fingerprints_are_these_bytes_written_by_hand() -> None:
    """BLAKE2b of the msgid; SHA-256 of final (1) or not (0), confirmation, a zero byte and 8 bytes of digest: the first 8 bytes."""
    import hashlib

    assert key_of("m-1") == hashlib.blake2b(b"m-1", digest_size=8, person=b"m").digest()
    by_hand = hashlib.sha256(b"\x01awaited\x00" + bytes(range(8))).digest()[:8]
    assert fingerprint_of(bytes(range(32)), final=True, confirmation="awaited") == by_hand


def test_the_largest_answer_fits_into_one_body() -> None:
    held = Items((n.to_bytes(8), n.to_bytes(8)) for n in range(COMPARE_LIST_ITEMS_MAX))
    lists = [f"{0:014x}"] * COMPARE_RANGES_MAX
    answer = answered(held, _request(lists=lists), _nobody, AT)
    assert sum(map(len, answer.lists)) == COMPARE_LIST_ITEMS_MAX * 16 * COMPARE_RANGES_MAX
    assert len(msgspec.msgpack.encode(answer)) <= BODY_BYTES_MAX


def test_names_are_told_of_what_is_known() -> None:
    one = Named(key=key_of("m-1"), msgid="m-1", number="2204", recorded_at=AT)
    answer = answered(Items([]), _request(names=[one.key, b"x" * 8]), {one.key: one}.get, AT)
    assert answer.names == [one]


# -- a hostile edge ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_",
    [
        _request(splits=["g"]),
        _request(splits=["A"]),
        _request(splits=["0\n"]),
        _request(splits=["0" * 16]),
        _request(lists=["0" * 17]),
        _request(lists=[""]),
        _request(splits=["0"] * (COMPARE_RANGES_MAX + 1)),
        _request(names=[b"short"]),
    ],
    ids=range(8),
)
def test_a_question_that_is_none_or_asks_too_much_is_refused(request_: CompareRequest) -> None:
    with pytest.raises(Refused, match="packet_invalid"):
        answered(Items(_many(COMPARE_LIST_ITEMS_MAX + 1).items()), request_, _nobody, AT)


# -- a hostile hub ----------------------------------------------------------------------------------------------------


def _split(*children: tuple[int, int]) -> bytes:
    told = [*children, *[(0, 0)] * (16 - len(children))]
    return b"".join(count.to_bytes(4) + digest.to_bytes(16) for count, digest in told)


def _said(splits: list[bytes] = [], lists: list[bytes] = []) -> CompareAnswer:  # noqa: B006
    return CompareAnswer(version=WIRE_VERSION, hub_time=AT, splits=splits, lists=lists)


def _ended(comparison: Comparison, hub: Callable[[list[str]], CompareAnswer]) -> None:
    """Ask a hub that answers by the ranges to split, until the end."""
    while (asked := comparison.questions()) is not None:
        comparison.receive(hub(asked[0]))


@pytest.mark.parametrize(
    "answers",
    [
        [_said()],
        [_said([_split()], [b""])],
        [_said([_split(), _split()])],
        [_said([b"short"])],
        [_said([_split((0, 1))])],
        [_said([_split((COMPARE_ITEMS_MAX + 1, 1))])],
        [_said([_split((100, 1))]), _said([_split((99, 1))])],
        [_said([_split((100, 1))]), _said([_split((100, 2))])],
        [_said([_split((1, 1))]), _said(lists=[b""])],
        [_said([_split((1, 1))]), _said(lists=[bytes(16)])],
        [_said([_split((1, 1))]), _said(lists=[b"\xff" * 16])],
        [_said([_split((2, 1))]), _said(lists=[bytes(32)])],
        [_said([_split((2, 1))]), _said(lists=[b"\x01" * 16 + bytes(16)])],
    ],
    ids=range(13),
)
def test_a_hub_that_contradicts_itself_is_found_out(answers: list[CompareAnswer]) -> None:
    told = iter(answers)
    with pytest.raises(Refused, match="compare_inconsistent"):
        _ended(Comparison(Items([])), lambda _: next(told))


def test_a_hub_that_always_promises_more_comes_to_an_end() -> None:
    comparison = Comparison(Items([]))
    with pytest.raises(Refused, match="compare_inconsistent"):
        _ended(comparison, lambda splits: _said([_split((COMPARE_LIST_ITEMS + 1, 7)) for _ in splits]))
    assert comparison.rounds <= compare.DIGITS


def test_a_hub_that_promises_all_that_is_allowed_in_the_worst_shape_comes_to_an_end() -> None:
    """Every range just too large to be listed, and each split again into one of the same size: the deepest tree there is."""
    wide = COMPARE_LIST_ITEMS + 1

    def child(prefix: str) -> bytes:
        return _split(*[(wide * 16 ** (2 - len(prefix)), 0)] * 16) if len(prefix) < 3 else _split((wide, 0))

    comparison = Comparison(Items([]))
    with pytest.raises(Refused, match="compare_inconsistent"):
        _ended(comparison, lambda splits: _said([child(prefix) for prefix in splits]))
    assert 100 < comparison.rounds <= COMPARE_ROUNDS_MAX


@given(splits=st.lists(st.binary(max_size=330), max_size=3), lists=st.lists(st.binary(max_size=40), max_size=3))
def test_random_answers_are_refused(splits: list[bytes], lists: list[bytes]) -> None:
    comparison = Comparison(Items([]))
    comparison.questions()
    with pytest.raises(Refused, match="compare_inconsistent"):
        comparison.receive(_said(splits, lists))
