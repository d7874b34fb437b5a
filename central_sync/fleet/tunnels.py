"""How edges stand to what they are told of the next key at the hub's end of their tunnels: from what they report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from central_sync.fleet.limits import ACTIVE_DAYS
from central_sync.store import Store
from central_sync.wire import reports
from central_sync.wire.messages import EdgeReport
from central_sync.wire.refusals import Refused
from central_sync.wire.tunnels import IN_PLACE, TRYING, TunnelWord, key_name


class Stand(StrEnum):
    """``in_place``: its tunnel ends at the next key; ``failed``: it could not prove it; ``waiting``: not tried yet, or at it; ``away``: it has not reported
    lately.
    """

    IN_PLACE = "in_place"
    FAILED = "failed"
    WAITING = "waiting"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class EdgeStands:
    """How one edge stands to a word: ``uses``: the key at the other end of its tunnel, ``why`` a drill failed, as a code."""

    institution: str
    stand: Stand
    uses: str
    following: str
    why: str
    seen_at: datetime


def stands(store: Store, words: Iterable[TunnelWord], now: datetime) -> list[EdgeStands]:
    """Every edge whose tunnel ends where one of ``words`` begins or leads, by code."""
    known = list(words)
    with store.read() as uow:
        rows = sorted(uow.reports.since(None), key=lambda row: row.institution)
    found = []
    for row in rows:
        try:
            said = reports.read(row.body)
        except Refused:
            continue  # a newer edge's: what it says of tunnels is not known here
        for word in known:
            if (stand := judged(word, said, row.at, now)) is not None:
                following = key_name(word.following)
                why = said.tunnel_drill if stand is Stand.FAILED else ""
                found.append(EdgeStands(row.institution, stand, said.tunnel, following, why, row.at))
    return found


def judged(word: TunnelWord, said: EdgeReport, at: datetime, now: datetime) -> Stand | None:
    """How an edge that ``said`` this at ``at`` stands to ``word``; ``None``: its tunnel is another one."""
    present, following = key_name(word.present), key_name(word.following)
    tried = said.tunnel_next == following
    if said.tunnel == following and (present != following or (tried and said.tunnel_drill == IN_PLACE)):
        return Stand.IN_PLACE
    if said.tunnel != present:
        return None
    if now - at > timedelta(days=ACTIVE_DAYS):
        return Stand.AWAY
    return Stand.FAILED if tried and said.tunnel_drill not in ("", TRYING, IN_PLACE) else Stand.WAITING
