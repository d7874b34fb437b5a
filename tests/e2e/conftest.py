"""What the proofs with real programs share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium
from tests.e2e.desk_town import DeskTown


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests of a module; each opens windows of its own."""
    with chromium() as made:
        yield made


@pytest.fixture(scope="module")
def desk_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskTown]:
    """One for all tests of a module; each opens visits of its own."""
    with DeskTown(tmp_path_factory.mktemp("town")) as made:
        yield made
