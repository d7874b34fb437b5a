"""PURE: a line of the bill that is changed: another one comes in its place, then it is taken off.

Those are two transactions, and that they belong together stands in their msgids: so every desk knows it, after a restart too. While the line is down both wait;
when the hub refuses the first one later, the line is no longer on the bill, though nobody meant that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from central_sync.wire import packets as p
from edge.outcome import Outcome
from edge.steps import Step

OFF, AGAIN = "-off", "-again-"


class Missing(NamedTuple):
    """A line that was taken off for one that was refused afterwards, the step ``change``. ``msgid``: of what puts it on again, another one for each try."""

    fee: p.FeeLine
    change: Step
    msgid: str


def take_off_of(msgid: str) -> str:
    """The msgid of what takes a line off in whose place the transaction ``msgid`` has put another."""
    return msgid + OFF


def missing(steps: Sequence[Step]) -> tuple[Missing, ...]:
    """Of the ``steps`` of a case, oldest first: lines that were taken off for nothing, and not put on again.

    A line that stood in their place for a while and was taken off by hand, or changed into one that stands, leaves nothing missing.
    """
    charged = {
        line.serial: line
        for step in steps
        if step.outcome is not Outcome.REFUSED and isinstance(step.request, p.Fees)
        for line in step.request.lines
    }
    stands: dict[str, bool] = {}
    taken_off: dict[str, list[str]] = {}
    after: defaultdict[str, list[str]] = defaultdict(list)
    """By serial and by msgid: the later transactions that say what is to become of a line."""
    found: list[Missing] = []
    for step in reversed(steps):
        match step.request:
            case p.FeesCancel(serials=serials):
                if step.outcome is not Outcome.REFUSED:
                    taken_off[step.msgid] = serials
                    if not serials:
                        break  # all of the bill, whatever was on it
                for serial in serials:  # also a refused one: the hub refuses it where the line was refused before
                    after[serial].append(step.msgid.removesuffix(OFF))
            case p.Fees(lines=lines):
                tries = after[step.msgid]
                later = [*tries, *(msgid for line in lines for msgid in after[line.serial])]
                stands[step.msgid] = step.outcome is not Outcome.REFUSED or any(stands.get(one, True) for one in later)
                if AGAIN in step.msgid:
                    after[step.msgid.rpartition(AGAIN)[0]].append(step.msgid)
                if not stands[step.msgid]:
                    msgid = f"{step.msgid}{AGAIN}{len(tries) + 1}"
                    gone = [charged.get(serial) for serial in taken_off.get(take_off_of(step.msgid), ())]
                    found.extend(Missing(line, step, msgid) for line in gone if line is not None)
            case _:
                pass
    return tuple(reversed(found))
