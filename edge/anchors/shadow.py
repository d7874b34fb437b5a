"""The shadow slot, ``DIR/shadow.json``: the last word about a handover that was believed, and how its drill went. It makes nobody trusted."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from msgspec import Struct

from central_sync.wire.handovers import PASSED, State, name_of
from central_sync.wire.messages import Handover
from edge.errors import EdgeError
from edge.kept_file import KeptFile

FILE = "shadow.json"


class ShadowDamaged(EdgeError):
    """The shadow slot cannot be read or written; the text says why."""


class Shadow(Struct, frozen=True, kw_only=True):
    """``word``: the last one that was signed by an authority of ours; ``drill``: ``passed``, a fault, or empty while there was none, last tried at
    ``drilled_at``; ``refused``: why a newer word is not believed, a fault, and ``refused_next``: whom that names.
    """

    word: Handover | None = None
    drill: str = ""
    drilled_at: datetime | None = None
    refused: str = ""
    refused_next: str = ""

    @property
    def following(self) -> str:
        """The name of the authority in the slot; empty: there is none."""
        return name_of(self.word.following) if self.word is not None and self.word.state != State.WITHDRAWN else ""

    @property
    def said(self) -> tuple[str, str]:
        """What the hub is told: whom we tried, and how it went."""
        return (self.refused_next, self.refused) if self.refused else (self.following, self.drill)

    @property
    def trouble(self) -> str:
        """Why the authority in the slot is not believed, as a code; empty: nothing is wrong."""
        return self.refused or (self.drill if self.drill != PASSED else "")


def slot(folder: Path) -> KeptFile[Shadow]:
    """The slot in the data directory ``folder``."""
    return KeptFile(folder / FILE, Shadow, ShadowDamaged)
