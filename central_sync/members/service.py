"""Taking a member file (JSON, one object a line) into the store: all of it, or nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from central_sync.benefits.parameters import Rulebook
from central_sync.errors import MemberFileInvalid
from central_sync.limits import MEMBER_FILE_ERRORS_MAX, MEMBER_IMPORT_LINES_PER_STEP
from central_sync.members.lifecycle import LineInvalid, MemberLine, described
from central_sync.review.service import member_changed
from central_sync.store import Store, UnitOfWork
from central_sync.store.records import Approval, Cover, Member


@dataclass(frozen=True, slots=True)
class Imported:
    """How many members a file added, and how many it replaced."""

    added: int
    replaced: int


def import_members(
    store: Store,
    rulebook: Rulebook,
    lines: Iterable[bytes],
    now: datetime,
    progress: Callable[[int], None] = lambda _lines: None,
) -> Imported:
    """Take the lines of a member file in one unit of work; empty lines are passed over. A member known by (kind, number) is
    replaced and keeps its key. ``progress`` is told now and then how many lines were read.

    Raises:
        MemberFileInvalid: with line numbers; nothing was imported.
        StoreError: the database; nothing was imported.
    """
    wrong: list[tuple[int, str]] = []
    first_seen: dict[tuple[str, str], int] = {}
    added = replaced = number = 0
    with store.write() as uow:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    member = _member(described(line, rulebook, now.date()), now)
                    before = first_seen.setdefault((member.kind, member.number), number)
                    if before != number:
                        raise LineInvalid(f"the same person as line {before}")
                except LineInvalid as error:
                    wrong.append((number, str(error)))
                    if len(wrong) >= MEMBER_FILE_ERRORS_MAX:
                        break
                else:
                    if not wrong:
                        added, replaced = (added + 1, replaced) if _put(uow, member, now) else (added, replaced + 1)
            if number % MEMBER_IMPORT_LINES_PER_STEP == 0:
                progress(number)
        if wrong:
            raise MemberFileInvalid(wrong)
        uow.audit.add(now, "operator", "members imported", f"{added} added", f"{replaced} replaced")
    progress(number)
    return Imported(added, replaced)


def _put(uow: UnitOfWork, member: Member, now: datetime) -> bool:
    """Add or replace a member; ``True``: added. What was settled of one whose record is another now is judged again."""
    before = uow.members.find(member.kind, member.number)
    added = uow.members.put(member)
    if before is not None and replace(before, as_of=member.as_of) != replace(member, id=before.id):
        member_changed(uow, before.id, now)
    return added


def _member(line: MemberLine, now: datetime) -> Member:
    """A line as the store keeps it; the key says nothing about the person, and counts only if the member is new."""
    return Member(
        id=uuid.uuid4().hex,
        kind=line.kind,
        number=line.number,
        name=line.name.strip(),
        birth_date=line.birth_date,
        sex=line.sex,
        group=line.group,
        region=line.region,
        as_of=now,
        covers=tuple(
            Cover(c.layer, c.scheme, c.contract, c.from_day, c.to_day, c.family, c.deposited, c.group)
            for c in line.covers
        ),
        approvals=tuple(
            Approval(a.mark, a.from_day, a.to_day, a.institution, a.region, a.reference, a.scheme, a.amount)
            for a in line.approvals
        ),
    )
