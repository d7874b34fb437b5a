"""Which msgids the tables may know: a Bloom filter in memory, so that a new one is known to be new without a look at the disk.

A key that is there is always found, and of those that are not, one in a hundred at most is taken for one that may be: then the tables are asked. It
learns what the tables have after the start, piece by piece beside the work, and until then takes every key for one that may be there. Of the
event loop alone.

When it has taken as many keys as it was made for, it goes on in another layer, twice as large: nothing is moved, so nobody waits. What was pruned
stays in it until the next start.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterable

from rbloom import Bloom

Page = Callable[[int], Awaitable[tuple[list[int], int]]]
"""The keys of the next entries that the tables have beyond a seq, and the last one's seq; no keys: no more."""

KEYS_MIN, KEYS_MAX = 1 << 16, 1 << 22
"""What all layers together are made for. Where another one would be small beside them, the last takes more than it was made for, and the tables are asked more often."""
MISTAKEN = 0.005
"""Of the keys that a layer does not have, the part that it is taken to have."""


class Known:
    """The keys; ``whole``: whether it has learned all that the tables have; ``keys``: how many it was made for, all layers together."""

    def __init__(self) -> None:
        self.begin(0)

    def begin(self, count: int) -> None:
        """Make room for ``count`` keys of the tables, and as many more; nothing was added yet."""
        self.whole = False
        self.keys = 0
        self._layers: list[Bloom] = []
        self._begin_layer(max(KEYS_MIN, 2 * count))

    def may_have(self, key: int) -> bool:
        """Whether the tables may know it; false: they certainly do not."""
        return not self.whole or self._has(key)

    def add(self, keys: Iterable[int]) -> None:
        """From now on they may be there."""
        fresh = [key for key in keys if not self._has(key)]
        self._layers[-1].update(fresh)
        self._room -= len(fresh)
        if self._room <= 0 and KEYS_MAX - self.keys >= self.keys // 2:
            with contextlib.suppress(MemoryError):  # no key may be lost: the last layer takes more
                self._begin_layer(2 * self.keys)

    def _has(self, key: int) -> bool:
        for layer in self._layers:  # noqa: SIM110 -- at every call: a generator takes twice as long
            if key in layer:
                return True
        return False

    def _begin_layer(self, keys: int) -> None:
        """Of so many keys, as far as there is room for them."""
        room = min(keys, KEYS_MAX - self.keys)
        self._layers.append(Bloom(room, MISTAKEN))
        self.keys += room
        self._room = room

    async def learn(self, page: Page) -> None:
        """Take in what the tables have."""
        after = 0
        while True:
            keys, after = await page(after)
            if not keys:
                break
            self.add(keys)
        self.whole = True
