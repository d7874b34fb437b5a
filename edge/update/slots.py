"""SHELL: the releases on the disk, side by side, and the link to the one that runs. A release is whole or not there; the link is exchanged atomically."""

from __future__ import annotations

import os
import secrets
import shutil
import tarfile
from collections.abc import Collection
from pathlib import Path

import zstandard

from edge import files
from edge.update.limits import (
    DISK_BYTES_LEFT_MIN,
    RELEASE_BYTES_MAX,
    RELEASES_KEPT,
    UNPACKED_BYTES_MAX,
    UNPACKED_FILES_MAX,
)
from edge.update.state import UpdateFailed
from edge.update.trust import version_of

RELEASES, CURRENT = "releases", "current"
PROGRAM = "pishkhan-edge"


class Slots:
    """The releases under ``base``."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._releases = base / RELEASES

    @property
    def current(self) -> str:
        """The version that the link names.

        Raises:
            UpdateFailed: ``not_installed``: there is no link, or it names nothing.
        """
        link = self._base / CURRENT
        if not link.is_symlink() or not (link / PROGRAM).exists():
            raise UpdateFailed("not_installed", f"{link} names no release. Install the package again.")
        return link.readlink().name

    def program(self, version: str) -> Path:
        """The program of that release."""
        return self._releases / version / PROGRAM

    def has(self, version: str) -> bool:
        """Whether that release is there."""
        return self.program(version).exists()

    def unpack(self, archive: Path, version: str) -> None:
        """Put the release in ``archive`` (.tar.zst) beside the others.

        Raises:
            UpdateFailed: ``disk_full``, ``unsuitable``: it is no release, or it would write elsewhere.
        """
        version_of(version)
        self._releases.mkdir(parents=True, exist_ok=True)
        fresh = self._releases / f".{version}.{secrets.token_hex(4)}"
        try:
            fresh.mkdir(mode=0o755)
            self._extract(archive, fresh)
            if not os.access(fresh / PROGRAM, os.X_OK):
                raise UpdateFailed("unsuitable", f"The archive holds no program {PROGRAM}. Nothing was changed.")
            for folder, _, names in os.walk(fresh, topdown=False):
                for name in names:
                    _sync(Path(folder) / name)
                files.sync_folder(Path(folder))
            shutil.rmtree(self._releases / version, ignore_errors=True)  # half of one, or one that failed
            fresh.rename(self._releases / version)
            files.sync_folder(self._releases)
        except OSError as error:
            raise UpdateFailed(
                "disk", f"The release cannot be unpacked ({error.strerror}). Nothing was changed."
            ) from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def switch(self, version: str) -> None:
        """Let the link name that release.

        Raises:
            UpdateFailed: ``not_installed``, ``disk``.
        """
        if not self.has(version):
            raise UpdateFailed("not_installed", f"The release {version} is not there.")
        link = self._base / f".{CURRENT}.{secrets.token_hex(4)}"
        try:
            link.symlink_to(Path(RELEASES) / version)
            link.replace(self._base / CURRENT)
            files.sync_folder(self._base)
        except OSError as error:
            link.unlink(missing_ok=True)
            raise UpdateFailed("disk", f"The link to the release cannot be changed ({error.strerror}).") from error

    def clear(self, failed: Collection[str]) -> None:
        """Make room before a release is unpacked: remove what a power cut left half unpacked, and releases that ``failed`` here. Without that a few of
        them would fill the disk, and only a release that is well removes others.
        """
        if not self._releases.is_dir():
            return
        for path in list(self._releases.iterdir()):
            if path.name.startswith(".") or (path.name in failed and path.name != self.current):
                shutil.rmtree(path, ignore_errors=True)

    def prune(self, keep: str) -> list[str]:
        """Remove all but the one that runs, ``keep``, and the newest of the others up to ``RELEASES_KEPT``; what was removed."""
        kept = {self.current, keep} - {""}
        there = [path.name for path in self._releases.iterdir() if path.is_dir()]
        whole = sorted((name for name in there if not name.startswith(".")), key=version_of, reverse=True)
        for name in whole:
            if len(kept) < RELEASES_KEPT:
                kept.add(name)
        gone = [name for name in there if name not in kept]
        for name in gone:
            shutil.rmtree(self._releases / name, ignore_errors=True)
        return gone

    def _extract(self, archive: Path, fresh: Path) -> None:
        room = shutil.disk_usage(self._releases).free - DISK_BYTES_LEFT_MIN
        count = total = 0
        try:
            with (
                archive.open("rb") as raw,
                zstandard.ZstdDecompressor().stream_reader(raw) as plain,
                tarfile.open(fileobj=plain, mode="r|") as tar,
            ):
                for member in tar:
                    count, total = count + 1, total + member.size
                    if total > room:
                        raise UpdateFailed(
                            "disk_full", "There is no room for the release beside what runs. Nothing was changed."
                        )
                    if count > UNPACKED_FILES_MAX or total > UNPACKED_BYTES_MAX or member.size > RELEASE_BYTES_MAX:
                        raise UpdateFailed(
                            "unsuitable", "The archive is larger than a release may be. Nothing was changed."
                        )
                    tar.extract(member, fresh, filter="data")
        except (tarfile.TarError, zstandard.ZstdError, EOFError, ValueError) as error:
            raise UpdateFailed("unsuitable", "The archive is damaged or is no release. Nothing was changed.") from error


def _sync(path: Path) -> None:
    if path.is_symlink():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
