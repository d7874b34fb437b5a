"""The port to whoever is told of alerts, and its drivers: ``mail`` and ``webhook``."""

from __future__ import annotations

from typing import Protocol

from central_sync.errors import HubError


class NotDelivered(HubError):
    """The message was not taken; the text is a code, never what the other side said. ``retry_after_s``: when it asks to be tried again."""

    def __init__(self, code: str, retry_after_s: int = 0) -> None:
        super().__init__(code)
        self.retry_after_s = retry_after_s


class Channel(Protocol):
    """Somebody who is told. Used by one thread at a time."""

    def deliver(self, message_id: str, body: str) -> None:
        """Hand over the JSON ``body``; a message may come twice, under the same id. Blocks for a bounded time.

        Raises:
            NotDelivered: it was not taken.
        """
