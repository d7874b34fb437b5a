"""Delivers what is to be told, one thread for each channel, so that none waits for another's.

First some messages are taken (one short commit: for a while nobody else delivers them), then each is handed over, then what came of it is kept.
Killed anywhere between, a message is delivered again when its time is over: whoever gets it knows it by its id. One that is not taken is tried
again at growing intervals; in the end it is given up, which is logged and audited.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from central_sync.errors import StoreError
from central_sync.fleet.channels import Channel, NotDelivered
from central_sync.fleet.limits import (
    MESSAGE_RETRY_S_MAX,
    MESSAGE_RETRY_S_MIN,
    MESSAGE_S_MAX,
    MESSAGE_TAKEN_S,
    MESSAGE_TRIES_MAX,
)
from central_sync.log import located
from central_sync.store import Store
from central_sync.store.fleet_records import AlertMessage

LOOK_EVERY_S = 5.0
TAKEN_AT_ONCE = 3
_log = structlog.get_logger(__name__)


class Delivery:
    """Of one process. ``clock`` gives aware UTC instants."""

    def __init__(self, store: Store, channels: Mapping[str, Channel], clock: Callable[[], datetime]) -> None:
        self._store = store
        self._channels = channels
        self._clock = clock
        self._stopping = threading.Event()
        self._bells = {name: threading.Event() for name in channels}
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to deliver."""
        self._stopping.clear()
        for name in self._channels:
            thread = threading.Thread(target=self._run, args=(name,), name=f"tell-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Deliver no more; what is being handed over may end. May be called twice."""
        self._stopping.set()
        self.wake()
        for thread in self._threads:
            thread.join(MESSAGE_S_MAX)
        self._threads = []

    def wake(self) -> None:
        """There is something new."""
        for bell in self._bells.values():
            bell.set()

    def run(self, name: str) -> bool:
        """Deliver some of what is due over a channel; whether more may be due at once.

        Raises:
            StoreError: the database did not do its part.
        """
        now = self._clock()
        with self._store.read() as uow:
            if not uow.alert_messages.due(name, now):
                return False
        with self._store.write(urgent=False) as uow:
            taken = uow.alert_messages.take(name, now, now + timedelta(seconds=MESSAGE_TAKEN_S), TAKEN_AT_ONCE)
        for row in taken:
            if self._stopping.is_set():
                return False
            self._delivered(self._channels[name], row)
        return len(taken) == TAKEN_AT_ONCE

    def _delivered(self, channel: Channel, row: AlertMessage) -> None:
        try:
            channel.deliver(row.id, row.body)
        except NotDelivered as error:
            self._failed(row, str(error), error.retry_after_s)
            return
        except Exception as error:  # noqa: BLE001 -- a driver that stumbles over one message must not keep the others
            _log.error("a channel failed inside", part=row.channel, **located(error))
            self._failed(row, f"fault_{type(error).__name__}"[:80], 0)
            return
        with self._store.write(urgent=False) as uow:
            uow.alert_messages.delivered(row.id, self._clock())

    def _failed(self, row: AlertMessage, fault: str, retry_after_s: int) -> None:
        now, tries = self._clock(), row.tries + 1
        wait_s = again_s(tries)
        next_at = now + timedelta(seconds=max(wait_s, retry_after_s)) if wait_s is not None else None
        with self._store.write(urgent=False) as uow:
            uow.alert_messages.failed(row.id, tries, next_at, fault)
            if next_at is None:
                uow.audit.add(now, "hub", "alert_message_given_up", row.channel, f"message {row.id}: {fault}")
        _log.warning("a message about alerts was not taken", part=row.channel, code=fault, number=tries)

    def _run(self, name: str) -> None:
        bell = self._bells[name]
        while not self._stopping.is_set():
            more = False
            try:
                more = self.run(name)
            except StoreError as error:
                _log.warning("what is to be told cannot be looked up now", **located(error))
            except Exception as error:  # noqa: BLE001 -- a fault of ours must not end the thread
                _log.error("telling of alerts failed inside", **located(error))
            if not more:
                bell.wait(LOOK_EVERY_S)
                bell.clear()


def again_s(tries: int) -> float | None:
    """How long to wait after ``tries`` (1 or more) that failed; ``None``: it is given up."""
    return min(MESSAGE_RETRY_S_MIN * 2 ** (tries - 1), MESSAGE_RETRY_S_MAX) if tries < MESSAGE_TRIES_MAX else None
