"""PURE: one root a UTC day over the journal's segments, and the path from a segment to it.

The root is that of a Merkle tree (RFC 6962, 2.1, with our own prefixes) over the links of the day's segments, in their order. A link holds its
segment and everything before it, so a root holds the journal's whole past, and the path from one segment is a few hashes long.

::

    leaf = SHA-256(02 || link)        node = SHA-256(03 || left || right)

Which day a segment belongs to is read off the clock of its commit; but a clock may jump, and days must follow each other without a gap: a
segment is never of an earlier day than one before it, and never of a day that has not ended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from msgspec import Struct

from edge.journal.records import instant


class Day(Struct, frozen=True, kw_only=True):
    """One finished day: its segments hold the records ``first`` to ``last`` without a gap, under ``root``."""

    day: date
    first: int
    last: int
    root: bytes


class Step(Struct, frozen=True, array_like=True):
    """One step of a path: the neighbour, and whether it stands to the left."""

    left: bool
    neighbour: bytes


class Head(Struct, frozen=True, array_like=True):
    """What of a segment is needed here: ``at`` in microseconds since 1970."""

    first: int
    count: int
    at: int
    link: bytes


class Tree:
    """Grows link by link and holds a few hashes, however many there were."""

    def __init__(self) -> None:
        self._peaks: list[tuple[int, bytes]] = []

    def add(self, link: bytes) -> None:
        """The next one."""
        size, value = 1, hashlib.sha256(b"\x02" + link).digest()
        while self._peaks and self._peaks[-1][0] == size:
            value = _node(self._peaks.pop()[1], value)
            size *= 2
        self._peaks.append((size, value))

    def root(self) -> bytes:
        """Over at least one link."""
        value = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            value = _node(left, value)
        return value


def root(links: Iterable[bytes]) -> bytes:
    """The root over at least one link."""
    tree = Tree()
    for link in links:
        tree.add(link)
    return tree.root()


def path(links: Sequence[bytes], place: int) -> list[Step]:
    """From ``links[place]`` to the root."""
    level = [hashlib.sha256(b"\x02" + link).digest() for link in links]
    steps = []
    while len(level) > 1:
        neighbour = place ^ 1
        if neighbour < len(level):
            steps.append(Step(neighbour < place, level[neighbour]))
        level, place = _above(level), place // 2
    return steps


def root_by(link: bytes, steps: Iterable[Step]) -> bytes:
    """The root to which a path leads."""
    value = hashlib.sha256(b"\x02" + link).digest()
    for step in steps:
        value = _node(step.neighbour, value) if step.left else _node(value, step.neighbour)
    return value


def finished(segments: Iterable[Head], today: date, after: date = date.min) -> list[Day]:
    """The days before ``today`` and beyond ``after``, the last one signed, that ``segments`` make: in order those since then, the last of
    them from before ``today``. They are looked at one by one and not kept.
    """
    yesterday, latest = today - timedelta(days=1), after + timedelta(days=1)
    found: list[Day] = []
    if latest > yesterday:
        return found
    tree, first, last = Tree(), 0, 0
    for one in segments:
        day = min(max(latest, _day(one)), yesterday)
        if last and day != latest:
            found.append(Day(day=latest, first=first, last=last, root=tree.root()))
            tree, last = Tree(), 0
        first = first if last else one.first
        latest, last = day, one.first + one.count - 1
        tree.add(one.link)
    if last:
        found.append(Day(day=latest, first=first, last=last, root=tree.root()))
    return found


def _day(head: Head) -> date:
    return instant(head.at).date()


def _above(level: list[bytes]) -> list[bytes]:
    """An odd one at the end goes up as it is."""
    pairs = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return pairs + level[len(pairs) * 2 :]


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x03" + left + right).digest()
