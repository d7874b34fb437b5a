"""The catalogues of the hub's console are complete: every message in every language, with the same values in it."""

from __future__ import annotations

import pytest

from central_sync.wire.refusals import REFUSALS
from tests.central_sync.console.messages import FOLDER
from tests.central_sync.pages.messages import OTHERS, check_complete, check_translated, check_values, every

MAY_STAY = {"pishkhan", "hub", "edge", "toml", "alerts", "webhook", "ASCII", "JSON", "UTF", "HTTP", "OpenAPI", "TLS"}
"""Names that are the same in every language, where they are no commands."""
TO_TECHNICIANS = [row.technician for row in REFUSALS.values()]
"""What a transaction's page says of a refusal, whichever it was."""


@pytest.mark.parametrize("language", OTHERS)
def test_no_message_is_missing_and_none_is_left_over(language: str) -> None:
    check_complete(FOLDER, language, every(FOLDER, TO_TECHNICIANS))
    check_values(FOLDER, language)
    check_translated(FOLDER, language, MAY_STAY)
