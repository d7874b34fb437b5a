"""PURE: what do two sides hold differently, found by digests of ranges, so that the cost grows with the differences and not with the day.

An item is 8 bytes of key (from the msgid) and 8 bytes of fingerprint (from all that both sides must agree on). Keys are spread evenly,
so a range is a prefix of a key's 16 hexadecimal digits. The asking side (:class:`Comparison`) splits 16-fold the ranges whose
count or digest differ until one holds few enough items to be listed; the answering side (:func:`answered`) keeps nothing between questions.

What is compared: transactions that are final on either side, and at the edge those still open. A refused one moved nothing; held
as final by one side only, it shows.

The digest of a range is the sum modulo 2^128 of its items' SHA-256 values, so that running sums give it for any range. By accident
two different ranges agree once in 2^128. Against malice a sum of hashes is weak, and need not be strong: whoever answers is
authenticated and could as well answer with the true digests of what it does not hold. Evidence is the journal's chain and the hub's
receipts.

A hub that contradicts itself (its data changed meanwhile, or it is no hub of ours) is found out: each answer must add up to what the
one before said. So every comparison ends, with the exact difference or with ``compare_inconsistent``.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from central_sync.wire.limits import (
    COMPARE_ITEMS_MAX,
    COMPARE_LIST_ITEMS,
    COMPARE_LIST_ITEMS_MAX,
    COMPARE_RANGES_MAX,
    COMPARE_ROUNDS_MAX,
    WIRE_VERSION,
)
from central_sync.wire.messages import CompareAnswer, CompareRequest, Named
from central_sync.wire.refusals import Refused

KEY_BYTES = 8
FINGERPRINT_BYTES = 8
ITEM_BYTES = KEY_BYTES + FINGERPRINT_BYTES
DIGITS = 2 * KEY_BYTES
CHILDREN = "0123456789abcdef"
_STATEMENT_BYTES = 4 + 16
_SUM = 1 << 128
_PREFIX = re.compile(rf"^[0-9a-f]{{0,{DIGITS}}}\Z")


def key_of(msgid: str) -> bytes:
    """The key of a transaction: BLAKE2b over its msgid, 8 bytes, personalised ``m``; the journal's tables have it too."""
    return hashlib.blake2b(msgid.encode("utf-8", "surrogatepass"), digest_size=KEY_BYTES, person=b"m").digest()


def fingerprint_of(digest: bytes, *, final: bool, confirmation: str) -> bytes:
    """What both sides must agree on: the transaction's digest (its first 8 bytes), whether the hub has carried it out, and its
    confirmation (``none``, ``awaited``, …).
    """
    return hashlib.sha256(bytes([final]) + confirmation.encode() + b"\0" + digest[:8]).digest()[:FINGERPRINT_BYTES]


class Range(NamedTuple):
    """What a side states of a range: how many items it holds there, and their digest."""

    size: int
    digest: int


class Differences(NamedTuple):
    """Keys in order: ``here`` only at the asking side, ``there`` only at the other, ``unlike`` at both with different fingerprints."""

    here: list[bytes]
    there: list[bytes]
    unlike: list[bytes]


class Items:
    """A set to compare, sorted, 32 bytes an item. Of two items with one key the fingerprints are added, on both sides alike."""

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        held: dict[int, int] = {}
        for key, fingerprint in pairs:
            number = int.from_bytes(key)
            held[number] = (held.get(number, 0) + int.from_bytes(fingerprint)) % (1 << 64)
        self._keys = array("Q", sorted(held))
        self._fingerprints = array("Q", (held[key] for key in self._keys))
        self._high, self._low = array("Q", [0]), array("Q", [0])
        total = 0
        for item in zip(self._keys, self._fingerprints, strict=True):
            total = (total + _value(*item)) % _SUM
            self._high.append(total >> 64)
            self._low.append(total & (1 << 64) - 1)

    def __len__(self) -> int:
        return len(self._keys)

    def range(self, prefix: str) -> Range:
        """Count and digest of the items whose keys begin with ``prefix`` (hexadecimal digits)."""
        first, last = self._bounds(prefix)
        return Range(last - first, (self._running(last) - self._running(first)) % _SUM)

    def within(self, prefix: str) -> dict[int, int]:
        """Key → fingerprint of those items, in order."""
        first, last = self._bounds(prefix)
        return dict(zip(self._keys[first:last], self._fingerprints[first:last], strict=True))

    def _running(self, position: int) -> int:
        return self._high[position] << 64 | self._low[position]

    def _bounds(self, prefix: str) -> tuple[int, int]:
        least, most = _keys_of(prefix)
        return bisect_left(self._keys, least), bisect_left(self._keys, most)


