"""Publishing rulebooks, and finding those of before.

Rules
    * What is published is kept for ever by its version; a publication says from when on which version is in force. The one whose time has come
      last counts (of one instant: the highest number). Going back is a new publication, with a higher number, of an old version.
    * Edges take nothing under a lower number than they have. So what waited for its day, while another was published, is published by the hub
      once more when its day has come, under a higher number.
    * Nothing is published for the past: that is now.
    * A number is the second of publication since 1970, or one more than the highest: it grows also where a database was set back to
      a copy, so that no edge takes what is new for old.
    * The rulebook that came with the program is published by the hub itself when it starts, unless an officer's is the newest: then it is
      only kept, and can be taken up like any other.
    * Each publication stands in the audit trail, in the same unit of work.
    * What an answer names (the law's version, or the audit rules', or the bundle's) finds the rulebook that made it.
"""

from __future__ import annotations

import string
import threading
from collections import OrderedDict
from datetime import datetime
from importlib.resources import files

from central_sync.benefits import audit, compiled
from central_sync.benefits.audit import bundle as audit_bundle
from central_sync.benefits.compiled import Compiled
from central_sync.errors import HubError
from central_sync.limits import RULEBOOKS_LOADED_MAX
from central_sync.rulebook.load import load
from central_sync.store import Store, UnitOfWork
from central_sync.store.records import KeptRulebook, Publication
from central_sync.wire import bundles
from central_sync.wire.bundles import BundleRefused, Fault

SHIPPED = "shipped"
VERSION_CHARACTERS_MIN = 6


class PublicationError(HubError):
    """What the officer asked for is not possible; the text says why."""


def shipped() -> Compiled:
    """The rulebook that came with the program.

    Raises:
        RulebookError, BundleBroken: its files are damaged.
    """
    rules = files(audit).joinpath(audit_bundle.FILE).read_bytes()
    return compiled.compiled(load(), audit_bundle.unpacked(rules))


