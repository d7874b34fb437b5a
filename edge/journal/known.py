"""Which msgids the tables may know: a filter in memory, so that a new one is known to be new without a look at the disk.

Of each key it keeps three bits (a Bloom filter); a key that is there is always found, and of those that are not, about one in a hundred is taken
for one that may be: then the tables are asked. It learns what the tables have after the start, piece by piece beside the work, and until
then takes every key for one that may be there. Of the event loop alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

Page = Callable[[int | None], Awaitable[list[int]]]
"""The next keys that the tables have beyond the given one (``None``: from the first on), in order; empty: no more."""

BITS_MIN, BITS_MAX = 1 << 20, 1 << 24
BITS_PER_KEY = 11
_SECOND, _THIRD = 20, 40
"""Where in a key of 64 bits the second and third place are read; the first at its end."""


class Known:
    """The keys; ``whole``: whether it has learned all that the tables have."""

    def __init__(self) -> None:
        self._mask = BITS_MIN - 1
        self._bits = bytearray(BITS_MIN // 8)
        self.whole = False

    def may_have(self, key: int) -> bool:
        """Whether the tables may know it; false: they certainly do not."""
        if not self.whole:
            return True
        bits, mask = self._bits, self._mask
        at = key & mask
        if not bits[at >> 3] >> (at & 7) & 1:
            return False
        at = key >> _SECOND & mask
        if not bits[at >> 3] >> (at & 7) & 1:
            return False
        at = key >> _THIRD & mask
        return bool(bits[at >> 3] >> (at & 7) & 1)

    def add(self, keys: Iterable[int]) -> None:
        """From now on they may be there."""
        bits, mask = self._bits, self._mask
        for key in keys:
            at = key & mask
            bits[at >> 3] |= 1 << (at & 7)
            at = key >> _SECOND & mask
            bits[at >> 3] |= 1 << (at & 7)
            at = key >> _THIRD & mask
            bits[at >> 3] |= 1 << (at & 7)

    def begin(self, count: int) -> None:
        """Make room for ``count`` keys of the tables and as many again; nothing was added yet."""
        bits = BITS_MIN
        while bits < min(BITS_MAX, 2 * count * BITS_PER_KEY):
            bits *= 2
        self._mask, self._bits, self.whole = bits - 1, bytearray(bits // 8), False

    async def learn(self, page: Page) -> None:
        """Take in what the tables have."""
        after: int | None = None
        while keys := await page(after):
            self.add(keys)
            after = keys[-1]
        self.whole = True