# -- the answering side -------------------------------------------------------------------------------------------------


def answered(
    items: Items, request: CompareRequest, named: Callable[[bytes], Named | None], hub_time: datetime
) -> CompareAnswer:
    """The answer to ``request`` out of ``items``, those of its window; ``named`` finds a transaction by its key.

    Rounds of one comparison go best over the same ``items``: keep them for a few seconds.

    Raises:
        Refused: ``packet_invalid``: the request asks for too much, or for no range.
    """
    if len(request.splits) + len(request.lists) + len(request.names) > COMPARE_RANGES_MAX:
        raise Refused("packet_invalid", f"over {COMPARE_RANGES_MAX} ranges")
    if any(_PREFIX.match(prefix) is None for prefix in [*request.splits, *request.lists]):
        raise Refused("packet_invalid", "a range is up to 16 hexadecimal digits")
    if any(len(prefix) == DIGITS for prefix in request.splits):
        raise Refused("packet_invalid", "a single key cannot be split")
    if any(items.range(prefix).size > COMPARE_LIST_ITEMS_MAX for prefix in request.lists):
        raise Refused("packet_invalid", f"a range of over {COMPARE_LIST_ITEMS_MAX} items is not listed")
    if any(len(key) != KEY_BYTES for key in request.names):
        raise Refused("packet_invalid", "a key is 8 bytes")
    return CompareAnswer(
        version=WIRE_VERSION,
        hub_time=hub_time,
        splits=[b"".join(_stated(items.range(prefix + digit)) for digit in CHILDREN) for prefix in request.splits],
        lists=[
            b"".join(key.to_bytes(KEY_BYTES) + mark.to_bytes(FINGERPRINT_BYTES) for key, mark in listed.items())
            for listed in map(items.within, request.lists)
        ],
        names=[found for key in request.names if (found := named(key)) is not None],
    )


# -- the asking side ----------------------------------------------------------------------------------------------------


class Comparison:
    """One comparison, by the side that asks: send what :meth:`questions` gives, hand the answer to :meth:`receive`, until there
    are no more questions; then :attr:`differences` is exact.
    """

    def __init__(self, ours: Items) -> None:
        self._ours = ours
        self._open: list[tuple[str, Range | None]] = [("", None)]
        self._asked: tuple[list[tuple[str, Range | None]], list[tuple[str, Range]]] = ([], [])
        self._here: list[int] = []
        self._there: list[int] = []
        self._unlike: list[int] = []
        self.rounds = 0

    @property
    def differences(self) -> Differences:
        """What was found so far."""
        here, there, unlike = (
            [key.to_bytes(KEY_BYTES) for key in sorted(keys)] for keys in (self._here, self._there, self._unlike)
        )
        return Differences(here, there, unlike)

    def questions(self) -> tuple[list[str], list[str]] | None:
        """The ranges to split and the ranges to list in the next round; ``None``: all is known.

        Raises:
            Refused: ``compare_inconsistent`` after too many rounds.
        """
        if not self._open:
            return None
        self.rounds += 1
        if self.rounds > COMPARE_ROUNDS_MAX:
            raise Refused("compare_inconsistent", f"no end after {COMPARE_ROUNDS_MAX} rounds")
        taken, self._open = self._open[:COMPARE_RANGES_MAX], self._open[COMPARE_RANGES_MAX:]
        few = [(prefix, stated) for prefix, stated in taken if stated and stated.size <= COMPARE_LIST_ITEMS]
        many = [(prefix, stated) for prefix, stated in taken if not stated or stated.size > COMPARE_LIST_ITEMS]
        self._asked = many, few
        return [prefix for prefix, _ in many], [prefix for prefix, _ in few]

    def receive(self, answer: CompareAnswer) -> None:
        """Take the answer to the last questions.

        Raises:
            Refused: ``compare_inconsistent``.
        """
        many, few = self._asked
        if len(answer.splits) != len(many) or len(answer.lists) != len(few):
            raise Refused("compare_inconsistent", "not the ranges that were asked for")
        for (prefix, stated), split in zip(many, answer.splits, strict=True):
            self._compare(prefix, _children(split, prefix, stated))
        for (prefix, promised), listed in zip(few, answer.lists, strict=True):
            self._match(prefix, _listed(listed, prefix, promised))

    def _compare(self, prefix: str, children: list[Range]) -> None:
        for digit, theirs in zip(CHILDREN, children, strict=True):
            ours = self._ours.range(prefix + digit)
            if theirs == ours:
                continue
            if theirs.size:
                self._open.append((prefix + digit, theirs))
            else:
                self._here += self._ours.within(prefix + digit)

    def _match(self, prefix: str, theirs: dict[int, int]) -> None:
        ours = self._ours.within(prefix)
        self._here += ours.keys() - theirs.keys()
        self._there += theirs.keys() - ours.keys()
        self._unlike += [key for key in ours.keys() & theirs.keys() if ours[key] != theirs[key]]


