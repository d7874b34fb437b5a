"""Where the authorities lie: the one in use, beside it at most one other in a shadow slot, and which is which, in one small file.

Rules
    * The first authority lies in the folder itself, each later one in ``slots/NAME/``; a slot holds ``authority.key``, ``authority.pem`` and
      ``server.pem``. None of them ever moves: what changes is ``handover.json``, whole or not at all, so that a crash at any point leaves
      the state before or the state after.
    * A slot that ``handover.json`` does not name is rubbish of a change that was broken off; the next change clears it away.
    * ``trail/NAME.json`` is the last word of each authority that is over, for ever: by it an edge that was away finds to the present one.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
from msgspec import Struct

from central_sync.fleet.files import replace
from central_sync.wire.handovers import name_of
from central_sync.wire.messages import Handover

FILE = "handover.json"
SLOTS = "slots"
TRAIL = "trail"
FIRST = ""
"""The slot that is the folder itself."""
_FILES = ("authority.key", "authority.pem", "server.pem")
_MODE = 0o600


class StandingUnreadable(Exception):
    """``handover.json``, or a link of the trail, is damaged; the text says which."""


class Standing(Struct, frozen=True, kw_only=True):
    """``current`` is the slot in use, ``shadow`` the other one (``None``: there is none); ``handover`` is the last word to the edges."""

    current: str = FIRST
    shadow: str | None = None
    handover: Handover | None = None


class Slots:
    """The slots in an authority's ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def standing(self) -> Standing:
        """Which slot is in use.

        Raises:
            StandingUnreadable: see there.
        """
        path = self._folder / FILE
        try:
            return msgspec.json.decode(path.read_bytes(), type=Standing)
        except FileNotFoundError:
            return Standing()
        except (OSError, msgspec.DecodeError) as error:
            raise StandingUnreadable(f"{path} cannot be read: {type(error).__name__}") from error

    def keep(self, standing: Standing) -> None:
        """Let ``standing`` hold from now on."""
        replace(self._folder / FILE, msgspec.json.format(msgspec.json.encode(standing)), _MODE)

    def place(self, slot: str) -> Path:
        """The folder of ``slot``."""
        return self._folder if slot == FIRST else self._folder / SLOTS / slot

    def mark(self) -> tuple[int, int, int]:
        """What tells one state of ``handover.json`` from another."""
        try:
            found = (self._folder / FILE).stat()
        except FileNotFoundError:
            return 0, 0, 0
        return found.st_mtime_ns, found.st_ino, found.st_size

    def trail(self) -> list[Handover]:
        """The last word of each authority that is over, oldest first.

        Raises:
            StandingUnreadable: see there.
        """
        found = []
        for path in (self._folder / TRAIL).glob("*.json"):
            try:
                found.append(msgspec.json.decode(path.read_bytes(), type=Handover))
            except (OSError, msgspec.DecodeError) as error:
                raise StandingUnreadable(f"{path} cannot be read: {type(error).__name__}") from error
        return sorted(found, key=lambda one: one.number)

    def keep_link(self, handover: Handover) -> None:
        """Keep the last word of the authority that goes."""
        folder = self._folder / TRAIL
        folder.mkdir(mode=0o700, exist_ok=True)
        replace(folder / f"{name_of(handover.present)}.json", msgspec.json.encode(handover), _MODE)

    def clear(self) -> None:
        """Remove whatever is not named by the standing, keys and all, and the last word of an authority that is still beside or in use."""
        standing = self.standing()
        if standing.shadow is not None and standing.handover is not None:
            (self._folder / TRAIL / f"{name_of(standing.handover.present)}.json").unlink(missing_ok=True)
        named = {standing.current, standing.shadow}
        for path in (self._folder / SLOTS).glob("*"):
            if path.name not in named:
                shutil.rmtree(path)
        if FIRST not in named:
            for name in _FILES:
                (self._folder / name).unlink(missing_ok=True)
