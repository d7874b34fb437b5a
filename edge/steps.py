"""PURE: what the journal holds of one case, as steps that a page can show: what was asked, how it stands, what was answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from central_sync.wire import packets as p
from central_sync.wire.catalogue import BY_NUMBER, Row
from edge.journal.shapes import Told
from edge.outcome import Confirmation, Outcome
from edge.replies import plain


class Step(Struct, frozen=True, kw_only=True):
    """One transaction of a case. ``request``: what was asked; ``answer``: the hub's, as plain values; ``code`` says why it was refused."""

    number: str
    msgid: str
    hid: str
    at: datetime
    outcome: Outcome
    request: p.Request
    answer: dict[str, Any] | None = None
    code: str = ""
    detail: str = ""
    confirmation: Confirmation = Confirmation.NONE
    parked: bool = False
    operator: str = ""
    workstation: str = ""

    @property
    def row(self) -> Row:
        """Its row of the catalogue."""
        return BY_NUMBER[self.number]


def step_of(told: Told) -> Step | None:
    """``told`` as a step; ``None`` if this program can no longer read what an older one was asked."""
    standing = told.standing
    row = BY_NUMBER.get(standing.number)
    if row is None:
        return None
    try:
        request = msgspec.msgpack.decode(told.packet, type=row.request)
    except msgspec.DecodeError:
        return None
    return Step(
        number=row.number,
        msgid=standing.msgid,
        hid=standing.hid,
        at=standing.recorded_at,
        outcome=standing.outcome,
        request=request,
        answer=plain(row, standing.answer) if standing.outcome is Outcome.FINAL else None,
        code=standing.code,
        detail=standing.detail,
        confirmation=standing.confirmation,
        parked=standing.parked,
        operator=told.operator,
        workstation=told.workstation,
    )
