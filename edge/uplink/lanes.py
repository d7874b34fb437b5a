"""PURE: which work goes next, so that a lane keeps its order and nobody waits for a stranger.

Rules
    * Work of one lane leaves in the order of its entries; a lane has at most one batch in flight.
    * An interactive item takes its lane's earlier work with it. Interactive lanes go before the backlog.
    * A lane that was told ``again`` rests until its time; other lanes do not notice.
    * A lane of which not everything is here (``cut``) sends nothing newer than what is known to be whole.
    * A parked entry holds what came after it in its lane; in the lanes of ``aside`` it steps aside.
    * A fence that may have left is never withdrawn. ``left`` is forgotten only when an answer proves that nothing was applied.
    * Work under suspicion (``cap``) travels in batches of at most that many.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

NEVER = float("-inf")
ALWAYS = float("inf")


@dataclass(slots=True, eq=False)
class Work:
    """One thing to carry. ``key``: the entry's seq, or a negative number for a read. ``order``: its place in its lane (an entry's seq; a
    read's lies behind the newest entry). ``item``: what goes on the line of a read; an entry's is in the journal.

    ``code``: why it was told ``again`` the last time. ``ask``: carry the question what became of it, in its place. ``left``: it may have
    reached the hub. ``urgent``: somebody waits for it. ``dormant``: it may not go yet, nor what came after it. ``cap``, ``tries``, ``heard``, ``decided``: see ``suspicion.py``.
    """

    key: int
    lane: int
    number: str
    size: int
    order: float = NEVER
    urgent: bool = False
    dormant: bool = False
    ask: bool = False
    left: bool = False
    code: str = ""
    item: object = None
    in_flight: bool = False
    cap: int = 0
    tries: int = 0
    heard: int = -1
    decided: int = -1

    def __post_init__(self) -> None:
        if self.order == NEVER:
            self.order = float(self.key)


@dataclass(slots=True)
class _Lane:
    queue: OrderedDict[int, Work] = field(default_factory=OrderedDict)
    in_flight: bool = False
    urgent: int = 0
    attempts: int = 0
    not_before: float = NEVER


class Lanes:
    """All work at hand, by lane. ``aside``: lanes that a parked entry does not hold."""

    def __init__(self, aside: Collection[int] = ()) -> None:
        self._aside = frozenset(aside)
        self._lanes: dict[int, _Lane] = {}
        self._work: dict[int, Work] = {}
        self._urgent: OrderedDict[int, None] = OrderedDict()
        self._backlog: OrderedDict[int, None] = OrderedDict()
        self._resting: dict[int, None] = {}
        self._parked: dict[int, set[int]] = {}
        self._cut: dict[int, float] = {}
        self._owed: set[int] = set()

    def __len__(self) -> int:
        return len(self._work)

    def __iter__(self) -> Iterator[Work]:
        return iter(tuple(self._work.values()))

    def get(self, key: int) -> Work | None:
        """The work of that key, if it is here and not done."""
        return self._work.get(key)

    def add(self, work: Work) -> None:
        """Put ``work`` in its place in its lane."""
        assert work.key not in self._work
        lane = self._lanes.setdefault(work.lane, _Lane())
        last = lane.queue[next(reversed(lane.queue))] if lane.queue else None
        lane.queue[work.key] = work
        if last is not None and last.order > work.order:
            lane.queue = OrderedDict(sorted(lane.queue.items(), key=lambda pair: pair[1].order))
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
        lane.not_before = NEVER
        self._place(work.lane)

    def calm(self, key: int) -> None:
        """Nobody waits for it any more."""
        work = self._work.get(key)
        if work is not None and work.urgent:
            work.urgent = False
            self._lanes[work.lane].urgent -= 1
            self._place(work.lane)

    def wake(self, key: int) -> None:
        """What was dormant may go."""
        work = self._work.get(key)
        if work is not None:
            work.dormant = False
            self._place(work.lane)

    def remove(self, key: int) -> Work | None:
        """It is done, withdrawn or parked: forget it."""
        work = self._work.pop(key, None)
        if work is None:
            return None
        lane = self._lanes[work.lane]
        del lane.queue[key]
        lane.urgent -= work.urgent
        self._settle(work.lane)
        return work

    def spill(self, name: int) -> list[int]:
        """Forget the lane's newest entries that nobody waits for and that are not under way; their keys, the oldest last."""
        lane, spilled = self._lanes.get(name), []
        while lane is not None and lane.queue:
            work = lane.queue[next(reversed(lane.queue))]
            if work.urgent or work.in_flight or work.key < 0:
                break
            del lane.queue[work.key], self._work[work.key]
            spilled.append(work.key)
        if spilled:
            if name in self._cut:
                self._cut[name] = min(self._cut[name], spilled[-1] - 1)
            self._settle(name)
        return spilled

    # -- what is taken --------------------------------------------------------------------------------------------

    def take_urgent(self, now: float, items_max: int, bytes_max: int, share: int) -> list[Work]:
        """The next interactive batch, marked in flight: of the lanes that are ready at most ``1/share``, so that other workers have their part.
        Empty: nobody waits for anything that may go.
        """
        self._wake(now)
        return self._gather(
            list(islice(self._urgent, max(1, -(-len(self._urgent) // max(share, 1))))), items_max, bytes_max
        )

    def take_backlog(self, now: float, items_max: int, bytes_max: int) -> list[Work]:
        """The next batch of what nobody waits for, marked in flight."""
        self._wake(now)
        return self._gather(list(islice(self._backlog, items_max)), items_max, bytes_max)

    def _gather(self, names: Sequence[int], items_max: int, bytes_max: int) -> list[Work]:
        batch: list[Work] = []
        room = bytes_max
        for name in names:
            if len(batch) >= items_max:
                break
            taken, items_max = self._head(name, len(batch), items_max, room)
            if not taken:
                if not batch or self._first(name).cap:
                    continue  # it does not fit beside others, or stands behind what is parked
                break
            batch += taken
            room -= sum(work.size for work in taken)
            self._lanes[name].in_flight = True
            self._unplace(name)
        for work in batch:
            work.in_flight = True
        return batch

    def _head(self, name: int, had: int, items_max: int, room: int) -> tuple[list[Work], int]:
        """The lane's oldest work that fits beside ``had`` others: all up to its last urgent item, or all if none is; one always fits
        alone. And how many the batch may hold now that these are in it.
        """
        lane, end = self._lanes[name], self._end(name)
        taken: list[Work] = []
        urgent = lane.urgent
        for work in lane.queue.values():
            most = min(items_max, work.cap) if work.cap else items_max
            count = had + len(taken)
            if count >= most or (work.size > room and count) or work.order > end or work.dormant:
                break
            items_max = most
            taken.append(work)
            room -= work.size
            if urgent:
                urgent -= work.urgent
                if not urgent:
                    break
        return taken, items_max

    def landed(self, batch: Sequence[Work]) -> None:
        """The exchange of ``batch`` is over; what was not removed is back in its place."""
        for work in batch:
            work.in_flight = False
        for name in {work.lane for work in batch}:
            lane = self._lanes.get(name)
            if lane is not None:
                lane.in_flight = False
                self._trim(name)
                self._settle(name)

    # -- what holds a lane ----------------------------------------------------------------------------------------

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

    def cut(self, name: int) -> None:
        """Entries of the lane may be missing here: hold it until ``fill`` tells how far it is whole."""
        self._cut.setdefault(name, NEVER)
        if name in self._lanes:
            self._place(name)

    def cut_after_last(self, name: int) -> None:
        """Everything of the lane up to its newest entry is here; what is newer is not, and is to be looked up."""
        queue = self._lanes[name].queue
        self._cut.setdefault(name, queue[next(reversed(queue))].order)
        self._owed.add(name)

    def owe(self, name: int) -> None:
        """An entry of a lane that is cut was passed over: the lane is to be looked up, whoever waits."""
        self._owed.add(name)

    def fill(self, name: int, upto: float = ALWAYS) -> None:
        """Everything of the lane up to that order is here; without it: everything."""
        if upto == ALWAYS:
            self._cut.pop(name, None)
            self._owed.discard(name)
        else:
            self._cut[name] = upto
        if name in self._lanes:
            self._place(name)

    def wanting(self, *, room: bool) -> list[int]:
        """The lanes that can send nothing before they are looked up: those that somebody waits for, others of which something is here, and,
        if there is ``room``, the rest.
        """
        here = [n for n, upto in self._cut.items() if n in self._lanes and self._wants(n, upto)]
        here.sort(key=lambda n: not self._lanes[n].urgent)
        return [*here, *(n for n in self._cut if n not in self._lanes)] if room else here

    def _wants(self, name: int, upto: float) -> bool:
        lane = self._lanes[name]
        return not lane.queue or self._first(name).order > upto

    def count(self, name: int) -> int:
        """How many of the lane are here."""
        lane = self._lanes.get(name)
        return len(lane.queue) if lane else 0

    def park(self, name: int, key: int) -> None:
        """An entry waits for a person: it is here no more, and holds what came after it, unless its lane steps aside."""
        self.remove(key)
        if name in self._aside:
            return
        self._parked.setdefault(name, set()).add(key)
        if name in self._lanes:
            self._trim(name)
            self._settle(name)

    def unpark(self, name: int, key: int) -> None:
        """A person let it go: it and what stood behind it are to be looked up."""
        parked = self._parked.get(name, set())
        parked.discard(key)
        if not parked:
            self._parked.pop(name, None)
        self._cut[name] = NEVER
        self._owed.add(name)
        if name in self._lanes:
            self._place(name)

    def decided(self, name: int, key: int) -> bool:
        """An entry got its answer. Whether it was parked, so that what stood behind it is to be looked up."""
        if key not in self._parked.get(name, ()):
            return False
        self.unpark(name, key)
        return True

    def held(self, name: int, order: float = ALWAYS) -> bool:
        """Whether what stands there in the lane is held by a parked entry."""
        parked = self._parked.get(name)
        return parked is not None and order > min(parked)

    def beyond(self, name: int, order: float) -> bool:
        """Whether what stands there in the lane may not go, and need not be here."""
        return order > self._end(name)

    def next_wake(self) -> float | None:
        """When the first resting lane is due again; ``None``: none rests."""
        return min((self._lanes[name].not_before for name in self._resting), default=None)

    @property
    def urgent(self) -> bool:
        """Whether somebody waits for something that could be taken now."""
        return bool(self._urgent)

    def ready(self, now: float) -> bool:
        """Whether anything could be taken now."""
        self._wake(now)
        return bool(self._urgent or self._backlog)

    # -- places ---------------------------------------------------------------------------------------------------

    def _first(self, name: int) -> Work:
        return next(iter(self._lanes[name].queue.values()))

    def _end(self, name: int) -> float:
        """The order behind which nothing may go."""
        parked = self._parked.get(name)
        return min(min(parked) if parked else ALWAYS, self._cut.get(name, ALWAYS))

    def _trim(self, name: int) -> None:
        """What stands behind a parked entry, and nobody waits for, need not be here: it is looked up when that is let go."""
        if name not in self._parked:
            return
        queue, end = self._lanes[name].queue, min(self._parked[name])
        for work in [w for w in queue.values() if w.order > end and w.key > 0 and not w.urgent and not w.in_flight]:
            del queue[work.key], self._work[work.key]

    def _wake(self, now: float) -> None:
        for name in [n for n in self._resting if self._lanes[n].not_before <= now]:
            self._lanes[name].not_before = NEVER
            self._place(name)

    def _settle(self, name: int) -> None:
        """Place the lane, or forget it if it is empty and has nothing under way."""
        lane = self._lanes[name]
        if lane.queue or lane.in_flight:
            self._place(name)
        else:
            self._unplace(name)
            del self._lanes[name]
            if name not in self._owed:
                self._cut.pop(name, None)

    def _place(self, name: int) -> None:
        """Put the lane where its state says: resting, urgent, backlog, or nowhere while it may not send."""
        lane = self._lanes[name]
        first = None if lane.in_flight else next(iter(lane.queue.values()), None)
        if first is None or first.dormant or first.order > self._end(name):
            self._unplace(name)
            return
        where: dict[int, None] = (
            self._resting if lane.not_before > NEVER else self._urgent if lane.urgent else self._backlog
        )
        if name in where:
            return
        self._unplace(name)
        where[name] = None

    def _unplace(self, name: int) -> None:
        for where in (self._resting, self._urgent, self._backlog):
            where.pop(name, None)
