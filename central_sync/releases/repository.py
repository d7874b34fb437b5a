"""The folder of the repository: ``metadata/`` and ``targets/`` as edges read them, ``root.pending.json``, ``online.key`` (0600), ``lock``.

Rules
    * What edges read is written in an order in which they can always read: files first, then what names them, ``timestamp.json`` last.
    * A root counts when enough keys of the root before it, and of itself, have signed; until then it is ``root.pending.json`` and nobody sees it.
    * A release stays listed for good; what is taken back is an offer. Nothing here can list a release without the release key.
    * What edges are told of their tunnels' next keys lies among the offers, for it is the hub's own word too (``wire/tunnels.py``).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from packaging.version import InvalidVersion, Version
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from central_sync.fleet.files import replace
from central_sync.releases.limits import (
    RELEASE_BYTES_MAX,
    RENEW_DAYS_LEFT,
    RINGS,
    RINGS_DAYS,
    SNAPSHOT_DAYS,
    TARGETS_DAYS,
    TIMESTAMP_DAYS,
)
from central_sync.releases.metadata import FILE_MODE, METADATA, TARGETS, ReleasesError, Shelf, ends, read
from central_sync.releases.roots import Roots
from central_sync.wire.tunnels import PREFIX, TunnelWord, circular, packed, path_of, unpacked

FOLDER = "releases"
RINGS_ROLE = "rings"
_SYSTEM_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")


@dataclass(frozen=True, slots=True)
class Release:
    """A release as ``targets`` lists it. ``rings``: to whom it is offered now."""

    version: str
    system: str
    path: str
    length: int
    journal_format: int
    rings: tuple[str, ...] = ()


class Repository:
    """The repository in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._shelf = Shelf(folder)
        self.roots = Roots(self._shelf)

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self._shelf.folder

    def add(
        self, file: Path, version: str, system: str, journal_format: int, signer: CryptoSigner, now: datetime
    ) -> Release:
        """List ``file`` as the release ``version`` for ``system``.

        Raises:
            ReleasesError: it is listed already, it is too large, its name cannot be used, or the key is not the release key.
        """
        _version(version)
        if not system or not set(system) <= _SYSTEM_CHARACTERS:
            raise ReleasesError("a system is written like linux-x86_64")
        if _size(file) > RELEASE_BYTES_MAX:
            raise ReleasesError(f"{file} is larger than a release may be ({RELEASE_BYTES_MAX:,} bytes)")
        path = f"edge/{system}/{version}.tar.zst"
        custom = {"version": version, "system": system, "journal_format": journal_format}
        return _release(self._list(path, file, custom, signer, now))

    def resign(self, signer: CryptoSigner, now: datetime) -> None:
        """Sign what is listed anew, for another ``TARGETS_DAYS``."""
        with self._shelf.locked():
            targets = self._shelf.latest(Targets.type, Targets)
            if targets is None:
                raise ReleasesError("nothing is listed yet")
            self._sign_targets(targets, signer, now)
            self._publish(now)

    def offer(self, version: str, ring: str, now: datetime) -> list[Release]:
        """Offer the release to the edges of ``ring``, for every system that it is listed for.

        Raises:
            ReleasesError: no such ring or release.
        """
        found = [release for release in self.releases() if release.version == version]
        if ring not in RINGS:
            raise ReleasesError(f"the rings are {', '.join(RINGS)}")
        if not found:
            raise ReleasesError(f"no release {version} is listed")
        with self._shelf.locked():
            rings = self._rings(now)
            for release in found:
                body = msgspec.json.encode({"version": release.version, "target": release.path})
                self._point(rings.signed, f"rings/{ring}.{release.system}.json", body)
            self._sign_rings(rings, now)
            self._publish(now)
        return found

    def withdraw(self, ring: str, now: datetime) -> None:
        """Offer nothing to the edges of ``ring`` from now on. What they have installed stays."""
        with self._shelf.locked():
            rings = self._rings(now)
            for path in [path for path in rings.signed.targets if path.startswith(f"rings/{ring}.")]:
                del rings.signed.targets[path]
            self._sign_rings(rings, now)
            self._publish(now)

    def tell(self, word: TunnelWord, now: datetime) -> None:
        """Tell edges whose tunnel ends at ``word.present`` of the next key there; a word of before for the same edges, or one that leads back here, is over.

        Raises:
            ReleasesError: nothing was ever listed here, so that no edge reads the repository; or the word leads in a circle.
        """
        if self._shelf.latest(Targets.type, Targets) is None:
            raise ReleasesError("nothing is listed yet: edges read the repository from its first release on")
        with self._shelf.locked():
            rings = self._rings(now)
            known = _words(self._shelf, rings)
            back = [one for one in known if one.following == word.present and one.present == word.following]
            if circular([one for one in known if one not in back], word):
                raise ReleasesError("that leads edges in a circle: withdraw what leads back")
            for one in back:
                del rings.signed.targets[path_of(one.present)]
            self._point(rings.signed, path_of(word.present), packed(word))
            self._sign_rings(rings, now)
            self._publish(now)

    def take_back(self, present: str, now: datetime) -> None:
        """Tell edges whose tunnel ends at ``present`` of no next key any more.

        Raises:
            ReleasesError: they are told of none.
        """
        with self._shelf.locked():
            rings = self._rings(now)
            if rings.signed.targets.pop(path_of(present), None) is None:
                raise ReleasesError("nobody is told of a key that follows this one")
            self._sign_rings(rings, now)
            self._publish(now)

    def words(self) -> list[TunnelWord]:
        """What edges are told of tunnels, the last one first."""
        rings = self._shelf.latest(RINGS_ROLE, Targets)
        return _words(self._shelf, rings) if rings else []

    def releases(self) -> list[Release]:
        """Every release that is listed, newest first."""
        targets, rings = self._shelf.latest(Targets.type, Targets), self._shelf.latest(RINGS_ROLE, Targets)
        offered: dict[str, list[str]] = {}
        for path, target in rings.signed.targets.items() if rings else ():
            if path.startswith(PREFIX):
                continue  # a word about a tunnel
            told = msgspec.json.decode((self._shelf.targets / _hashed(target)).read_bytes())
            offered.setdefault(told["target"], []).append(path.removeprefix("rings/").partition(".")[0])
        found = [
            _release(target, offered.get(path, ()))
            for path, target in (targets.signed.targets.items() if targets else ())
            if path.startswith("edge/")
        ]
        return sorted(found, key=lambda release: (Version(release.version), release.system), reverse=True)

    def renew(self, now: datetime) -> bool:
        """Sign anew what the hub signs itself, if it ends soon; whether anything was."""
        with self._shelf.locked():
            if self._shelf.latest(Targets.type, Targets) is None:
                return False
            timestamp = read(self._shelf.metadata / "timestamp.json", Timestamp)
            rings = self._shelf.latest(RINGS_ROLE, Targets)
            soon = now + timedelta(days=RENEW_DAYS_LEFT)
            if timestamp.signed.expires > soon and (rings is None or rings.signed.expires > soon):
                return False
            self._sign_rings(self._rings(now), now)
            self._publish(now)
            return True

    def ends(self) -> dict[str, datetime]:
        """When what offline keys have signed ends: ``root`` and ``targets``."""
        found: dict[str, datetime] = {}
        root, targets = self.roots.current(), self._shelf.latest(Targets.type, Targets)
        if root is not None:
            found["root"] = root.signed.expires
        if targets is not None:
            found["targets"] = targets.signed.expires
        return found

    def export(self, folder: Path) -> None:
        """Copy what edges read to ``folder``: a stick for a hospital whose line is too slow.

        Raises:
            ReleasesError: the folder is there already, cannot be written, or there is nothing to be copied.
        """
        if folder.exists():
            raise ReleasesError(f"{folder} is there already")
        if not (self._shelf.folder / TARGETS).is_dir():
            raise ReleasesError("nothing is listed yet: `release add` comes first")
        with self._shelf.locked():
            try:
                for name in (TARGETS, METADATA):
                    shutil.copytree(self._shelf.folder / name, folder / name)
            except OSError as error:  # of a copy that is not whole, nothing stays
                shutil.rmtree(folder, ignore_errors=True)
                raise ReleasesError(f"{folder} could not be written whole: is there room?") from error

    # -- how ------------------------------------------------------------------------------------------------------

    def _list(
        self,
        path: str,
        file: Path,
        custom: Mapping[str, Any],
        signer: CryptoSigner,
        now: datetime,
    ) -> TargetFile:
        with self._shelf.locked():
            self.roots.needed()
            targets = self._shelf.latest(Targets.type, Targets) or Metadata(Targets(delegations=self._delegation()))
            if path in targets.signed.targets:
                raise ReleasesError("that release is listed already: a release never changes, give it another version")
            target = TargetFile.from_file(path, str(file))
            target.unrecognized_fields["custom"] = dict(custom)
            place = self._shelf.targets / _hashed(target)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place.with_name(place.name + ".new"))
            place.with_name(place.name + ".new").replace(place)
            targets.signed.targets[path] = target
            self._sign_targets(targets, signer, now)
            if not self._shelf.newest(RINGS_ROLE):  # edges look for it wherever it is delegated to
                self._sign_rings(self._rings(now), now)
            self._publish(now)
            return target

    def _sign_targets(self, targets: Metadata[Targets], signer: CryptoSigner, now: datetime) -> None:
        if signer.public_key.keyid not in self.roots.needed().signed.roles[Targets.type].keyids:
            raise ReleasesError("that is not the release key")
        targets.signed.delegations = self._delegation()
        targets.signed.version = self._shelf.newest(Targets.type) + 1
        targets.signed.expires = ends(now, TARGETS_DAYS)
        targets.sign(signer)
        self._shelf.write(targets)

    def _delegation(self) -> Delegations:
        online = self._shelf.online_key()
        role = DelegatedRole(RINGS_ROLE, [online.keyid], 1, terminating=True, paths=["rings/*"])
        return Delegations({online.keyid: online}, {RINGS_ROLE: role})

    def _rings(self, now: datetime) -> Metadata[Targets]:
        return self._shelf.latest(RINGS_ROLE, Targets) or Metadata(Targets(expires=ends(now, RINGS_DAYS)))

    def _point(self, rings: Targets, path: str, body: bytes) -> None:
        target = TargetFile.from_data(path, body)
        place = self._shelf.targets / _hashed(target)
        place.parent.mkdir(parents=True, exist_ok=True)
        replace(place, body, FILE_MODE)
        rings.targets[path] = target

    def _sign_rings(self, rings: Metadata[Targets], now: datetime) -> None:
        rings.signed.version = self._shelf.newest(RINGS_ROLE) + 1
        rings.signed.expires = ends(now, RINGS_DAYS)
        rings.sign(self._shelf.online())
        self._shelf.write(rings, RINGS_ROLE)

    def _publish(self, now: datetime) -> None:
        """Snapshot and timestamp over what is there; edges see it from here on."""
        names = [name for name in (Targets.type, RINGS_ROLE) if self._shelf.newest(name)]
        meta = {f"{name}.json": MetaFile(self._shelf.newest(name)) for name in names}
        snapshot = Metadata(
            Snapshot(self._shelf.newest(Snapshot.type) + 1, expires=ends(now, SNAPSHOT_DAYS), meta=meta)
        )
        snapshot.sign(self._shelf.online())
        self._shelf.write(snapshot)
        path = self._shelf.metadata / "timestamp.json"
        before = read(path, Timestamp).signed.version if path.exists() else 0
        timestamp = Metadata(
            Timestamp(before + 1, expires=ends(now, TIMESTAMP_DAYS), snapshot_meta=MetaFile(snapshot.signed.version))
        )
        timestamp.sign(self._shelf.online())
        replace(path, timestamp.to_bytes(), FILE_MODE)


def _words(shelf: Shelf, rings: Metadata[Targets]) -> list[TunnelWord]:
    found = [target for path, target in rings.signed.targets.items() if path.startswith(PREFIX)]
    words = [unpacked((shelf.targets / _hashed(target)).read_bytes()) for target in found]
    return sorted(words, key=lambda one: one.number, reverse=True)


def _release(target: TargetFile, rings: Sequence[str] = ()) -> Release:
    custom = target.custom
    ordered = tuple(ring for ring in RINGS if ring in rings)
    return Release(custom["version"], custom["system"], target.path, target.length, custom["journal_format"], ordered)


def _hashed(target: TargetFile) -> str:
    """Where the file lies, its hash before its name, so that it never changes under a reader."""
    return target.get_prefixed_paths()[0]


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError as error:
        raise ReleasesError(f"{file} cannot be read: {error.strerror}") from error


def _version(version: str) -> Version:
    try:
        return Version(version)
    except InvalidVersion as error:
        raise ReleasesError("a version is written like 1.2.3") from error
