"""SHELL: asks the hub what it holds of a window of time, and tells what differs. What is compared and how is pure: ``wire/compare.py``,
``differences.py``.

A comparison meets a moving target: what is decided while it runs can make the hub's answers contradict each other. Then it is begun anew,
a few times. Windows that end in the past come to rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import structlog

from central_sync.wire.compare import Comparison, Differences
from central_sync.wire.limits import COMPARE_RANGES_MAX, WIRE_VERSION
from central_sync.wire.messages import CompareRequest
from central_sync.wire.refusals import REFUSALS, Refused
from edge.control import Tell
from edge.differences import Ours, Report, Theirs, items_of, ours, theirs
from edge.errors import CompareFailed, LineBroken, LineRefused
from edge.journal import Journal
from edge.limits import COMPARE_LISTED_MAX, COMPARE_PAUSE_S, COMPARE_TRIES, COMPARED_BACK_DAYS, COMPARED_LATEST_S
from edge.line import Line

COMPARED_BACK, COMPARED_LATEST = timedelta(days=COMPARED_BACK_DAYS), timedelta(seconds=COMPARED_LATEST_S)
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
"""The hub takes nothing that claims to be of another time."""
_log = structlog.get_logger(__name__)


class Reconciler:
    """Compares one open journal with the hub at the other end of a line."""

    def __init__(self, journal: Journal, line: Line, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._journal = journal
        self._line = line
        self._now = now
        self.lasting = 0
        """How much differed at the last comparison of the job that will not come right by itself; the hub is told."""

    async def run(self) -> None:
        """The job: compare the last days, and log what does not come right by itself."""
        now = self._now()
        try:
            report = await self.compare(now - COMPARED_BACK, now - COMPARED_LATEST)
        except CompareFailed as error:
            _log.info("not compared with the hub this time", detail=str(error))
            return
        counts = f"{report.here_count} only here, {report.there_count} only at the hub, {report.unlike_count} unlike"
        self.lasting = report.lasting
        if report.lasting:
            _log.warning("edge and hub differ: see journal compare", count=report.compared, detail=counts)
        else:
            _log.info("edge and hub were compared", count=report.compared, detail=counts)

    async def compare(
        self, begin: datetime, end: datetime, tell: Tell = lambda *_: None, listed_max: int = COMPARE_LISTED_MAX
    ) -> Report:
        """What differs of all that was recorded from ``begin`` on and before ``end``; at most ``listed_max`` of each kind are named.

        Raises:
            CompareFailed: there is no line, the hub does not answer this, or its answers went on contradicting each other.
            JournalUnavailable: the journal cannot be read.
        """
        for tries_left in reversed(range(COMPARE_TRIES)):
            try:
                return await self._compared(begin, end, tell, listed_max)
            except Refused as error:
                _log.warning("a comparison was not finished", code=error.code, detail=error.detail)
                if not tries_left:
                    raise CompareFailed(f"{REFUSALS[error.code].technician} ({error.detail})") from error
                await asyncio.sleep(COMPARE_PAUSE_S)
            except LineRefused as error:
                raise CompareFailed(REFUSALS[error.code].technician) from error
            except LineBroken as error:
                raise CompareFailed(f"the hub could not be asked: {error}") from error
        raise AssertionError("the last try returns or raises")

    async def verb(self, told: Mapping[str, Any], tell: Tell) -> Mapping[str, Any]:
        """The same for a command: ``from`` and ``to`` in ISO form with their zone."""
        report = await self.compare(_instant(told, "from"), _instant(told, "to"), tell)
        plain: dict[str, Any] = msgspec.to_builtins(report)
        return plain

    async def _compared(self, begin: datetime, end: datetime, tell: Tell, listed_max: int) -> Report:
        seen, kept_from = await self._journal.window(begin, end)
        comparison = Comparison(await asyncio.to_thread(items_of, seen))
        while (asked := comparison.questions()) is not None:
            tell(comparison.rounds, 0, "comparing")
            splits, lists = asked
            comparison.receive(await self._line.compare(_request(begin, end, splits=splits, lists=lists)))
        found = comparison.differences
        seqs = {one.key: one.seq for one in seen}
        here, unlike = await self._ours(found, seqs, listed_max)
        return Report(
            begin=begin, end=end, compared=len(seen), rounds=comparison.rounds,
            here_count=len(found.here), there_count=len(found.there), unlike_count=len(found.unlike),
            here=here, there=await self._theirs(begin, end, found.there[:listed_max], tell), unlike=unlike, kept_from=kept_from,
        )  # fmt: skip

    async def _ours(
        self, found: Differences, seqs: Mapping[bytes, int], listed_max: int
    ) -> tuple[list[Ours], list[Ours]]:
        here, unlike = _first(found.here, seqs, listed_max), _first(found.unlike, seqs, listed_max)
        standings = await self._journal.standings([seqs[key] for key in (*here, *unlike)])
        return ours(here, seqs, standings), ours(unlike, seqs, standings)

    async def _theirs(self, begin: datetime, end: datetime, keys: Sequence[bytes], tell: Tell) -> list[Theirs]:
        named = []
        for at in range(0, len(keys), COMPARE_RANGES_MAX):
            tell(at, len(keys), "asking for names")
            answer = await self._line.compare(_request(begin, end, names=keys[at : at + COMPARE_RANGES_MAX]))
            named += answer.names
        return theirs(keys, named)


def _first(keys: Sequence[bytes], seqs: Mapping[bytes, int], count: int) -> list[bytes]:
    """The ``count`` that were recorded first."""
    return sorted(keys, key=lambda key: seqs[key])[:count]


def _request(
    begin: datetime,
    end: datetime,
    *,
    splits: Sequence[str] = (),
    lists: Sequence[str] = (),
    names: Sequence[bytes] = (),
) -> CompareRequest:
    return CompareRequest(
        version=WIRE_VERSION, from_at=begin, to_at=end, splits=list(splits), lists=list(lists), names=list(names)
    )


def _instant(told: Mapping[str, Any], name: str) -> datetime:
    try:
        found = datetime.fromisoformat(str(told[name]))
    except (KeyError, ValueError) as error:
        raise CompareFailed(f"{name} is no instant: write it like 2025-03-20T00:00:00Z") from error
    if found.tzinfo is None or found.utcoffset() is None:
        raise CompareFailed(f"{name} needs a zone: write it like 2025-03-20T00:00:00Z")
    return min(max(found, _FIRST), _LAST).astimezone(UTC)
