"""Central operations as one part of the hub: reports in, the board and its outages, alerts, and those who are told. Pages read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from central_sync.fleet.alarms import Alarms
from central_sync.fleet.alerts import Rule
from central_sync.fleet.channels import Channel
from central_sync.fleet.delivery import Delivery
from central_sync.fleet.flow import Flow
from central_sync.fleet.lifecycle import Thresholds
from central_sync.fleet.reports import Reports
from central_sync.fleet.watch import Watch
from central_sync.store import Store


class Operations:
    """Of one process. ``hub``: what the hub calls itself in messages."""

    def __init__(
        self,
        store: Store,
        thresholds: Thresholds,
        rules: Sequence[Rule],
        channels: Mapping[str, Channel],
        hub: str,
        clock: Callable[[], datetime],
    ) -> None:
        self.reports = Reports(store, clock)
        self.flow = Flow()
        self.alarms = Alarms(store, rules, list(channels), hub)
        self.watch = Watch(store, thresholds, clock, self.alarms.look)
        self._delivery = Delivery(store, channels, clock)
        self.alarms.woken = self._delivery.wake

    def start(self) -> None:
        """Begin."""
        self.reports.start()
        self.watch.start()
        self._delivery.start()

    def stop(self) -> None:
        """End, after what has come is written. May be called twice."""
        self._delivery.stop()
        self.watch.stop()
        self.reports.stop()
