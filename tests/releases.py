"""A repository of releases with keys of its own, and archives that hold a program: for tests of both sides."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import zstandard

from central_sync.releases import keys
from central_sync.releases.repository import Release, Repository
from edge.journal.schema import FORMAT
from edge.update.work import system

PASSPHRASE = "a long passphrase"
WELL = "#!/bin/sh\nexit 0\n"


class Centre:
    """A hub's repository in ``folder``, and the keys in their safes."""

    def __init__(self, folder: Path) -> None:
        self.safe = folder / "safe"
        self.safe.mkdir(parents=True)
        for name in ("root-1", "root-2", "root-3", "release", "stranger"):
            keys.make(self.safe / name, PASSPHRASE)
        self.repository = Repository(folder / "releases")

    @property
    def folder(self) -> Path:
        return self.repository.folder

    @property
    def root(self) -> bytes:
        return (self.folder / "metadata" / "1.root.json").read_bytes()

    def public(self, *names: str) -> list:
        return [keys.public_key(self.safe / f"{name}.pub") for name in names]

    def signer(self, name: str):
        return keys.signer(self.safe / name, PASSPHRASE)

    def opened(self, now: datetime | None = None) -> Centre:
        """With a root that counts."""
        self.repository.roots.begin(
            self.public("root-1", "root-2", "root-3"), self.public("release"), now or datetime.now(UTC)
        )
        for name in ("root-1", "root-2"):
            self.repository.roots.sign(self.signer(name))
        return self

    def release(
        self,
        version: str,
        files: Mapping[str, str] | None = None,
        ring: str = "all",
        journal_format: int = FORMAT,
        now: datetime | None = None,
    ) -> Release:
        """List a release of ``files``, and offer it to ``ring``, if one is named."""
        moment = now or datetime.now(UTC)
        archive = archived(self.safe / f"{version}.tar.zst", files or {"pishkhan-edge": WELL})
        made = self.repository.add(archive, version, system(), journal_format, self.signer("release"), moment)
        if ring:
            self.repository.offer(version, ring, moment)
        return made


def archived(path: Path, files: Mapping[str, str]) -> Path:
    """An archive of ``files``; each can be run."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(text.encode()), 0o755
            tar.addfile(member, io.BytesIO(text.encode()))
    path.write_bytes(zstandard.compress(plain.getvalue()))
    return path


def installed(base: Path, version: str, files: Mapping[str, str] | None = None) -> Path:
    """A release that runs under ``base``, as the package leaves it."""
    slot = base / "releases" / version
    slot.mkdir(parents=True)
    for name, text in (files or {"pishkhan-edge": WELL}).items():
        (slot / name).parent.mkdir(parents=True, exist_ok=True)
        (slot / name).write_text(text)
        (slot / name).chmod(0o755)
    (base / "current").symlink_to(Path("releases") / version)
    return base
