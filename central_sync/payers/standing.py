"""Which payers give no answer that can be used, for each hospital whose shares wait for them: what edges are told with the feed.

It is read from the database now and then, so that all processes of a hub say the same, and a poll costs nothing. While a payer is away one of its shares is asked
about at a time: so what failed counts for the payer, and all its shares wait. Claims are counted and not tries: one that it does not answer, while it answers
what was signed later, says nothing of the payer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from central_sync.errors import StoreError
from central_sync.log import located
from central_sync.payers.lifecycle import silent_since
from central_sync.payers.limits import STANDING_AGE_S, STANDING_LOOK_S, STOP_S_MAX
from central_sync.repeating import Repeating
from central_sync.store import Store
from central_sync.wire.limits import PAYERS_TOLD_MAX
from central_sync.wire.messages import PayerWord

_log = structlog.get_logger(__name__)


class Standing:
    """Of the payers ``codes``, those that are asked apart. Without any nothing is ever looked at."""

    def __init__(self, store: Store, codes: Sequence[str], clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._codes = tuple(codes)
        self._waited: Mapping[str, list[PayerWord]] | None = None if codes else {}
        self._repeating = Repeating("payers-standing", self._try)

    def start(self) -> None:
        """Begin to look."""
        if self._codes:
            self._repeating.start(STANDING_LOOK_S, at_once=True)

    def stop(self) -> None:
        """End. May be called twice."""
        self._repeating.stop(STOP_S_MAX)

    def waited_for(self, institution: str) -> list[PayerWord] | None:
        """The payers that shares of ``institution`` wait for, the longest waited for first; ``None``: that is not known now."""
        waited = self._waited
        return None if waited is None else waited.get(institution, [])[:PAYERS_TOLD_MAX]

    def look(self) -> None:
        """Look at once.

        Raises:
            StoreError: the database does not do its part.
        """
        found: dict[str, list[PayerWord]] = {}
        with self._store.read() as uow:
            for code in self._codes:
                rows = uow.payer_shares.unanswered(code, self._clock() - timedelta(seconds=STANDING_AGE_S))
                if silent_since(rows) is None:
                    continue
                for row in rows:
                    word = PayerWord(payer=code, since=row.since, shares=row.shares)
                    found.setdefault(row.institution, []).append(word)
        self._waited = {place: sorted(words, key=lambda word: word.since) for place, words in found.items()}

    def _try(self) -> None:
        try:
            self.look()
        except StoreError as error:
            self._waited = None  # nothing is told that may be over
            _log.warning("which payers are waited for cannot be read now", **located(error))
        except Exception as error:  # noqa: BLE001 - a fault of ours must not end the looking for good
            self._waited = None
            _log.error("looking for payers that are waited for failed", **located(error))
