"""What the updater remembers, in ``STATE/state.json``: whole or not at all, readable for the edge and for people."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from edge import files
from edge.errors import EdgeError
from edge.update.limits import FAILED_KEPT_MAX, ROOT_BYTES_MAX

FILE = "state.json"
TRUST, ROOT_FILE = "trust", "root.json"
FILE_MODE = 0o644


class _Signed(Struct, frozen=True):
    version: int


class _Root(Struct, frozen=True):
    signed: _Signed


class UpdateFailed(EdgeError):
    """An update is not possible or not believed. ``code`` is one word for programs; the text says what to do."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Trial(Struct, frozen=True):
    """A new version that is being tried: since when, and what ran before."""

    version: str
    before: str
    since: datetime


class Told(Struct, frozen=True):
    """How the last look or trial ended: ``code`` is ``ok``, ``nothing``, ``taken_back`` or an :class:`UpdateFailed`'s."""

    at: datetime
    code: str
    sentence: str
    version: str = ""


class State(Struct, frozen=True):
    """``running`` is what was last found well; ``failed`` version → why, of those that were taken back."""

    running: str = ""
    trial: Trial | None = None
    failed: dict[str, str] = {}
    last: Told | None = None


def load(folder: Path) -> State:
    """What is remembered under ``folder``; nothing, if there is no file.

    Raises:
        UpdateFailed: ``state_damaged``.
    """
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except FileNotFoundError:
        return State()
    except (OSError, msgspec.DecodeError) as error:
        raise UpdateFailed(
            "state_damaged", f"{path} cannot be read. Look which release runs, and remove the file."
        ) from error


def save(folder: Path, state: State) -> None:
    """Remember it, durably."""
    failed = dict(list(state.failed.items())[-FAILED_KEPT_MAX:])
    kept = msgspec.structs.replace(state, failed=failed)
    files.replace(folder / FILE, msgspec.json.format(msgspec.json.encode(kept)), FILE_MODE)


def root_version(folder: Path) -> int:
    """The version of the root that is believed under ``folder``; 0: there is none, or it cannot be read."""
    try:
        with (folder / TRUST / ROOT_FILE).open("rb") as file:
            return msgspec.json.decode(file.read(ROOT_BYTES_MAX), type=_Root).signed.version
    except (OSError, msgspec.DecodeError):
        return 0  # as good as none: whoever looks for updates says so
