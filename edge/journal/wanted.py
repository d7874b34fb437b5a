"""What is asked for when one looks through the journal, as plain values."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct


class State(StrEnum):
    """How an entry stands, as one asks for it. ``open``: provisional or in doubt; ``awaited``: its confirmation."""

    OPEN = "open"
    PROVISIONAL = "provisional"
    IN_DOUBT = "in_doubt"
    FINAL = "final"
    REFUSED = "refused"
    PARKED = "parked"
    AWAITED = "awaited"


class Place(NamedTuple):
    """Where a page ends: when the entry was recorded (microseconds since 1970), and its seq."""

    at: int
    seq: int


class Wanted(Struct, frozen=True, kw_only=True):
    """Which entries: of a state, recorded from ``begin`` on and before ``end``, of a catalogue number, of a case. Empty: all."""

    state: State | None = None
    begin: datetime | None = None
    end: datetime | None = None
    number: str = ""
    hid: str = ""
