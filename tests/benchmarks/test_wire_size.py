"""The claims that the line's figures are measured with: the same each time, of the usual size, and 512 of them fit with their answers."""

from __future__ import annotations

import itertools

import msgspec

from benchmarks.wire_size import Hospital, as_json
from central_sync.limits import ANSWER_BYTES_MAX
from central_sync.wire import codec
from central_sync.wire.compression import DICTIONARY
from central_sync.wire.limits import (
    ANSWER_BYTES_USUAL,
    BATCH_BYTES_MAX,
    BATCH_ITEMS_MAX,
    BODY_BYTES_MAX,
    CLAIM_BYTES_USUAL,
    ITEM_FRAME_BYTES_MAX,
)
from central_sync.wire.messages import Batch


def test_claims_are_the_same_for_the_same_seed() -> None:
    assert list(itertools.islice(Hospital(3).claims(), 20)) == list(itertools.islice(Hospital(3).claims(), 20))


def test_a_full_batch_of_usual_claims_fits_with_its_answers() -> None:
    hospital = Hospital(2)
    claims = list(itertools.islice(hospital.claims(), BATCH_ITEMS_MAX))
    batch = hospital.batch([item for item, _ in claims], 70_000)
    answer = hospital.answer(batch, [bill for _, bill in claims])
    assert max(len(as_json(*claim)) for claim in claims) <= CLAIM_BYTES_USUAL
    assert sum(len(item.packet) for item, _ in claims) <= BATCH_BYTES_MAX
    assert max(len(msgspec.msgpack.encode(item)) - len(item.packet) for item, _ in claims) <= ITEM_FRAME_BYTES_MAX
    assert max(len(one.packet) for one in answer.answers) <= ANSWER_BYTES_USUAL
    assert sum(len(one.packet) for one in answer.answers) <= ANSWER_BYTES_MAX
    assert len(msgspec.msgpack.encode(batch)) <= BODY_BYTES_MAX
    assert codec.unpack(codec.pack(batch, dictionary=DICTIONARY), Batch) == batch
