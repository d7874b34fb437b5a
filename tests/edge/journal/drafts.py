"""Drafts for the journal's tests, and a worker that appends until it is killed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec

from central_sync.wire.messages import ItemAnswer, Verdict
from edge.journal import Block, Draft, Journal, Received
from edge.journal.operation import Upkeep
from edge.journal.swift import Swift
from tests.patience import HUNG_S
from tests.sim.hub import settlement

NOW = datetime(2025, 6, 1, 8, 0, tzinfo=UTC)


def draft(msgid: str, **more: Any) -> Draft:
    given: dict[str, Any] = {
        "institution": "H1", "msgid": msgid, "number": "2204", "digest": b"d" * 32, "packet": b"p" * 700,
        "recorded_at": NOW, "business_day": date(2025, 6, 1), "lane": "l1",
    }  # fmt: skip
    return Draft(**(given | more))


def applied(seq: int, number: str = "2204", packet: bytes = b"\x80", **more: Any) -> Received:
    """The hub did it."""
    answer = ItemAnswer(msgid="-", verdict=Verdict.FINAL, packet=packet, **more)
    return Received(seqs=[seq], numbers=[number], answers=[answer])


def declined(seq: int, code: str, number: str = "2204") -> Received:
    """The hub refused it."""
    answer = ItemAnswer(msgid="-", verdict=Verdict.REFUSED, code=code)
    return Received(seqs=[seq], numbers=[number], answers=[answer])


def settled(seq: int, reference: str = "S1") -> Received:
    """The hub settled; the confirmation is awaited."""
    return applied(seq, "2207", msgspec.msgpack.encode(settlement("h", 1, reference)), confirmation="awaited")


def together(ones: Sequence[Received]) -> Received:
    """One batch of them."""
    seqs, numbers, answers = (
        [value for one in ones for value in getattr(one, name)] for name in ("seqs", "numbers", "answers")
    )
    return Received(seqs=seqs, numbers=numbers, answers=answers)


def own(journal: Journal) -> Swift:
    return journal._writer._swift


def by_scribe(journal: Journal) -> None:
    """Even of what is plain."""
    own(journal)._press.native = None


async def learned(journal: Journal) -> None:
    """It knows what its tables have."""
    assert journal._writer._learning is not None
    async with asyncio.timeout(HUNG_S):
        await journal._writer._learning


def by_thread(journal: Journal) -> None:
    """From now on its thread makes every commit, as where the loop cannot; nothing is under way."""
    own(journal).stop()


async def folded(journal: Journal) -> None:
    """Bring everything written into the tables."""
    await journal._writer.submit(Upkeep(lambda _: None)).future


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
