"""A large table as it lies in a bundle: sorted codes, and one record of bytes each that is decoded when somebody asks for it.

PURE. Rules
    * A catalogue has tens of thousands of items, a bill names twenty of them. So a table holds its codes as strings and all its records
      as one run of bytes, and makes an item when it is looked up. What was made lately is kept, never more than ``KEPT_ITEMS_MAX`` times two.
    * It is a ``Mapping`` by code, in the order of the codes, and equal to a ``dict`` that holds the same.
    * Any number of threads may look up at once: two may decode the same record, which makes two equal items.
    * Records hold small numbers instead of what repeats (:class:`Words`): units, sources, tiers, days, ratios.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import lt
from typing import Generic, TypeVar

T = TypeVar("T")
KEPT_ITEMS_MAX = 4_096
"""How many decoded items a table keeps before it begins to forget those that nobody asked for since."""
OFFSET_TYPE = "I"
OFFSET_BYTES = 4

assert array(OFFSET_TYPE).itemsize == OFFSET_BYTES


class TableBroken(ValueError):
    """Codes, offsets and records do not belong together."""


class Table(Mapping[str, T], Generic[T]):
    """Items by code over ``records``, of which the one of ``codes[n]`` lies from ``offsets[n]`` to ``offsets[n + 1]``.

    Args:
        codes: sorted, each once.
        decode: makes the item of a code from its record; what it raises goes to who looked it up.
    """

    __slots__ = ("_codes", "_decode", "_fresh", "_kept", "_offsets", "_records")

    def __init__(
        self, codes: list[str], offsets: array[int], records: bytes, decode: Callable[[str, bytes], T]
    ) -> None:
        self._codes = codes
        self._offsets = offsets
        self._records = records
        self._decode = decode
        self._fresh: dict[str, T] = {}
        self._kept: dict[str, T] = {}

    def __getitem__(self, code: str) -> T:
        found = self._fresh.get(code)
        if found is not None:
            return found
        found = self._kept.get(code)
        if found is None:
            place = bisect_left(self._codes, code)
            if place == len(self._codes) or self._codes[place] != code:
                raise KeyError(code)
            found = self._decode(code, self._records[self._offsets[place] : self._offsets[place + 1]])
        if len(self._fresh) >= KEPT_ITEMS_MAX:
            self._fresh, self._kept = {}, self._fresh
        self._fresh[code] = found
        return found

    def get(self, code: str, default: T | None = None) -> T | None:  # type: ignore[override]  # one default is enough
        """The item of ``code``, or ``default``."""
        found = self._fresh.get(code)
        if found is not None:
            return found
        try:
            return self[code]
        except KeyError:
            return default

    def decoded(self) -> dict[str, T]:
        """All items, made at once: for who has the room and does not want to wait at the first look-up."""
        records, offsets, decode = self._records, self._offsets, self._decode
        return {code: decode(code, records[offsets[n] : offsets[n + 1]]) for n, code in enumerate(self._codes)}

    def __contains__(self, code: object) -> bool:
        if not isinstance(code, str):
            return False
        place = bisect_left(self._codes, code)
        return place < len(self._codes) and self._codes[place] == code

    def __iter__(self) -> Iterator[str]:
        return iter(self._codes)

    def __len__(self) -> int:
        return len(self._codes)


def encoded(items: Mapping[str, T], encode: Callable[[T], bytes]) -> tuple[list[str], bytes, bytes]:
    """``items`` as sorted codes, offsets (4 bytes each, little-endian) and records."""
    codes = sorted(items)
    offsets, records, length = array(OFFSET_TYPE, [0]), [], 0
    for code in codes:
        record = encode(items[code])
        records.append(record)
        length += len(record)
        offsets.append(length)
    return codes, _swapped(offsets).tobytes(), b"".join(records)


def offsets_of(packed: bytes, codes: list[str], records: bytes) -> array[int]:
    """The offsets in ``packed``, if they and the codes and records belong together.

    Raises:
        TableBroken: they do not.
    """
    offsets = array(OFFSET_TYPE)
    if len(packed) != (len(codes) + 1) * OFFSET_BYTES:
        raise TableBroken("as many offsets as codes, and one")
    offsets.frombytes(packed)
    offsets = _swapped(offsets)
    if offsets[0] != 0 or offsets[-1] != len(records) or not all(map(lt, offsets, offsets[1:])):
        raise TableBroken("offsets grow from nothing to the end of the records")
    if not all(map(lt, codes, codes[1:])):
        raise TableBroken("codes are sorted, each once")
    return offsets


def _swapped(offsets: array[int]) -> array[int]:
    if sys.byteorder == "big":
        offsets.byteswap()
    return offsets


class Words:
    """What repeats in the records of a table, each once; numbered in the order of their text."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = sorted(set(texts))
        self._numbers = {text: number for number, text in enumerate(self.texts)}

    def __getitem__(self, text: str) -> int:
        return self._numbers[text]
