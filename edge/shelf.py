"""The rulebooks that an edge keeps: ``DIR/rulebooks/``, the one in use, the one before it, and the one that is being fetched.

Rules
    * ``NUMBER.bundle`` is written whole (temporary file, fsync, rename): after a power cut there is the old one or the new one. The
      highest number that is accepted is in use; so nothing has to point at it, and one that turns out damaged is passed over for the one before.
    * ``fetching`` begins with the digest of the file that it is a beginning of. It is not synced: what is torn is found out when it is
      whole, and fetched anew.
"""

from __future__ import annotations

from pathlib import Path

from central_sync.wire import bundles
from central_sync.wire.bundles import BundleRefused, Fault
from central_sync.wire.limits import BUNDLE_BYTES_MAX, BUNDLE_HEAD_BYTES_MAX, DIGEST_BYTES
from edge import files, platform
from edge.bundles import Accepted, judged
from edge.pieces import Begun

FOLDER = "rulebooks"
KEPT = 2
FETCHING = "fetching"
FILE_BYTES_MAX = BUNDLE_BYTES_MAX + BUNDLE_HEAD_BYTES_MAX + 64


class Shelf:
    """The folder. All of it blocks: for a thread, or for the command line."""

    def __init__(self, folder: Path, authority: Path, institution: str) -> None:
        self._folder = folder / FOLDER
        self._authority = authority
        self._institution = institution

    def numbers(self) -> list[int]:
        """The numbers of what is kept, the highest first."""
        found = [path.stem for path in self._folder.glob("*.bundle")]
        return sorted((int(stem) for stem in found if stem.isascii() and stem.isdigit()), reverse=True)

    def best(self) -> tuple[Accepted | None, Fault | None]:
        """The newest that is accepted, and why one that is newer is not."""
        fault = None
        for number in self.numbers():
            try:
                return self.judged(self._read(self._path(number))), fault
            except BundleRefused as refused:
                fault = fault or refused.fault
            except OSError:
                fault = fault or Fault.DAMAGED
        return None, fault

    def judged(self, file: bytes, number: int = 0) -> Accepted:
        """As :func:`edge.bundles.judged`.

        Raises:
            BundleRefused: it is not used.
            OSError: the authority's certificate cannot be read.
        """
        return judged(file, self._authority.read_bytes(), self._institution, number)

    def keep(self, number: int, file: bytes) -> None:
        """Keep ``file``, and of those before it the newest alone.

        Raises:
            OSError: it cannot be written; what was there is there.
        """
        platform.private(self._folder)
        files.replace(self._path(number), file)
        self.forget_beginning()
        for old in [one for one in self.numbers() if one < number][KEPT - 1 :]:
            self._path(old).unlink(missing_ok=True)

    def beginning(self) -> Begun:
        """What there is of the file that is being fetched."""
        path = self._folder / FETCHING
        try:
            with path.open("rb") as file:
                digest = file.read(DIGEST_BYTES)
                head = bundles.begun(file.read(BUNDLE_HEAD_BYTES_MAX + 64))
            length = path.stat().st_size - DIGEST_BYTES
        except FileNotFoundError:
            return Begun()
        if len(digest) != DIGEST_BYTES:
            return Begun()
        if head is None:
            return Begun(digest, length)
        told, begins = head
        return Begun(digest, length, told.number, told.digest, begins)

    def begin(self, digest: bytes) -> None:
        """Begin a file anew.

        Raises:
            OSError: it cannot be written.
        """
        platform.private(self._folder)
        self.forget_beginning()
        files.write_new(self._folder / FETCHING, digest)

    def add(self, data: bytes) -> None:
        """Add a piece to what is being fetched.

        Raises:
            OSError: it cannot be written.
        """
        with (self._folder / FETCHING).open("ab") as file:
            file.write(data)

    def fetched(self) -> bytes:
        """What was fetched so far.

        Raises:
            OSError: it cannot be read.
        """
        return self._read(self._folder / FETCHING)[DIGEST_BYTES:]

    def forget_beginning(self) -> None:
        """There is nothing that is being fetched."""
        (self._folder / FETCHING).unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}.bundle"

    def _read(self, path: Path) -> bytes:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise BundleRefused(Fault.DAMAGED, "too large")
        return path.read_bytes()
