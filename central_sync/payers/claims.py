"""What a payer is asked, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Claim:
    """What a payer is asked about: one share of one settlement. ``id`` is the same each time it is asked. No name and no identifier of
    a person crosses this port; ``member`` is the hub's own key.
    """

    id: str
    settlement_id: str
    institution: str
    member: str
    layer: str
    scheme: str
    day: date
    currency: str
    amount: int
    rulebook: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a payer said. ``reason`` is its short code, where it declined; ``evidence`` is its own words, signed, as they came."""

    accepted: bool
    reason: str = ""
    evidence: bytes = b""
