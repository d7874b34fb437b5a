"""PURE: what the journal keeps of a call that the intake takes on."""

from __future__ import annotations

from datetime import datetime

import msgspec

from central_sync.wire import codec
from central_sync.wire import packets as p
from central_sync.wire.catalogue import Row
from edge.calls import Call
from edge.journal.shapes import Draft
from edge.uplink.items import CYCLE_LANE

_FOLLOWS = (p.Confirm, p.Reversal)
_packed = msgspec.msgpack.Encoder()


def draft_of(call: Call, row: Row, request: p.Request, now: datetime) -> Draft:
    """49 and 2601 follow their original; what belongs to no case goes in the lane of the cycle."""
    hid = getattr(request, "hid", "")
    follows = request.original_msgid if isinstance(request, _FOLLOWS) else ""
    return Draft(
        institution=call.context.institution, msgid=call.msgid, number=row.number,
        digest=codec.digest(row.number, request), packet=_packed.encode(request), recorded_at=now,
        business_day=call.context.business_day, hid=hid, lane=hid or CYCLE_LANE, operator=call.context.operator,
        workstation=call.context.workstation, card_read=call.card_read, opens_case=row.opens_case, follows=follows,
        reverses=isinstance(request, p.Reversal),
    )  # fmt: skip
