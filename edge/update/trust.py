"""What is believed of a repository: the only home of The Update Framework's client here.

The roots believed lie under ``STATE/trust/``; the first one is put there by the installer or by ``update trust FILE``, everything after it by
its own signatures. Each failure has a code of its own, so that a person and the hub can tell an attack from a stick that is too old.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import Struct
from packaging.version import InvalidVersion, Version
from tuf.api import exceptions as broken
from tuf.api.metadata import Metadata, Root, TargetFile
from tuf.ngclient import Updater, UpdaterConfig

from edge import files
from edge.update.limits import POINTER_BYTES_MAX, RELEASE_BYTES_MAX
from edge.update.sources import CROWDED, Source
from edge.update.state import ROOT_FILE, UpdateFailed


@dataclass(frozen=True, slots=True)
class Offer:
    """A release that is offered to us."""

    version: str
    system: str
    journal_format: int
    target: TargetFile


class _Pointer(Struct, frozen=True):
    version: str
    target: str


class _Custom(Struct, frozen=True):
    version: str
    system: str
    journal_format: int


class Trust:
    """The repository at ``source`` as far as it is believed. One look: what is offered, and its file."""

    def __init__(self, folder: Path, source: Source) -> None:
        self._folder = folder
        self._source = source
        base = source.base
        with _translated():
            self._updater = Updater(
                str(folder),
                f"{base}metadata/",
                str(folder),
                f"{base}targets/",
                source,
                UpdaterConfig(),
                bootstrap=_kept(folder),
            )

    def offered(self, ring: str, system: str) -> Offer | None:
        """What is offered to ``ring`` for ``system``, if anything.

        Raises:
            UpdateFailed: ``unreachable``, ``crowded``, ``tampered``, ``expired``, ``replayed``, or ``unsuitable``.
        """
        with _translated():
            self._updater.refresh()
            pointed = self._updater.get_targetinfo(f"rings/{ring}.{system}.json")
            if pointed is None:
                return None
            pointer = self._small(pointed, POINTER_BYTES_MAX, _Pointer)
            target = self._updater.get_targetinfo(pointer.target)
        if target is None or not pointer.target.startswith(f"edge/{system}/"):
            raise UpdateFailed(
                "tampered", "The hub offers a release that the release key has not signed. Nothing was changed."
            )
        try:
            told = msgspec.convert(target.custom, _Custom)
        except msgspec.ValidationError as error:
            raise UpdateFailed("unsuitable", "The release does not say what it is. Nothing was changed.") from error
        if (told.version, told.system) != (pointer.version, system) or target.length > RELEASE_BYTES_MAX:
            raise UpdateFailed("tampered", "The hub offers a release under another name. Nothing was changed.")
        version_of(told.version)
        return Offer(told.version, told.system, told.journal_format, target)

    def small(self, name: str, bytes_max: int) -> bytes | None:
        """The small file ``name`` of what the hub signs itself, if there is one; after :meth:`offered`, of the same moment.

        Raises:
            UpdateFailed: see :meth:`offered`.
        """
        with _translated():
            found = self._updater.get_targetinfo(name)
            return self._bytes(found, bytes_max) if found is not None else None

    def fetch(self, offer: Offer, path: Path) -> None:
        """Bring the release's file to ``path``, checked.

        Raises:
            UpdateFailed: see :meth:`offered`.
        """
        try:
            with _translated():
                self._updater.download_target(offer.target, str(path))
        except UpdateFailed as error:
            if error.code == "tampered":
                self._source.forget()
            raise

    def _small(self, target: TargetFile, bytes_max: int, kind: type[_Pointer]) -> _Pointer:
        try:
            return msgspec.json.decode(self._bytes(target, bytes_max), type=kind)
        except msgspec.DecodeError as error:
            raise UpdateFailed("tampered", "The hub's offer cannot be read. Nothing was changed.") from error

    def _bytes(self, target: TargetFile, bytes_max: int) -> bytes:
        if target.length > bytes_max:
            raise UpdateFailed("tampered", "What the hub offers is far too large. Nothing was changed.")
        path = self._folder / "small"
        self._updater.download_target(target, str(path))
        return path.read_bytes()


def begin(folder: Path, root: bytes) -> tuple[int, list[str]]:
    """Believe ``root``, the first one, given by a person or an installer; its version and the ids of its keys.

    Raises:
        UpdateFailed: ``root_known`` (there is one already), ``root_invalid``.
    """
    if (folder / ROOT_FILE).exists():
        raise UpdateFailed(
            "root_known", f"A root is believed already ({folder / ROOT_FILE}); later ones come signed by it."
        )
    try:
        found = Metadata[Root].from_bytes(root)
        found.verify_delegate(Root.type, found)
    except (broken.RepositoryError, ValueError, TypeError) as error:
        raise UpdateFailed(
            "root_invalid", "That file is no root of a repository, or its own keys have not signed it."
        ) from error
    folder.mkdir(parents=True, exist_ok=True)
    files.replace(folder / ROOT_FILE, root, 0o644)
    return found.signed.version, list(found.signed.roles[Root.type].keyids)


def version_of(text: str) -> Version:
    """A version as one that can be compared.

    Raises:
        UpdateFailed: ``unsuitable``.
    """
    try:
        return Version(text)
    except InvalidVersion as error:
        raise UpdateFailed("unsuitable", f"{text!r} is no version.") from error


def _kept(folder: Path) -> bytes:
    try:
        return (folder / ROOT_FILE).read_bytes()
    except OSError as error:
        raise UpdateFailed(
            "root_unknown",
            "No root of updates is believed yet. Type: pishkhan-edge update trust FILE, with the root that the centre gave you.",
        ) from error


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except broken.ExpiredMetadataError as error:
        raise UpdateFailed(
            "expired",
            "What the source says has expired: the stick is too old, the hub no longer signs, or this clock is wrong. Nothing was changed.",
        ) from error
    except broken.BadVersionNumberError as error:
        raise UpdateFailed(
            "replayed", "The source shows an older state than was seen before. Nothing was changed."
        ) from error
    except (
        broken.UnsignedMetadataError,
        broken.LengthOrHashMismatchError,
        broken.DownloadLengthMismatchError,
    ) as error:
        raise UpdateFailed(
            "tampered",
            "What the source gives is not what the release keys have signed. Nothing was changed. Tell the centre.",
        ) from error
    except broken.DownloadHTTPError as error:
        if error.status_code != CROWDED:
            raise UpdateFailed("unreachable", "The source cannot be read now. Nothing was changed.") from error
        raise UpdateFailed(
            "crowded", "The hub gives releases to other edges first; it is tried again in an hour. Nothing was changed."
        ) from error
    except broken.DownloadError as error:
        raise UpdateFailed("unreachable", "The source cannot be read now. Nothing was changed.") from error
    except broken.RepositoryError as error:
        raise UpdateFailed(
            "tampered", "The source's files are damaged or altered. Nothing was changed. Tell the centre."
        ) from error
    except OSError as error:
        raise UpdateFailed(
            "disk", f"The updater's folder cannot be used ({error.strerror}). Nothing was changed."
        ) from error
