"""Which msgids the tables may know: a filter in memory, so that a new one is known to be new without a look at the disk.

Of each key it keeps three bits (a Bloom filter); a key that is there is always found, and of those that are not, one or two in a hundred are taken
for one that may be: then the tables are asked. It learns what the tables have after the start, piece by piece beside the work, and until
then takes every key for one that may be there. Of the event loop alone.

When it has taken as many keys as it was made for, it goes on in another layer, twice as large: nothing is moved, so nobody waits. What was pruned
stays in it until the next start.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterable

Page = Callable[[int], Awaitable[tuple[list[int], int]]]
"""The keys of the next entries that the tables have beyond a seq, and the last one's seq; no keys: no more."""

BITS_MIN, BITS_MAX = 1 << 20, 1 << 26
"""Of all layers. With no room for another one, the last takes more than it was made for, and the tables are asked more often."""
LAYER_BITS_MAX = 1 << 24
"""A key of 64 bits tells three places apart in no more."""
BITS_PER_KEY = 16
"""Then one key in two hundred is taken for one of a layer's that is not there."""
_SECOND, _THIRD = 20, 40
"""Where in a key of 64 bits the second and third place are read; the first at its end."""

assert BITS_MIN <= LAYER_BITS_MAX <= BITS_MAX


class Known:
    """The keys; ``whole``: whether it has learned all that the tables have."""

    def __init__(self) -> None:
        self.begin(0)

    def begin(self, count: int) -> None:
        """Make room for ``count`` keys of the tables; nothing was added yet."""
        self.whole = False
        self._layers: list[tuple[bytearray, int]] = []
        bits = BITS_MIN
        while bits < min(LAYER_BITS_MAX, count * BITS_PER_KEY):
            bits *= 2
        self._begin_layer(bits)

    @property
    def bits(self) -> int:
        """How many it has."""
        return sum(8 * len(bits) for bits, _ in self._layers)

    def may_have(self, key: int) -> bool:
        """Whether the tables may know it; false: they certainly do not."""
        return not self.whole or self._has(key)

    def add(self, keys: Iterable[int]) -> None:
        """From now on they may be there."""
        bits, mask = self._layers[-1]
        for key in keys:
            first = key & mask
            if bits[first >> 3] >> (first & 7) & 1 and self._has(key):
                continue
            second, third = key >> _SECOND & mask, key >> _THIRD & mask
            bits[first >> 3] |= 1 << (first & 7)
            bits[second >> 3] |= 1 << (second & 7)
            bits[third >> 3] |= 1 << (third & 7)
            self._room -= 1
            if not self._room:
                self._grow()
                bits, mask = self._layers[-1]

    def _has(self, key: int) -> bool:
        for bits, mask in self._layers:
            at = key & mask
            if not bits[at >> 3] >> (at & 7) & 1:
                continue
            at = key >> _SECOND & mask
            if not bits[at >> 3] >> (at & 7) & 1:
                continue
            at = key >> _THIRD & mask
            if bits[at >> 3] >> (at & 7) & 1:
                return True
        return False

    def _grow(self) -> None:
        bits = min(LAYER_BITS_MAX, 2 * 8 * len(self._layers[-1][0]))
        if self.bits + bits <= BITS_MAX:
            with contextlib.suppress(MemoryError):  # no key may be lost: the last layer takes more
                self._begin_layer(bits)

    def _begin_layer(self, bits: int) -> None:
        self._layers.append((bytearray(bits // 8), bits - 1))
        self._room = bits // BITS_PER_KEY

    async def learn(self, page: Page) -> None:
        """Take in what the tables have."""
        after = 0
        while True:
            keys, after = await page(after)
            if not keys:
                break
            self.add(keys)
        self.whole = True
