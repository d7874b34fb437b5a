"""The catalogues of the hub's console are complete: every message in every language, with the same values in it."""

from __future__ import annotations

import pytest

from tests.central_sync.console.messages import FOLDER
from tests.central_sync.pages.messages import OTHERS, check_complete, check_translated, check_values, every

MAY_STAY = {
    "pishkhan",
    "hub",
    "account",
    "journal",
    "compare",
    "doctor",
    "put",
    "NAME",
    "edge",
    "enrol",
    "URL",
    "CODE",
    "review",
    "decide",
    "release",
    "toml",
    "alerts",
    "webhook",
}
"""Commands and names that are the same in every language."""


@pytest.mark.parametrize("language", OTHERS)
def test_no_message_is_missing_and_none_is_left_over(language: str) -> None:
    check_complete(FOLDER, language, every(FOLDER))
    check_values(FOLDER, language)
    check_translated(FOLDER, language, MAY_STAY)
