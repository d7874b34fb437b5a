"""What the feed brings, stored with its cursor in one commit (invariant 5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from central_sync.wire.messages import ConfirmationChange, FeedBody, HidBlock, Notice
from edge.journal import operations as op
from edge.journal.shapes import Block, Marking, Standing
from edge.limits import NOTICES_KEPT_MAX
from edge.outcome import Mark

Body = tuple[int, FeedBody]
"""A feed item's cursor and body."""

NOTICE = "notice"
_CURSOR = ("feed", "cursor")
_MARKS = {"confirmed": Mark.CONFIRM, "annulled": Mark.ANNUL}


def take(c: op.Connection, cursor: int, bodies: Sequence[Body], now: datetime) -> list[Standing]:
    """Store each body that is new and the cursor; tells the transactions whose confirmation moved."""
    changed: list[Standing] = []
    seen = _cursor(c)
    for at, body in bodies:
        if at <= seen:
            continue
        match body:
            case HidBlock():
                op.add_block(c, Block(body.first, body.last))
            case Notice():
                op.remember(c, NOTICE, f"{at:020d}", body.text.encode())
            case ConfirmationChange() if body.confirmation in _MARKS:
                standing = op.mark(c, Marking(mark=_MARKS[body.confirmation], msgid=body.msgid), now)
                changed += [standing] if standing else []
            case _:
                pass  # a newer hub may say more; its cursor is kept all the same
    op.remember(c, *_CURSOR, str(max(cursor, seen)).encode())
    c.execute(
        "delete from fact where kind=? and key not in (select key from fact where kind=? order by key desc limit ?)",
        (NOTICE, NOTICE, NOTICES_KEPT_MAX),
    )
    return changed


def cursor(c: op.Connection) -> int:
    """The cursor of the last item stored; 0 at first."""
    return _cursor(c)


def _cursor(c: op.Connection) -> int:
    kind, key = _CURSOR
    row = c.execute("select value from fact where kind=? and key=?", (kind, key)).fetchone()
    return int(row[0]) if row else 0
