"""The shared catalogues are complete: every message in every language, with the same values in it."""

from __future__ import annotations

import pytest

from tests.central_sync.pages.messages import OTHERS, OURS, check_complete, check_translated, check_values, every


@pytest.mark.parametrize("language", OTHERS)
def test_no_message_is_missing_and_none_is_left_over(language: str) -> None:
    check_complete(OURS, language, every(OURS))
    check_values(OURS, language)
    check_translated(OURS, language, set())


def test_there_are_messages() -> None:
    assert {"Sign out", "There is no such page", "just now"} <= set(every(OURS))
