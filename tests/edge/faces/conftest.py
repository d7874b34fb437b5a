"""A hospital for the faces' tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.edge.faces.hospital import Hospital


@pytest.fixture
async def hospital(tmp_path: Path) -> AsyncIterator[Hospital]:
    """Signed in."""
    async with Hospital(tmp_path, names=("edge.hospital",), origins=("https://his.hospital",)) as made:
        await made.sign_in()
        yield made
