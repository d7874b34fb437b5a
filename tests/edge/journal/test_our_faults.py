"""Each step of the journal fails once by a fault of ours: nobody waits for ever, the next ones are served, and what was told is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

from edge.errors import JournalUnavailable
from edge.journal import Block, Journal, commits, writer
from edge.journal.commits import Commits
from edge.journal.handover import HandOver
from edge.journal.known import Known
from edge.journal.operation import Operation
from edge.journal.press import Press
from edge.journal.scribe import Scribe
from edge.journal.swift import Swift
from tests.edge.faults import Fault, fails_once
from tests.edge.journal.drafts import NOW, applied, by_scribe, by_thread, draft, learned
from tests.patience import HUNG_S

STEPS: list[tuple[Any, str]] = [
    (Known, "add"), (Known, "may_have"), (Press, "of_plain"), (Press, "of_scribe"), (Press, "_kept"), (Scribe, "append"), (Scribe, "receive"),
    (Commits, "ours"), (Commits, "wrote"), (Commits, "written"), (Commits, "has_room"), (Commits, "tended"), (Commits, "look_after"), (Commits, "upkept"),
    (Swift, "_light"), (Swift, "_look_again"), (Swift, "_look"), (Operation, "done"), (Operation, "begin"), (HandOver, "_to_thread"), (HandOver, "_write"),
]  # fmt: skip
ENDS_IT: list[tuple[Any, str]] = [(writer, "apart"), (HandOver, "_more")]
"""Without these the thread cannot go on."""


class Work:
    """What a day brings, one after the other and at once; ``kept``: what was told to be, with its seq."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.kept: dict[str, int] = {}
        self.refused: set[str] = set()

    async def append(self, msgid: str) -> None:
        try:
            async with asyncio.timeout(HUNG_S):
                self.kept[msgid] = (await self.journal.append(draft(msgid))).standing.seq
        except JournalUnavailable:
            self.refused.add(msgid)
        except Fault:
            pass

    async def other(self, work: Awaitable[object]) -> None:
        try:
            async with asyncio.timeout(HUNG_S):
                await work
        except (JournalUnavailable, Fault):
            pass

    async def run(self) -> None:
        for msgid in ("a1", "a2", "a3", "a1"):
            await self.append(msgid)
        await asyncio.gather(*(self.append(f"b{n}") for n in range(4)))
        if "a2" in self.kept:
            await self.other(self.journal.receive(applied(self.kept["a2"]), None, NOW))
        await self.other(self.journal.remember("kind", "key", b"value"))
        await self.other(self.journal.keeping.fold())
        await asyncio.gather(self.append("a3"), self.append("c1"))


async def ends(journal: Journal, work: Work, folder: Path) -> None:
    async with asyncio.timeout(HUNG_S):
        await journal.close()
    again = Journal(folder / "journal.db")
    await again.open()
    for msgid, seq in work.kept.items():
        standing = await again.find("H1", msgid)
        assert standing is not None
        assert standing.seq == seq
    for msgid in work.refused - work.kept.keys():
        assert await again.find("H1", msgid) is None
    assert await again.check() == []
    await again.close()


@pytest.fixture(params=["loop", "scribe", "thread"])
async def journal(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    """One whose commits are made in the loop, plain ones by the press or not, or by its thread."""
    monkeypatch.setattr(commits, "SWIFT_S_MAX", HUNG_S)  # whatever else this machine does, its disk is quick
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    await journal.add_block(Block(1, 100))
    await learned(journal)
    if request.param == "thread":
        by_thread(journal)
    elif request.param == "scribe":
        by_scribe(journal)
    return journal


@pytest.mark.parametrize("at", [1, 3])
@pytest.mark.parametrize(("of", "name"), STEPS, ids=lambda one: getattr(one, "__name__", one))
async def test_a_step_that_fails_once_leaves_nobody_waiting_and_nothing_untrue(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: Any, name: str, at: int
) -> None:
    work = Work(journal)
    with monkeypatch.context() as patch:
        fails_once(patch, of, name, at)
        await work.run()
    await work.append("after")
    assert "after" in work.kept
    await ends(journal, work, tmp_path)


@pytest.mark.parametrize(("of", "name"), ENDS_IT, ids=lambda one: getattr(one, "__name__", one))
async def test_a_thread_that_cannot_go_on_tells_all_that_wait_for_it_and_those_who_come(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: Any, name: str
) -> None:
    work = Work(journal)
    with monkeypatch.context() as patch:
        fails_once(patch, of, name, 1)
        await work.run()
    await work.append("after")
    assert "after" in work.refused
    assert not journal.writable
    await ends(journal, work, tmp_path)
