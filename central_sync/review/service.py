"""The queue's use cases: pend, look again, clear, decide. Each function works in its caller's unit of work and keeps the history.

Rules
    * One thing has one entry: its id is made of the settlement and the subject, so that whoever finds it twice finds the same entry.
    * Nothing here moves money: an entry says what is open, a decision says what a person made of it, and clearing reads both.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from central_sync.errors import HubError
from central_sync.payers.lifecycle import OPEN as SHARES_OPEN
from central_sync.payers.lifecycle import ShareState
from central_sync.review.lifecycle import PERSON, EntryEvent, EntryState, Impossible, Reason, after, looked_at
from central_sync.store import UnitOfWork
from central_sync.store.review_records import PayerShare, ReviewEntry
from central_sync.wire.messages import Notice

PROGRAM = "hub"
AT_ONCE = 100
"""Entries that one commit moves: no settlement waits long for it."""
_ID_BYTES = 10
_SHARE = "share "


class ReviewRefused(HubError):
    """What a person asked of the queue is not possible; the text says why."""


@dataclass(frozen=True, slots=True)
class Pended:
    """What is to be pended: ``amount`` is the money at stake, ``waits_for`` what may mend it (``person`` if nothing else can)."""

    institution: str
    member: str
    settlement_id: str
    hid: str
    reason: Reason
    subject: str
    detail: str
    amount: int
    currency: str
    waits_for: str = PERSON


def entry_id(settlement_id: str, reason: Reason, subject: str) -> str:
    """The id of the one entry about this."""
    digest = hashlib.sha256(f"{settlement_id}\0{reason}\0{subject}".encode()).digest()
    return "R" + base64.b32encode(digest[:_ID_BYTES]).decode()


def pend(uow: UnitOfWork, what: Pended, now: datetime, *, given_up: bool = False) -> str:
    """Put it into the queue, or note that it is still there; returns the entry's id. ``given_up``: waiting alone will not mend it."""
    key = entry_id(what.settlement_id, what.reason, what.subject)
    mendable = what.waits_for != PERSON and not given_up
    state = EntryState.WAITING if mendable else EntryState.NEEDS_PERSON
    fresh = ReviewEntry(
        id=key,
        institution=what.institution,
        member=what.member,
        settlement_id=what.settlement_id,
        hid=what.hid,
        reason=what.reason,
        subject=what.subject,
        detail=what.detail,
        amount=what.amount,
        currency=what.currency,
        waits_for=what.waits_for,
        state=state,
        reruns=0,
        opened_at=now,
        changed_at=now,
    )
    if uow.reviews.add(fresh):
        uow.reviews.stepped(key, now, "pend", state, PROGRAM, what.detail)
        return key
    known = uow.reviews.get(key, lock=True)
    assert known is not None, "an entry is never deleted"
    event = looked_at(known.state, known.reruns + 1, mendable=mendable)
    said = {"detail": what.detail, "amount": what.amount, "waits_for": what.waits_for}
    if known.state != EntryState.DECIDED and any(getattr(known, name) != value for name, value in said.items()):
        uow.reviews.change(key, **said)
    _step(uow, known, event, now, PROGRAM, what.detail, reruns=known.reruns + (known.state == EntryState.RERUNNING))
    return key


def cleared(uow: UnitOfWork, key: str, now: datetime, detail: str) -> bool:
    """It is no longer so; ``False`` if there is no such entry."""
    known = uow.reviews.get(key, lock=True)
    if known is None:
        return False
    _step(uow, known, EntryEvent.CLEAR, now, PROGRAM, detail)
    return True


def settlement_ended(uow: UnitOfWork, settlement_id: str, now: datetime) -> None:
    """A settlement was taken back: nothing of it is open any more."""
    for row in uow.reviews.of_settlement(settlement_id):
        cleared(uow, row.id, now, "the settlement was taken back")


def arrived(uow: UnitOfWork, what: str, now: datetime) -> int:
    """What entries waited for (``payer:…``, ``member:…``) is there: up to ``AT_ONCE`` of them are looked at again; returns how many."""
    found = uow.reviews.waiting_for(what, (EntryState.WAITING, EntryState.NEEDS_PERSON), AT_ONCE)
    for row in found:
        known = uow.reviews.get(row.id, lock=True)
        if known is not None and known.state in (EntryState.WAITING, EntryState.NEEDS_PERSON):
            _step(uow, known, EntryEvent.ARRIVE, now, PROGRAM, what)
    return len(found)


