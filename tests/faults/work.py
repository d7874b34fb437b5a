"""What a life of the journal does before it is killed, and what must be true of the folder that it leaves.

It tells on standard output, each in one write and only after the journal has said so: ``begin``, ``+MSGID HID`` (kept), ``=MSGID``
(its answer is kept), ``-MSGID`` (refused: the disk), ``end``; or ``not opened``.
"""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from edge.errors import JournalError, JournalUnavailable
from edge.journal import Appended, Block, Journal, files, writer
from edge.limits import JOURNAL_PAGE_BYTES, WAL_BYTES_MAX
from edge.outcome import Outcome
from tests.edge.journal.drafts import NOW, applied, draft
from tests.faults.disk import Cut, lay_down
from tests.faults.shim import set_now

FILE = "journal.db"
HIDS_EACH_LIFE = 1_000_000
PATIENCE_S = 0.01
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where states are laid down: their syncs need not be real."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One life. ``answers``: of how many appends one gets its answer (0: none). ``ends``: ``close``, ``kill`` or ``leave``. ``faults``: what
    becomes of the disk (the shim's numbers) once the journal is open. ``folds``: whether it folds when nobody comes. ``log_bytes``: from where on SQLite's log is copied into the file. ``url``: a whole edge lives, before that hub (edge_work.py).
    """

    life: int = 0
    callers: int = 4
    each: int = 10
    answers: int = 3
    packet_bytes: int = 700
    ends: str = "kill"
    gap_s: float = 0.0
    folds: bool = True
    log_bytes: int = WAL_BYTES_MAX
    faults: dict[str, int] = field(default_factory=dict)
    url: str = ""


async def live(folder: Path, plan: Plan) -> None:
    """Append and answer, several callers at once; what the disk refuses is told and not tried again."""
    journal = Journal(folder / FILE)
    files.LOG_PAGES_MAX = plan.log_bytes // JOURNAL_PAGE_BYTES
    if not plan.folds:
        writer.FOLD_IDLE_S = 60.0
    try:
        await journal.open()
    except JournalError:
        tell("not opened")
        return
    tell("begin")
    first = plan.life * HIDS_EACH_LIFE + 1
    while True:
        try:
            await journal.add_block(Block(first, first + HIDS_EACH_LIFE - 2))
            break
        except JournalUnavailable:
            await asyncio.sleep(PATIENCE_S)
    set_now(**plan.faults)
    await asyncio.gather(*[_caller(journal, plan, who) for who in range(plan.callers)])
    tell("end")
    if plan.ends == "close":
        await journal.close()
    elif plan.ends == "kill":
        os.kill(os.getpid(), signal.SIGKILL)


async def _caller(journal: Journal, plan: Plan, who: int) -> None:
    for count in range(plan.each):
        msgid, opens = f"{plan.life}-{who}-{count}", count % 4 == 0
        packet = bytes([who * 16 + count % 16]) * plan.packet_bytes
        number = "2201" if opens else "2204"
        try:
            made = await journal.append(draft(msgid, number=number, opens_case=opens, packet=packet, lane=f"l{who}"))
            tell(f"+{msgid} {made.standing.hid or '-'}")
            if plan.answers and count % plan.answers == 0:
                await answer(journal, made)
                tell(f"={msgid}")
        except JournalUnavailable:
            tell(f"-{msgid}")
        if plan.gap_s:
            await asyncio.sleep(plan.gap_s)


async def answer(journal: Journal, made: Appended) -> None:
    """The hub's answer to one transaction."""
    await journal.receive(applied(made.standing.seq, made.standing.number), None, NOW)


def tell(word: str) -> None:
    os.write(1, f"{word}\n".encode())


@dataclass(slots=True)
class Told:
    """What lives have told: ``kept`` msgid → HID or ``-``; ``answered`` and ``refused`` msgids."""

    kept: dict[str, str] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)

    def hear(self, said: bytes) -> Told:
        """Take what was said; a line that was cut short was not heard."""
        for line in said.decode().split("\n")[:-1]:
            sign, rest = line[:1], line[1:]
            if sign == "+":
                msgid, hid = rest.split()
                self.kept[msgid] = hid
            elif sign == "=":
                self.answered.add(rest)
            elif sign == "-" and rest not in self.kept:  # else its answer was refused, not itself
                self.refused.add(rest)
        return self


async def wrong(folder: Path, told: Told, gone: Iterable[str] = ()) -> list[str]:
    """What is wrong with the journal in ``folder``: what was told and is not so, and each of ``gone`` that is there."""
    journal = Journal(folder / FILE)
    await journal.open()
    try:
        bad = [f"check: {one}" for one in await journal.check()]
        for msgid, hid in told.kept.items():
            standing = await journal.find("H1", msgid)
            if standing is None:
                bad.append(f"{msgid} is lost")
            elif (standing.hid or "-") != hid:
                bad.append(f"{msgid} has HID {standing.hid}, told {hid}")
            elif msgid in told.answered and standing.outcome is not Outcome.FINAL:
                bad.append(f"the answer of {msgid} is lost")
        hids = [hid for hid in told.kept.values() if hid != "-"]
        if len(hids) != len(set(hids)):
            bad.append("a HID was given twice")
        for msgid in gone:
            if await journal.find("H1", msgid) is not None:
                bad.append(f"{msgid} was refused and has come back")
        fresh = await journal.append(draft(f"afterwards-{uuid.uuid4()}"))
        if not fresh.fresh:
            bad.append("nothing new is taken")
        return bad
    finally:
        await journal.close()


async def wrong_after(cut: Cut, gone: Iterable[str] = ()) -> list[str]:
    """The same of the disk that a power cut leaves."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        lay_down(cut.state, Path(folder))
        if FILE not in cut.state and b"begin" not in cut.told:
            return []
        told = Told().hear(cut.told)
        return [f"cut {cut.at}: {one}" for one in await wrong(Path(folder), told, gone)]