def _children(split: bytes, prefix: str, stated: Range | None) -> list[Range]:
    """The 16 statements in ``split``, which add up to what was ``stated`` of the whole."""
    if len(split) != len(CHILDREN) * _STATEMENT_BYTES:
        raise Refused("compare_inconsistent", "a split that is none")
    parts = (split[at : at + _STATEMENT_BYTES] for at in range(0, len(split), _STATEMENT_BYTES))
    children = [Range(int.from_bytes(part[:4]), int.from_bytes(part[4:])) for part in parts]
    total = Range(sum(child.size for child in children), sum(child.digest for child in children) % _SUM)
    if stated is not None and total != stated:
        raise Refused("compare_inconsistent", "the parts of a range do not add up")
    if total.size > COMPARE_ITEMS_MAX:
        raise Refused("compare_inconsistent", f"over {COMPARE_ITEMS_MAX} items: compare a shorter time")
    if any(child.digest and not child.size for child in children):
        raise Refused("compare_inconsistent", "an empty range with a digest")
    if len(prefix) == DIGITS - 1 and any(child.size > 1 for child in children):
        raise Refused("compare_inconsistent", "one key twice")
    return children


def _listed(listed: bytes, prefix: str, stated: Range) -> dict[int, int]:
    """The items in ``listed``, which are those of ``prefix``, in order, and what was ``stated`` of them."""
    if len(listed) != stated.size * ITEM_BYTES:
        raise Refused("compare_inconsistent", "not as many items as were stated")
    parts = [listed[at : at + ITEM_BYTES] for at in range(0, len(listed), ITEM_BYTES)]
    items = {int.from_bytes(part[:KEY_BYTES]): int.from_bytes(part[KEY_BYTES:]) for part in parts}
    keys = list(items)
    least, most = _keys_of(prefix)
    if len(items) != len(parts) or keys != sorted(keys) or not all(least <= key < most for key in keys):
        raise Refused("compare_inconsistent", "items out of order or out of range")
    if sum(_value(*item) for item in items.items()) % _SUM != stated.digest:
        raise Refused("compare_inconsistent", "the items are not those that were stated")
    return items


def _value(key: int, fingerprint: int) -> int:
    whole = key.to_bytes(KEY_BYTES) + fingerprint.to_bytes(FINGERPRINT_BYTES)
    return int.from_bytes(hashlib.sha256(whole).digest()[:16])


def _stated(stated: Range) -> bytes:
    return stated.size.to_bytes(4) + stated.digest.to_bytes(16)


def _keys_of(prefix: str) -> tuple[int, int]:
    """The least key of ``prefix``, and the least key beyond it."""
    width = 4 * (DIGITS - len(prefix))
    least = int(prefix or "0", 16) << width
    return least, least + (1 << width)