def member_changed(uow: UnitOfWork, member: str, now: datetime) -> int:
    """A member's record changed: its settlements are judged again; returns how many."""
    count = uow.audits.want_of_member(member, now)
    while count and arrived(uow, f"member:{member}", now) == AT_ONCE:
        pass  # a member has few: this is one commit with the record all the same
    return count


def decide(uow: UnitOfWork, key: str, *, accept: bool, reason: str, actor: str, now: datetime) -> ReviewEntry:
    """A person decides: the share or bill stands (``accept``), or it does not.

    Raises:
        ReviewRefused: no such entry, no reason given, or it is no longer open.
    """
    if not reason.strip():
        raise ReviewRefused("a decision needs its reason")
    known = _known(uow, key)
    decision = "accepted" if accept else "declined"
    try:
        after(known.state, EntryEvent.DECIDE)
    except Impossible as error:
        raise ReviewRefused(f"{key} is {known.state}: there is nothing left to decide") from error
    uow.reviews.change(key, decision=decision, decided_by=actor)
    if known.subject.startswith(_SHARE):
        told(uow, known.institution, f"{known.settlement_id}, {known.subject}: a reviewer has {decision} it.", now)
    uow.audit.add(now, actor, "review decided", key, decision)
    return _step(uow, known, EntryEvent.DECIDE, now, actor, f"{decision}: {reason.strip()}")


def rerun(uow: UnitOfWork, key: str, actor: str, now: datetime) -> ReviewEntry:
    """A person wants it to be looked at again, now.

    Raises:
        ReviewRefused: no such entry, or it is no longer open.
    """
    seen = uow.reviews.get(key)
    if seen is not None and seen.subject.startswith(_SHARE):
        _ask_again(uow, seen, now)  # shares and marks are locked before their entries, as by those who ask and judge
    elif seen is not None:
        uow.audits.want(seen.member, seen.settlement_id, seen.institution, seen.hid, now)
    known = _known(uow, key)
    try:
        after(known.state, EntryEvent.ARRIVE)
    except Impossible as error:
        raise ReviewRefused(f"{key} is {known.state}: there is nothing left to look at") from error
    uow.audit.add(now, actor, "review rerun", key, known.reason)
    return _step(uow, known, EntryEvent.ARRIVE, now, actor, "rerun")


def told(uow: UnitOfWork, institution: str, text: str, now: datetime) -> None:
    """Send a sentence about a settlement to its hospital's desks. No person is named in it."""
    uow.feed.add(institution, msgspec.msgpack.encode(Notice(text=text)), now)


def share_subject(row: PayerShare) -> str:
    """How an entry names a deferred share."""
    return f"{_SHARE}{row.place}"


def _ask_again(uow: UnitOfWork, entry: ReviewEntry, now: datetime) -> None:
    """Have the payer asked (or told) at once; one that has declined is asked anew, under another id."""
    rows = [
        row for row in uow.payer_shares.of(entry.member, entry.settlement_id) if share_subject(row) == entry.subject
    ]
    for row in rows:
        if row.state in SHARES_OPEN:
            uow.payer_shares.change(uow.payer_shares.locked(row), tries=0, next_at=now)
    if rows and rows[-1].state == ShareState.DECLINED:
        uow.payer_shares.add(rows[-1].asked_anew(now))


def _known(uow: UnitOfWork, key: str) -> ReviewEntry:
    known = uow.reviews.get(key, lock=True)
    if known is None:
        raise ReviewRefused(f"there is no entry {key}")
    return known


def _step(
    uow: UnitOfWork,
    known: ReviewEntry,
    event: EntryEvent,
    now: datetime,
    actor: str,
    detail: str,
    *,
    reruns: int | None = None,
) -> ReviewEntry:
    """Move an entry; a look that changes nothing leaves no trace but its count."""
    state = after(known.state, event)
    count = known.reruns if reruns is None else reruns
    if state != known.state or count != known.reruns:
        uow.reviews.change(known.id, state=state, reruns=count, changed_at=now)
        uow.reviews.stepped(known.id, now, event, state, actor, detail)
    return replace(known, state=state, reruns=count)
