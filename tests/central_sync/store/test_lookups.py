"""Lists for people: within the scope, page by page, by an index."""

from __future__ import annotations

from central_sync.payers import lifecycle as shares
from central_sync.review import lifecycle as entries
from tests.central_sync.hospital import NOW


def test_what_wants_to_be_seen_to_is_counted_within_the_scope_and_up_to_a_bound(store, hospital, other) -> None:
    for _ in range(3):
        hospital.settled(100_00)
    other.settled(100_00)

    def awaited(scope, counted_max=100) -> int:
        with store.read() as uow:
            return uow.lookups.counts(scope, NOW, shares.OPEN, entries.OPEN, counted_max)["awaited"]

    assert awaited(None) == 4
    assert awaited(frozenset({"H1"})) == 3
    assert awaited(frozenset({"H3"})) == awaited(frozenset()) == 0
    assert awaited(None, 2) == 2