class Publications:
    """The use cases. Synchronous, for worker threads and the command line; ``now`` is aware UTC."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._loaded: OrderedDict[str, Compiled] = OrderedDict()

    def publish(
        self, whole: Compiled, body: bytes, by: str, now: datetime, from_at: datetime | None = None, number: int = 0
    ) -> Publication:
        """Keep ``whole`` (``body`` is it, compiled and squeezed) and put it in force, at once or from ``from_at`` on. ``number``: that under
        which it was signed; 0: the next.

        Raises:
            BundleRefused: older; its number is not above all others.
        """
        with self._store.write() as uow:
            _kept(uow, whole, body, now)
            return _published(uow, whole.version, by, now, from_at or now, number)

    def use(self, version: str, by: str, now: datetime, from_at: datetime | None = None) -> Publication:
        """Put a rulebook of before in force again, at once or from ``from_at`` on. ``version``: the beginning of one of its versions, or
        ``shipped``.

        Raises:
            PublicationError: none is named so, or more than one.
            RulebookError, BundleBroken: the shipped one is asked for, and its files are damaged.
        """
        whole = shipped() if version == SHIPPED else None
        with self._store.write() as uow:
            if whole and uow.rulebooks.get(whole.version) is None:  # no hub has started here since this program came
                _kept(uow, whole, bundles.squeezed(compiled.packed(whole)), now)
            return _published(uow, self._found(uow, version), by, now, from_at or now, 0)

    def take_shipped(self, now: datetime) -> Publication:
        """Keep the shipped rulebook, and publish it unless an officer's publication, or this very version, is the newest.

        Raises:
            RulebookError, BundleBroken: its files are damaged.
        """
        whole = shipped()
        with self._store.read() as uow:
            newest, known = uow.rulebooks.newest(), uow.rulebooks.get(whole.version) is not None
        if known and newest is not None and (not newest.shipped or newest.version == whole.version):
            return newest
        body = bundles.squeezed(compiled.packed(whole))
        with self._store.write() as uow:
            uow.rulebooks.take_turn()
            _kept(uow, whole, body, now)
            newest = uow.rulebooks.newest()
            if newest is not None and (not newest.shipped or newest.version == whole.version):
                return newest
            return _published(uow, whole.version, "hub", now, now, 0, shipped=True)

    def in_force(self, now: datetime) -> Publication | None:
        """What is in force; ``None`` before this hub's first start."""
        with self._store.read() as uow:
            return uow.rulebooks.in_force(now)

    def taken_up(self, now: datetime) -> Publication | None:
        """What is in force, under the highest number of all whose time has come: so that edges take it. Any number of processes may ask at
        once; one of them publishes it.
        """
        with self._store.read() as uow:
            found = uow.rulebooks.in_force(now)
            if found is None or found == uow.rulebooks.highest(now):
                return found
        with self._store.write() as uow:
            uow.rulebooks.take_turn()
            found = uow.rulebooks.in_force(now)
            if found is None or found == uow.rulebooks.highest(now):
                return found
            return _published(uow, found.version, "hub", now, found.from_at, 0, shipped=found.shipped, due=True)

    def all(self) -> list[Publication]:
        """Every publication, the newest first."""
        with self._store.read() as uow:
            return uow.rulebooks.publications()

    def kept(self, version: str) -> KeptRulebook:
        """A rulebook as it is kept, by the beginning of one of its versions.

        Raises:
            PublicationError: none is named so, or more than one.
        """
        with self._store.read() as uow:
            found = uow.rulebooks.get(self._found(uow, version))
        assert found is not None, "it was found just now, and nothing is ever deleted"
        return found

    def loaded(self, version: str) -> Compiled:
        """A rulebook, ready to compute with, by the beginning of one of its versions; the last few are held ready.

        Raises:
            PublicationError: none is named so, or more than one.
            BundleRefused, BundleBroken: what is kept is damaged.
        """
        with self._lock:
            if version in self._loaded:
                self._loaded.move_to_end(version)
                return self._loaded[version]
        row = self.kept(version)
        whole = compiled.unpacked(bundles.plain(row.body))
        with self._lock:
            self._loaded[row.version] = whole
            while len(self._loaded) > RULEBOOKS_LOADED_MAX:
                self._loaded.popitem(last=False)
        return whole

    def current(self, now: datetime) -> Compiled:
        """The rulebook in force, or the shipped one before this hub's first start."""
        publication = self.in_force(now)
        return shipped() if publication is None else self.loaded(publication.version)

    def _found(self, uow: UnitOfWork, version: str) -> str:
        if version == SHIPPED:
            version = shipped().version
        if len(version) < VERSION_CHARACTERS_MIN or set(version) - set(string.hexdigits.lower()):
            raise PublicationError(
                f"a version is at least {VERSION_CHARACTERS_MIN} of its hexadecimal digits, or `{SHIPPED}`"
            )
        found = uow.rulebooks.named(version)
        if len(found) != 1:
            raise PublicationError(
                "several versions begin so" if found else "no rulebook of such a version was ever published here"
            )
        return found[0]


def _kept(uow: UnitOfWork, whole: Compiled, body: bytes, now: datetime) -> None:
    uow.rulebooks.keep(KeptRulebook(whole.version, whole.rulebook.version, whole.audit.version, body, now))


def _published(
    uow: UnitOfWork,
    version: str,
    by: str,
    now: datetime,
    from_at: datetime,
    number: int,
    *,
    shipped: bool = False,
    due: bool = False,
) -> Publication:
    """A new row, above all others. ``due``: of one that waited for its day, under the next number: a file that was signed meanwhile has
    a higher one.
    """
    uow.rulebooks.take_turn()
    newest = uow.rulebooks.newest()
    highest = newest.number if newest else 0
    if number and number <= highest:
        raise BundleRefused(Fault.OLDER, f"{number}, in use {highest}")
    next_number = highest + 1 if due else max(int(now.timestamp()), highest + 1)
    since = from_at if due else max(from_at, now)
    row = Publication(number or next_number, version, since, now, by, shipped)
    uow.rulebooks.publish(row)
    uow.audit.add(
        now,
        by,
        "rulebook_published",
        str(row.number),
        f"version {version[:12]}, from {since.isoformat(timespec='seconds')}",
    )
    return row
