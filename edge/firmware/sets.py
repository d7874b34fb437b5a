"""SHELL: puts a set of files in place, keeps what stood there, and goes back.

Order, so that a power cut at any point leaves a set that goes back by itself: what stands is kept; the record says *unconfirmed*; the
keeper of the roll-back is started; the files are written, each atomically; the system is told. Confirming only changes the record; where
the site file has to follow what the hub has confirmed, the record says so until it has: it never names an end that is not confirmed.

Under ``var/lib/pishkhan-firmware``: ``record.json`` (readable for all: paths and digests), ``before/`` (root's alone), ``lock``, and
``site.DIGEST.toml``, the site file as it is in place and as it was before; and ``unconfirmed``, an empty file that is there while a roll-back may be due or the site
file has to follow, so that a boot looks at nothing else.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from edge import files, platform
from edge.errors import EdgeError
from edge.firmware import STATE_FOLDER
from edge.firmware.deadline import Moment
from edge.firmware.difference import Change, Standing, changes, digest, wanted
from edge.firmware.render import Target

RECORD, BEFORE, LOCK, UNCONFIRMED = "record.json", "before", "lock", "unconfirmed"


class SetError(EdgeError):
    """A set cannot be put in place, confirmed or taken back; the text says why."""


class Record(Struct, frozen=True, kw_only=True):
    """What is in place. ``files``: path → digest; ``site``: the digest of the site file; ``was``: the same of the set before, while it is kept.
    ``by_tunnel``: it is confirmed by the hub, which answers through the tunnel that it makes. ``taken``: the system was told all of it. ``follows``: it is confirmed,
    and the site file does not say so yet. ``went_back``: the digest of the site file that was taken back last.
    """

    files: dict[str, str] = {}
    site: str = ""
    confirmed: bool = True
    armed_boot: str = ""
    armed_s: float = 0.0
    within_s: float = 0.0
    by_tunnel: bool = False
    taken: bool = False
    follows: bool = False
    went_back: str = ""
    kept: dict[str, str] = {}
    was: dict[str, str] = {}
    was_site: str = ""
    can_go_back: bool = False

    @property
    def armed(self) -> Moment:
        """When it was put in place."""
        return Moment(self.armed_boot, self.armed_s)


class Sets:
    """The sets of the appliance under ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / STATE_FOLDER

    def record(self) -> Record:
        """What is in place; an empty record where nothing ever was.

        Raises:
            SetError: it cannot be read.
        """
        try:
            return msgspec.json.decode((self.folder / RECORD).read_bytes(), type=Record)
        except FileNotFoundError:
            return Record()
        except (OSError, msgspec.DecodeError) as error:
            raise SetError(
                f"{self.folder / RECORD} cannot be read: put it back, or set it aside and apply again"
            ) from error

    def changes(self, targets: Mapping[str, Target]) -> list[Change]:
        """What applying ``targets`` would do now.

        Raises:
            SetError, OSError: what stands there cannot be read.
        """
        ours = frozenset(self.record().files)
        aims = wanted(targets)
        there = {path: found for path in sorted(aims.keys() | ours) if (found := self._standing(path)) is not None}
        return changes(aims, there, ours)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else puts in place, confirms or takes back meanwhile."""
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        handle = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | platform.OPENED, 0o600)
        try:
            platform.hold(handle, wait=True)
            yield
        finally:
            os.close(handle)

    def keep(
        self,
        targets: Mapping[str, Target],
        found: Sequence[Change],
        site: str,
        at: Moment,
        within_s: float,
        *,
        by_tunnel: bool = False,
    ) -> None:
        """Keep what stands, and record that a set is on its way that must be confirmed ``within_s``; call it ``held``, before :meth:`put`.

        Raises:
            SetError: an earlier set is not confirmed yet.
        """
        record = self.record()
        if not record.confirmed:
            raise SetError("the set before is not confirmed: pishkhan-edge firmware confirm, or rollback")
        before = self.folder / BEFORE
        shutil.rmtree(before, ignore_errors=True)
        before.mkdir(mode=0o700)
        kept: dict[str, str] = {}
        for change in found:
            if change.old is None:
                kept[change.path] = ""
                continue
            kept[change.path] = digest(change.old)
            place = before / change.path
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.write_new(place, change.old.content, change.old.mode)
            place.chmod(change.old.mode)
        _sync_tree(before)
        aims = {path: digest(standing) for path, standing in wanted(targets).items()}
        fresh = Record(
            files=aims, site=site, confirmed=False, armed_boot=at.boot, armed_s=at.seconds, within_s=within_s, by_tunnel=by_tunnel, kept=kept, was=record.files, was_site=record.site, can_go_back=True,
        )  # fmt: skip
        files.replace(self.folder / UNCONFIRMED, b"", 0o644)
        self._write(fresh)

    def keep_site(self, mark: str, text: bytes) -> None:
        """Keep the site file whose digest is ``mark`` as it is put in place: the file itself may be changed, or be another after a roll-back."""
        record = self.record()
        place = self._site_place(mark)
        files.replace(place, text, 0o644)
        place.chmod(0o644)
        named = {self._site_place(one) for one in (mark, record.site, record.was_site) if one}
        for other in self.folder.glob("site.*.toml"):
            if other not in named:
                other.unlink()

    def applied_site(self) -> Path | None:
        """The site file as it is in place; ``None``: it was not kept, or nothing is in place.

        Raises:
            SetError: the record cannot be read.
        """
        mark = self.record().site
        place = self._site_place(mark)
        return place if mark and place.is_file() else None

    def _site_place(self, mark: str) -> Path:
        return self.folder / f"site.{mark[:16]}.toml"

    def put(self, found: Sequence[Change]) -> None:
        """Write the files; each is the old one or the new one at any time."""
        for change in found:
            self._place(change.path, change.new)

    def taken(self) -> None:
        """The system was told all of it, and takes it."""
        self._write(msgspec.structs.replace(self.record(), taken=True))

    def whole(self, record: Record) -> bool:
        """Whether every file of ``record`` stands as it says: a power cut may have come between two of them."""
        found = {path: self._standing(path) for path in record.files}
        return all(one is not None and digest(one) == record.files[path] for path, one in found.items())

    def note(self, site: str) -> None:
        """The site file was changed and renders to the same files."""
        self._write(msgspec.structs.replace(self.record(), site=site))

    def confirm(self) -> None:
        """Keep what was put in place. One that the hub was to confirm is over when the site file says it too: :meth:`followed`.

        Raises:
            SetError: nothing waits for it.
        """
        record = self.record()
        if record.confirmed:
            raise SetError("nothing waits to be confirmed")
        self._write(msgspec.structs.replace(record, confirmed=True, follows=record.by_tunnel))
        if not record.by_tunnel:
            self._settled()

    def followed(self) -> None:
        """The site file says what was confirmed, or cannot; nothing of the last set is due any more."""
        record = self.record()
        if record.follows:
            self._write(msgspec.structs.replace(record, follows=False))
        if record.confirmed:
            self._settled()

    def back(self) -> list[str]:
        """Put what was kept in its place again; the paths that this touched.

        Raises:
            SetError: nothing is kept, or what is kept is damaged. Nothing was touched then.
        """
        record = self.record()
        if not record.can_go_back:
            raise SetError("there is no set before this one")
        olds = {path: self._kept(path, told) for path, told in record.kept.items()}
        for path, old in olds.items():
            self._place(path, old)
        self._write(Record(files=record.was, site=record.was_site, went_back=record.site))
        self._settled()
        shutil.rmtree(self.folder / BEFORE, ignore_errors=True)
        return sorted(olds)

    def _kept(self, path: str, told: str) -> Standing | None:
        if not told:
            return None
        place = self.folder / BEFORE / path
        try:
            found = Standing(place.read_bytes(), stat.S_IMODE(place.stat().st_mode))
        except OSError as error:
            raise SetError(f"{place} cannot be read: {error.strerror}") from error
        if digest(found) != told:
            raise SetError(f"{place} is not what was kept")
        return found

    def _standing(self, path: str) -> Standing | None:
        place = self.root / path
        try:
            return Standing(place.read_bytes(), stat.S_IMODE(place.stat().st_mode))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _place(self, path: str, standing: Standing | None) -> None:
        place = self.root / path
        if standing is None:
            with suppress(NotADirectoryError):  # as good as not there
                place.unlink(missing_ok=True)
            return
        place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        files.replace(place, standing.content, standing.mode)
        place.chmod(standing.mode)  # whatever the caller's umask is

    def _settled(self) -> None:
        (self.folder / UNCONFIRMED).unlink(missing_ok=True)

    def _write(self, record: Record) -> None:
        files.replace(self.folder / RECORD, msgspec.json.encode(record), 0o644)
        (self.folder / RECORD).chmod(0o644)


def _sync_tree(folder: Path) -> None:
    for place in (folder, *(child for child in folder.rglob("*") if child.is_dir())):
        files.sync_folder(place)
