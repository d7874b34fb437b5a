"""PURE: all edges at one moment, and parts of that: filtered, the worst first, page by page.

A board is made from what is kept, once for everybody who looks at that moment. Pages go on behind a place in the order (how bad, then
code), so that an edge which changes meanwhile moves and no page is made twice from the whole. Other orders (:data:`SORTS`) are made when somebody asks.
"""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from central_sync.fleet import lifecycle
from central_sync.fleet.lifecycle import EdgeState, Reason, Thresholds
from central_sync.wire.messages import EdgeReport

ORDER = {
    EdgeState.SILENT: 0,
    EdgeState.IN_TROUBLE: 1,
    EdgeState.LATE: 2,
    EdgeState.UNHEARD: 3,
    EdgeState.UP: 4,
}
"""How bad a state is, the worst first."""
_UNKNOWN = 2**62
"""In an order, behind all of which something is known."""


@dataclass(frozen=True, slots=True)
class Place:
    """A hospital as the board shows it."""

    institution: str
    name: str
    region: str
    tier: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What an edge said last, when the hub took it, and what troubles it."""

    at: datetime
    report: EdgeReport
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """An edge on the board."""

    place: Place
    state: EdgeState
    heard: Heard | None

    @property
    def institution(self) -> str:
        """Its hospital's code."""
        return self.place.institution

    @property
    def version(self) -> str:
        """Its program's version; empty: not known."""
        return self.heard.report.program if self.heard else ""


def _of_report(value: Callable[[EdgeReport], int | None]) -> Callable[[Row], int]:
    def of(row: Row) -> int:
        found = value(row.heard.report) if row.heard else None
        return _UNKNOWN if found is None else found

    return of


def _version(text: str) -> int:
    """A version as a number that grows with it: three parts, each below ten thousand."""
    parts = [min(int(part), 9_999) for part in re.findall(r"\d{1,6}", text)[:3]]
    whole = 0
    for part in [*parts, 0, 0, 0][:3]:
        whole = whole * 10_000 + part
    return whole


SORTS: Mapping[str, Callable[[Row], int]] = {
    "hospital": lambda _: 0,
    "waiting": _of_report(lambda report: -report.pending),
    "oldest": _of_report(
        lambda report: -round(abs((report.sent_at - report.oldest_at).total_seconds())) if report.oldest_at else None
    ),
    "clock": _of_report(lambda report: -abs(report.skew_ms)),
    "certificate": _of_report(
        lambda report: round(report.certificate_ends.timestamp()) if report.certificate_ends else None
    ),
    "version": lambda row: _version(row.version) if row.version else _UNKNOWN,
}
"""Orders beside the worst first: what wants to be seen to stands first in each, then codes."""


class Filter(NamedTuple):
    """What is looked for. Empty: whatever. ``text`` is found in a hospital's code or name; ``scope``: the only hospitals to be seen at all; ``sort``: one
    of :data:`SORTS`, empty: the worst first.
    """

    states: frozenset[EdgeState] = frozenset()
    region: str = ""
    version: str = ""
    reason: str = ""
    text: str = ""
    scope: frozenset[str] | None = None
    sort: str = ""


class Page(NamedTuple):
    """Some rows, where the next page begins (empty: there is none), and how many there are of all that fits."""

    rows: list[Row]
    next: str
    total: int


@dataclass(frozen=True, slots=True)
class Board:
    """All edges, the worst first, as they were ``at`` then, for a hub that has ``listening_since`` then."""

    at: datetime
    rows: tuple[Row, ...] = ()
    by_code: Mapping[str, Row] = field(default_factory=dict)
    listening_since: datetime | None = None

    def of(self, institution: str) -> Row | None:
        """The row of one hospital."""
        return self.by_code.get(institution)

    def totals(self, wanted: Filter) -> dict[EdgeState, int]:
        """How many are in each state, of those that fit but for their state."""
        counted = Counter(row.state for row in _fitting(self.rows, wanted._replace(states=frozenset())))
        return {state: counted[state] for state in ORDER}

    def in_doubt(self, scope: frozenset[str] | None) -> int:
        """How many edges do not know what became of some of their transactions, as they said last."""
        seen = (row for row in self.rows if scope is None or row.institution in scope)
        return sum(row.heard is not None and row.heard.report.in_doubt > 0 for row in seen)

    def choices(self, scope: frozenset[str] | None) -> tuple[list[str], list[str]]:
        """The regions and the programs' versions that can be looked for."""
        seen = [row for row in self.rows if scope is None or row.institution in scope]
        return sorted({row.place.region for row in seen}), sorted({row.version for row in seen if row.version})

    def page(self, wanted: Filter, after: str, rows_max: int) -> Page:
        """The rows that fit, behind the place ``after`` (empty, or no place: from the first)."""
        found, key = list(_fitting(self.rows, wanted)), _key
        if wanted.sort:
            value = SORTS[wanted.sort]

            def key(row: Row) -> tuple[int, str]:
                return value(row), row.place.institution

            found.sort(key=key)
        behind = _key_in(after)
        if behind is not None and not wanted.sort and behind[0] not in ORDER.values():
            behind = None
        rest = found if behind is None else found[bisect.bisect_right(found, behind, key=key) :]
        rows = rest[:rows_max]
        return Page(rows, _place(key(rows[-1])) if len(rest) > rows_max else "", len(found))


def board(
    places: Iterable[Place],
    heard: Mapping[str, Heard],
    listening_since: datetime,
    now: datetime,
    limits: Thresholds,
    before: Board | None = None,
) -> Board:
    """All edges as they are ``now``, for a hub that has listened since then. Rows of the board ``before`` that have not changed are used again."""
    known = before.by_code if before is not None else {}
    made = [_row(place, heard.get(place.institution), listening_since, now, limits, known) for place in places]
    made.sort(key=_key)
    return Board(now, tuple(made), {row.place.institution: row for row in made}, listening_since)


def _row(
    place: Place, heard: Heard | None, since: datetime, now: datetime, limits: Thresholds, known: Mapping[str, Row]
) -> Row:
    at, troubled = (heard.at, bool(heard.reasons)) if heard else (None, False)
    state = lifecycle.state(at, since, now, troubled=troubled, limits=limits)
    row = known.get(place.institution)
    if row is not None and row.heard is heard and row.state is state and row.place is place:
        return row
    return Row(place, state, heard)


def _fitting(rows: Iterable[Row], wanted: Filter) -> Iterator[Row]:
    text = wanted.text.strip().casefold()
    for row in rows:
        if wanted.scope is not None and row.institution not in wanted.scope:
            continue
        if wanted.states and row.state not in wanted.states:
            continue
        if wanted.region and row.place.region != wanted.region:
            continue
        if wanted.version and row.version != wanted.version:
            continue
        if wanted.reason and wanted.reason not in _reasons(row):
            continue
        if text and text not in row.institution.casefold() and text not in row.place.name.casefold():
            continue
        yield row


def _reasons(row: Row) -> Collection[str]:
    return row.heard.reasons if row.heard else ()


def _key(row: Row) -> tuple[int, str]:
    return ORDER[row.state], row.place.institution


def _place(key: tuple[int, str]) -> str:
    return f"{key[0]}.{key[1]}"


def _key_in(place: str) -> tuple[int, str] | None:
    found = re.fullmatch(r"(0|-?[1-9][0-9]{0,18})\.(.*)", place)
    return (int(found[1]), found[2]) if found else None
