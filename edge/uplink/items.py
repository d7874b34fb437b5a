"""PURE: journal rows as work for the lanes, and as items of a batch."""

from __future__ import annotations

from central_sync.wire.messages import Ask, Item, Transaction
from edge.journal.shapes import Pending, Sendable
from edge.outcome import Outcome, born
from edge.uplink.lanes import Work

CYCLE_LANE = "cycle"
"""The lane of what belongs to no case."""


def work_of(entry: Pending) -> Work:
    """What nobody waits for any more: it may have left the house, and a fence is asked, not sent."""
    return Work(
        key=entry.seq, lane=entry.lane, number=entry.number, size=entry.size,
        ask=born(entry.number) is Outcome.IN_DOUBT, left=True,
    )  # fmt: skip


def item_of(entry: Sendable, *, ask: bool) -> Item:
    """What goes on the line of an entry: itself, or the question what became of it."""
    if ask:
        return Ask(msgid=entry.msgid, number=entry.number, lane=entry.lane, digest=entry.digest)
    return Transaction(
        msgid=entry.msgid, number=entry.number, packet=entry.packet, lane=entry.lane, recorded_at=entry.recorded_at,
        business_day=entry.business_day, hid=entry.hid, operator=entry.operator, workstation=entry.workstation,
        card_read=entry.card_read,
    )  # fmt: skip
