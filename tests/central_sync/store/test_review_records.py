"""The next round of a deferred share."""

from datetime import timedelta

from tests.central_sync.hospital import NOW
from tests.central_sync.store.deferred import share


def test_the_next_round_is_due_and_knows_nothing_of_the_last_one():
    later = NOW + timedelta(hours=1)
    old = share(state="declined", tries=3, next_at=None, reason="not_covered", answered_at=NOW, answer=b"x")
    assert old.asked_anew(later) == share(round=2, next_at=later)
