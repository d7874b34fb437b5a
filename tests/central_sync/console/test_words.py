"""Every code that a page may show has its word."""

from __future__ import annotations

from central_sync.console import words
from central_sync.desk.lifecycle import Confirmation, State
from central_sync.payers.lifecycle import ShareState
from central_sync.review.lifecycle import EntryState, Reason
from central_sync.wire.catalogue import BY_NAME, Care


def test_every_code_of_the_hubs_tables_has_a_word() -> None:
    for known, codes in (
        (words.TRANSACTIONS, BY_NAME),
        (words.CONFIRMATIONS, Confirmation),
        (words.CASES, State),
        (words.CARES, Care),
        (words.SHARES, ShareState),
        (words.REASONS, Reason),
        (words.ENTRIES, EntryState),
    ):
        assert set(known) == {str(code) for code in codes}


def test_a_code_without_a_word_is_shown_as_it_is() -> None:
    assert words.word(words.CASES, "strange") == "strange"
