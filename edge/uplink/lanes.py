"""PURE: which work goes next, so that a lane keeps its order and nobody waits for a stranger.

Rules
    * Work of one lane leaves in the order in which it came; a lane has at most one batch in flight.
    * An interactive item takes its lane's earlier work with it. Interactive lanes go before the backlog.
    * A lane that was told ``again`` rests until its time; other lanes do not notice.
    * A fence that may have left is never withdrawn. ``left`` is forgotten only when an answer proves that nothing was applied.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice


@dataclass(slots=True, eq=False)
class Work:
    """One thing to carry. ``key``: the entry's seq, or a negative number for a read. ``item``: what goes on the line of a read; an entry's is in the journal.

    ``code``: why it was told ``again`` the last time. ``ask``: carry the question what became of it, in its place. ``left``: it may have reached the hub. ``urgent``: somebody waits for it.
    """

    key: int
    lane: int
    number: str
    size: int
    urgent: bool = False
    ask: bool = False
    left: bool = False
    code: str = ""
    item: object = None
    in_flight: bool = False


@dataclass(slots=True)
class _Lane:
    queue: OrderedDict[int, Work] = field(default_factory=OrderedDict)
    in_flight: bool = False
    urgent: int = 0
    attempts: int = 0
    not_before: float = float("-inf")


class Lanes:
    """All work that is not done, by lane."""

    def __init__(self) -> None:
        self._lanes: dict[int, _Lane] = {}
        self._work: dict[int, Work] = {}
        self._urgent: OrderedDict[int, None] = OrderedDict()
        self._backlog: OrderedDict[int, None] = OrderedDict()
        self._resting: dict[int, None] = {}

    def __len__(self) -> int:
        return len(self._work)

    def __iter__(self) -> Iterator[Work]:
        return iter(tuple(self._work.values()))

    def get(self, key: int) -> Work | None:
        """The work of that key, if it is not done."""
        return self._work.get(key)

    def add(self, work: Work) -> None:
        """Put ``work`` at the end of its lane; entries of one lane must come in the order of their seq."""
        assert work.key not in self._work
        lane = self._lanes.setdefault(work.lane, _Lane())
        lane.queue[work.key] = work
        lane.urgent += work.urgent
        self._work[work.key] = work
        self._place(work.lane)

    def hurry(self, key: int) -> None:
        """Somebody waits for it: its lane goes first, and rests no longer."""
        work = self._work.get(key)
        if work is None:
            return
        lane = self._lanes[work.lane]
        lane.urgent += not work.urgent
        work.urgent = True
        lane.not_before = float("-inf")
        self._place(work.lane)

    def calm(self, key: int) -> None:
        """Nobody waits for it any more."""
        work = self._work.get(key)
        if work is not None and work.urgent:
            work.urgent = False
            self._lanes[work.lane].urgent -= 1
            self._place(work.lane)

    def remove(self, key: int) -> Work | None:
        """It is done, or withdrawn: forget it."""
        work = self._work.pop(key, None)
        if work is None:
            return None
        lane = self._lanes[work.lane]
        del lane.queue[key]
        lane.urgent -= work.urgent
        if not lane.queue and not lane.in_flight:
            self._unplace(work.lane)
            del self._lanes[work.lane]
        else:
            self._place(work.lane)
        return work

    def take(self, now: float, items_max: int, bytes_max: int, share: int, *, backlog: bool) -> list[Work]:
        """The next batch, marked in flight: urgent lanes (at most ``1/share`` of those that are ready, so that other workers have their
        part), or, if there is none and ``backlog`` is allowed, backlog lanes. Empty: nothing is ready.
        """
        self._wake(now)
        names = list(islice(self._urgent, max(1, -(-len(self._urgent) // max(share, 1)))))
        if not names and backlog:
            names = list(islice(self._backlog, items_max))
        batch: list[Work] = []
        room = bytes_max
        for name in names:
            if len(batch) >= items_max:
                break
            taken = _head(self._lanes[name], items_max - len(batch), room, first=not batch)
            if not taken:
                break
            batch += taken
            room -= sum(work.size for work in taken)
            self._lanes[name].in_flight = True
            self._unplace(name)
        for work in batch:
            work.in_flight = True
        return batch

    def landed(self, batch: Sequence[Work]) -> None:
        """The exchange of ``batch`` is over; what was not removed is back in its place."""
        for work in batch:
            work.in_flight = False
        for name in {work.lane for work in batch}:
            lane = self._lanes.get(name)
            if lane is None:
                continue
            lane.in_flight = False
            if lane.queue:
                self._place(name)
            else:
                self._unplace(name)
                del self._lanes[name]

    def attempts(self, name: int) -> int:
        """How often in a row the lane was told ``again``, counting this time."""
        lane = self._lanes.get(name)
        if lane is None:
            return 1
        lane.attempts += 1
        return lane.attempts

    def progressed(self, name: int) -> None:
        """The lane got an answer other than ``again``."""
        if name in self._lanes:
            self._lanes[name].attempts = 0

    def rest(self, name: int, until: float) -> None:
        """Leave the lane alone until then."""
        if name in self._lanes:
            self._lanes[name].not_before = until
            self._place(name)

    def next_wake(self) -> float | None:
        """When the first resting lane is due again; ``None``: none rests."""
        return min((self._lanes[name].not_before for name in self._resting), default=None)

    def ready(self, now: float) -> bool:
        """Whether anything could be taken now."""
        self._wake(now)
        return bool(self._urgent or self._backlog)

    def _wake(self, now: float) -> None:
        for name in [n for n in self._resting if self._lanes[n].not_before <= now]:
            self._lanes[name].not_before = float("-inf")
            self._place(name)

    def _place(self, name: int) -> None:
        """Put the lane where its state says: resting, urgent, backlog, or nowhere while it is in flight or empty."""
        lane = self._lanes[name]
        if lane.in_flight or not lane.queue:
            self._unplace(name)
            return
        where: dict[int, None] = (
            self._resting if lane.not_before > float("-inf") else self._urgent if lane.urgent else self._backlog
        )
        if name in where:
            return
        self._unplace(name)
        where[name] = None

    def _unplace(self, name: int) -> None:
        for where in (self._resting, self._urgent, self._backlog):
            where.pop(name, None)


def _head(lane: _Lane, items: int, room: int, *, first: bool) -> list[Work]:
    """The lane's oldest work within the bounds: all up to its last urgent item, or all if none is; one always fits if ``first``."""
    taken: list[Work] = []
    urgent = lane.urgent
    for work in lane.queue.values():
        if len(taken) >= items or (work.size > room and not (first and not taken)):
            break
        taken.append(work)
        room -= work.size
        if lane.urgent:
            urgent -= work.urgent
            if not urgent:
                break
    return taken
