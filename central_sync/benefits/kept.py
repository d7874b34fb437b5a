"""What is worked out once for a rulebook or a region, and kept as long as that one lives; bounded, and safe under threads.

PURE: the same is worked out whether it was kept or not. What is kept must not hold the one that it is kept for. Two threads that ask at the
same time may both work it out; one of the two equal answers stays.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Generic, TypeVar
from weakref import ref

K = TypeVar("K")
O = TypeVar("O")
V = TypeVar("V")


class Kept(Generic[O, V]):
    """One ``V`` for each living ``O``, by identity: a rulebook can be neither hashed nor compared at a price one would pay."""

    def __init__(self, make: Callable[[], V]) -> None:
        self._make = make
        self._held: dict[int, tuple[ref[O], V]] = {}

    def of(self, owner: O) -> V:
        """What is kept for ``owner``; made empty at first."""
        held = self._held.get(id(owner))
        if held is not None and held[0]() is owner:
            return held[1]
        made, place = self._make(), id(owner)
        self._held[place] = (ref(owner, lambda dead: self._forget(place, dead)), made)
        return made

    def __len__(self) -> int:
        return len(self._held)

    def _forget(self, place: int, dead: ref[O]) -> None:
        held = self._held.get(place)
        if held is not None and held[0] is dead:
            self._held.pop(place, None)


def remember(known: MutableMapping[K, V], key: K, value: V, entries_max: int) -> V:
    """Keep ``value`` under ``key``. A full mapping begins anew: what is in use comes back by itself."""
    if len(known) >= entries_max:
        known.clear()
    known[key] = value
    return value
