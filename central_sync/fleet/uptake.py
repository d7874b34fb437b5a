"""Takes up, in a running hub, what a command has done to the authority: which is in use, which is believed, and what edges are told of it.

One thread looks every ``AUTHORITY_LOOK_S``. What cannot be read is logged and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from central_sync.errors import StoreError
from central_sync.fleet.authority import Authority, AuthorityMissing
from central_sync.fleet.handover import trail
from central_sync.fleet.limits import AUTHORITY_LOOK_S
from central_sync.fleet.signer import Signer
from central_sync.fleet.slots import StandingUnreadable
from central_sync.log import located
from central_sync.repeating import Repeating
from central_sync.store import Store
from central_sync.wire.limits import HANDOVERS_MAX, WIRE_VERSION
from central_sync.wire.messages import Handover, Trail

_log = structlog.get_logger(__name__)


class Uptake:
    """``changed`` is called in the looking thread when another state of the authority is taken up."""

    def __init__(
        self,
        authority: Authority,
        signer: Signer,
        store: Store,
        clock: Callable[[], datetime],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._authority = authority
        self._signer = signer
        self._store = store
        self._clock = clock
        self._changed = changed
        self._due = False
        self._word: Handover | None = None
        self._trail: list[Handover] = []
        self._repeating = Repeating("authority", self._try)

    def open(self) -> None:
        """Read what edges are told.

        Raises:
            AuthorityMissing: it cannot be read.
        """
        try:
            self._word, self._trail = self._authority.slots.standing().handover, trail(self._authority.slots)
        except StandingUnreadable as error:
            raise AuthorityMissing(str(error)) from error

    def word(self, number: int) -> Handover | None:
        """What to tell an edge that has heard of the handover ``number``; ``None``: there is nothing newer."""
        word = self._word
        return word if word is not None and word.number > number else None

    def trail(self) -> Trail:
        """How an edge that was away finds to the authority in use."""
        return Trail(version=WIRE_VERSION, handovers=self._trail[-HANDOVERS_MAX:])

    def look(self) -> bool:
        """Take up what has changed; whether anything has.

        Raises:
            AuthorityMissing, StoreError: it cannot be taken up whole now.
        """
        if not self._due and not self._authority.changed():
            return False
        self._due = True  # until all of it is done
        self._authority.open()
        self._signer.open(self._clock())
        self._signer.published(self._store, self._clock())
        self.open()
        _log.info("the authority was taken up anew", detail=self._authority.name)
        self._due = False
        self._changed()
        return True

    def start(self) -> None:
        """Look from now on."""
        self._repeating.start(AUTHORITY_LOOK_S)

    def stop(self) -> None:
        """Look no more. Blocks until the thread is gone."""
        self._repeating.stop()

    def _try(self) -> None:
        try:
            self.look()
        except (AuthorityMissing, StoreError, OSError) as error:
            _log.error("the authority cannot be taken up; what was taken up before is used", **located(error))
