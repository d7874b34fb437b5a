"""Where a hub's data lies and how it is set: what every command that works on a hub begins with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from central_sync.app import AUTHORITY_FOLDER, clock
from central_sync.benefits.compiled import Compiled
from central_sync.config import Config
from central_sync.fleet.authority import Authority
from central_sync.fleet.service import Fleet
from central_sync.fleet.signer import Signer
from central_sync.publications import Publications
from central_sync.store import Store


@dataclass(frozen=True, slots=True)
class Place:
    """Where a hub's data lies and how it is set."""

    folder: Path
    config: Config

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The open store."""
        store = Store(self.config.database)
        store.open()
        try:
            yield store
        finally:
            store.close()

    @contextmanager
    def fleet(self) -> Iterator[Fleet]:
        """The fleet over the open store and the authority."""
        authority = self.authority()
        with self.store() as store:
            yield Fleet(store, authority, Publications(store).current(clock()).rulebook)

    def authority(self) -> Authority:
        """The authority, read."""
        authority = Authority(self.folder / AUTHORITY_FOLDER)
        authority.open()
        return authority

    def signer(self) -> Signer:
        """The signer beside the authority, made if there is none yet."""
        signer = Signer(self.authority())
        signer.open(clock())
        return signer

    def published(self, version: str) -> Compiled:
        """A rulebook that was published here, by the beginning of one of its versions.

        Raises:
            PublicationError, BundleRefused, BundleBroken: there is none, or it is damaged.
        """
        with self.store() as store:
            return Publications(store).loaded(version)


def needed(place: Place | None) -> Place:
    """The hub that a verb works on.

    Raises:
        click.UsageError: none was named.
    """
    if place is None:
        raise click.UsageError("this needs the hub's folder: pishkhan-hub --data DIR …")
    return place
