"""PURE: how often one address may try a wrong enrolment code within a sliding minute.

There is no bound over all addresses together: against a secret of 80 bits it would protect nothing, and a stranger could
keep everybody else from enrolling.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta

from central_sync.api.limits import (
    ENROL_FAILURES_PER_MINUTE_MAX,
    ENROL_PEERS_REMEMBERED_MAX,
)

MINUTE = timedelta(minutes=1)


class Attempts:
    """Failed attempts of the last minute. In memory: a second process allows as many again, which changes nothing for a
    secret of 80 bits.
    """

    def __init__(self) -> None:
        self._by_peer: OrderedDict[str, deque[datetime]] = OrderedDict()

    def allowed(self, peer: str, now: datetime) -> bool:
        """Whether ``peer`` may try at ``now``."""
        times = self._by_peer.get(peer, deque())
        while times and now - times[0] >= MINUTE:
            times.popleft()
        return len(times) < ENROL_FAILURES_PER_MINUTE_MAX

    def failed(self, peer: str, now: datetime) -> None:
        """Count the failure of an attempt that was allowed."""
        self._by_peer.setdefault(peer, deque()).append(now)
        self._by_peer.move_to_end(peer)
        while len(self._by_peer) > ENROL_PEERS_REMEMBERED_MAX:
            self._by_peer.popitem(last=False)
