"""A journal that is closed lets go of all that it had, also if whoever closes it is cancelled meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.journal import Journal
from edge.journal.files import lock
from tests.edge.journal.drafts import draft
from tests.patience import HUNG_S


def _open() -> Counter[str]:
    """What this process has open, and how often."""
    found: Counter[str] = Counter()
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the listing's own
            found[str(descriptor.readlink())] += 1
    return found


@pytest.mark.parametrize(
    "under_way",
    [lambda journal: journal._reader._threads is None, lambda journal: journal._writer._thread is None],
    ids=["reader", "writer"],
)
async def test_who_is_cancelled_while_the_journal_closes_leaves_nothing_open(
    tmp_path: Path, under_way: Callable[[Journal], bool]
) -> None:
    before = _open()
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    await journal.append(draft("m1"))
    assert _open() - before
    closing = asyncio.create_task(journal.close())
    while not under_way(journal):  # noqa: ASYNC110 -- nobody rings a bell for it
        await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    async with asyncio.timeout(HUNG_S):
        while _open() - before:  # noqa: ASYNC110 -- as above
            await asyncio.sleep(0.01)
    os.close(lock(journal.path))
    again = Journal(journal.path)
    await again.open()
    assert await again.find("H1", "m1") is not None
    await again.close()
