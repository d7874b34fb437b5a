"""The simulator's receipts hold for a real edge."""

from __future__ import annotations

from datetime import UTC, datetime

from central_sync.wire.messages import Batch, BatchAnswer, ItemAnswer, Verdict
from edge import signers
from tests.sim import signing
from tests.wire_vectors import samples

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def test_what_the_simulated_hub_signs_is_verified_by_the_edge() -> None:
    batch = Batch(version=3, institution="H1", sent_at=NOW, items=[samples.transaction()], life=bytes(16), head=1)
    answers = [ItemAnswer(msgid="m-1", verdict=Verdict.FINAL)]
    answer = signing.signed(batch, BatchAnswer(version=3, hub_time=NOW, answers=answers))
    known = signers.read(signing.SIGNERS_PEM, signing.AUTHORITY_PEM)
    assert signers.verified(batch, answer, known) is not None
