"""What can be wrong with a reader is said in words."""

from __future__ import annotations

from central_sync.wire.refusals import REFUSALS
from edge.readers import READ_REFUSALS
from edge.readers.troubles import TROUBLES


def test_every_trouble_says_what_to_do_and_every_refusal_of_a_read_has_its_sentences() -> None:
    assert all(trouble.what and trouble.do for trouble in TROUBLES.values())
    assert set(READ_REFUSALS) <= set(REFUSALS)
