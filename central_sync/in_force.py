"""The rulebook in force in this process: what every unit of work asks for once, at its beginning.

Hub processes keep no state that another would need: which rulebook is in force stands in the database. One thread looks every
``RULEBOOK_LOOK_S``; a new one is loaded there, beside the work, and taken up whole. Work that has begun ends with the one it began with. What
cannot be loaded is told and changes nothing.

All its items are made before it is taken up: no bill waits for one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import structlog

from central_sync.benefits import compiled
from central_sync.benefits.bundle import BundleBroken
from central_sync.benefits.compiled import Compiled
from central_sync.benefits.parameters import Rulebook
from central_sync.errors import HubError
from central_sync.limits import RULEBOOK_LOOK_S
from central_sync.log import located
from central_sync.publications import Publications
from central_sync.repeating import Repeating
from central_sync.store.records import Publication
from central_sync.wire.bundles import BundleRefused

_log = structlog.get_logger(__name__)


class Current(NamedTuple):
    """A rulebook, and the publication that put it in force."""

    whole: Compiled
    publication: Publication


class InForce:
    """``changed`` is called in the looking thread when another one is in force."""

    def __init__(
        self, publications: Publications, clock: Callable[[], datetime], changed: Callable[[], None] = lambda: None
    ) -> None:
        self._publications = publications
        self._clock = clock
        self._changed = changed
        self._current: Current | None = None
        self._repeating = Repeating("rulebook", self._try)

    @property
    def current(self) -> Current:
        """What is in force, as one value."""
        assert self._current is not None, "open() first"
        return self._current

    def rulebook(self) -> Rulebook:
        """The law in force."""
        return self.current.whole.rulebook

    def open(self) -> None:
        """Publish what was shipped if it is time, and load what is in force.

        Raises:
            StoreError: the database cannot be used.
            RulebookError, BundleBroken, BundleRefused: what is in force cannot be loaded.
        """
        self._publications.take_shipped(self._clock())
        self.look()
        assert self._current is not None, "something was published just now"

    def look(self) -> None:
        """Load what is in force, if it is another one than before."""
        found = self._publications.taken_up(self._clock())
        if found is None or (self._current is not None and found.number == self._current.publication.number):
            return
        self._current = Current(compiled.decoded(self._publications.loaded(found.version)), found)
        _log.info("another rulebook is in force", version=found.version, number=found.number)
        self._changed()

    def start(self) -> None:
        """Look from now on."""
        self._repeating.start(RULEBOOK_LOOK_S)

    def stop(self) -> None:
        """Look no more. Blocks until the thread is gone."""
        self._repeating.stop()

    def _try(self) -> None:
        try:
            self.look()
        except (HubError, BundleBroken, BundleRefused) as error:
            _log.error("the rulebook in force cannot be loaded; the one before is used", **located(error))
