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
from itertools import groupby

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


def root(links: Sequence[bytes]) -> bytes:
    """The root over at least one link."""
    assert links
    level = [hashlib.sha256(b"\x02" + link).digest() for link in links]
    while len(level) > 1:
        level = _above(level)
    return level[0]


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
    """The days before ``today`` and beyond ``after``, the last one signed, that ``segments`` (in order, those since then) make. What came after
    a segment of today is today's.
    """
    yesterday, latest = today - timedelta(days=1), max(after, date.min) + timedelta(days=1)
    held = list(segments)
    ended = max((place for place, one in enumerate(held) if _day(one) < today), default=-1)
    if latest > yesterday:
        return []
    dated: list[tuple[date, Head]] = []
    for one in held[: ended + 1]:
        latest = min(max(latest, _day(one)), yesterday)
        dated.append((latest, one))
    days = []
    for day, group in groupby(dated, key=lambda pair: pair[0]):
        heads = [head for _, head in group]
        last = heads[-1]
        days.append(
            Day(
                day=day,
                first=heads[0].first,
                last=last.first + last.count - 1,
                root=root([head.link for head in heads]),
            )
        )
    return days


def _day(head: Head) -> date:
    return instant(head.at).date()


def _above(level: list[bytes]) -> list[bytes]:
    """An odd one at the end goes up as it is."""
    pairs = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return pairs + level[len(pairs) * 2 :]


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x03" + left + right).digest()
