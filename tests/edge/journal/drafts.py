"""Drafts for the journal's tests, and a worker that appends until it is killed."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from edge.journal import Block, Draft, Journal

NOW = datetime(2025, 6, 1, 8, 0, tzinfo=UTC)


def draft(msgid: str, **more: Any) -> Draft:
    given: dict[str, Any] = {
        "institution": "H1", "msgid": msgid, "number": "2204", "digest": b"d" * 32, "packet": b"p" * 700,
        "recorded_at": NOW, "business_day": date(2025, 6, 1), "lane": "l1",
    }  # fmt: skip
    return Draft(**(given | more))


async def append_for_ever(path: Path, life: int) -> None:
    """Sixteen callers at once; each tells on stdout what was acknowledged, after it was."""
    journal = Journal(path)
    await journal.open()
    await journal.add_block(Block(life * 1_000_000 + 1, life * 1_000_000 + 900_000))

    async def caller(who: int) -> None:
        for count in range(1_000_000):
            msgid = f"{life}-{who}-{count}"
            opens = count % 3 == 0
            appended = await journal.append(draft(msgid, number="2201" if opens else "2204", opens_case=opens))
            sys.stdout.write(f"{msgid} {appended.standing.hid or '-'}\n")
            sys.stdout.flush()

    await asyncio.gather(*[caller(who) for who in range(16)])


if __name__ == "__main__":
    asyncio.run(append_for_ever(Path(sys.argv[1]), int(sys.argv[2])))
