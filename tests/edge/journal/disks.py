"""Disks that are as a test needs them."""

from __future__ import annotations

import select
from typing import Any

import pytest

from edge.journal import Journal
from tests.edge.journal.drafts import own
from tests.patience import HUNG_S


def on_a_quick_disk(journal: Journal, patch: pytest.MonkeyPatch) -> None:
    """The loop's own writes are over as soon as they have begun, whatever this machine's disk takes."""
    aio: Any = own(journal)._aio
    begin = aio.write

    def write(*given: int) -> None:
        begin(*given)
        select.select([aio._wakes], [], [], HUNG_S)

    patch.setattr(aio, "write", write)
