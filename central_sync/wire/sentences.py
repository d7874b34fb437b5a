"""The shape of a refusal's row."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Fault(StrEnum):
    """Who has to act."""

    HIS = "his"
    DESK = "desk"
    EDGE = "edge"
    LINE = "line"
    HUB = "hub"


class Sentences(NamedTuple):
    """One row of the table. ``again``: the same transaction may be sent again (with a new msgid) and may then pass."""

    fault: Fault
    again: bool
    desk: str
    technician: str
