"""The port to whoever pays a layer, and the choice of a driver for each payer.

The engine has computed a layer's share; the desk asks the payer to stand by it. A driver
    * returns, when the payer takes the share upon itself;
    * raises ``PayerDeclined`` or ``PayerUnavailable``, when the payer will not or cannot say so now. Then the settlement goes on and
      the share is marked deferred: its amount and its accumulators stay as computed, and the payer decides later.
A driver answers within its own deadline, is safe to ask twice about the same settlement, and never changes the share. It is
called inside the desk's unit of work: a driver that crosses a network must not hold it up for longer than its deadline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from central_sync.benefits.results import Share
from central_sync.payers.here import Here


@dataclass(frozen=True, slots=True)
class Claim:
    """What a payer is asked about: one share of one settlement. No name and no identifier crosses this port."""

    settlement_id: str
    institution: str
    member: str
    day: date
    currency: str
    share: Share


class Payer(Protocol):
    """One driver."""

    def settle(self, claim: Claim) -> None:
        """Take the share upon the payer.

        Raises:
            PayerDeclined, PayerUnavailable: the share is deferred.
        """


@dataclass(frozen=True, slots=True)
class Payers:
    """Which driver reaches which payer (a scheme's ``payer``); all others are paid from here."""

    drivers: Mapping[str, Payer] = field(default_factory=dict)
    otherwise: Payer = field(default_factory=Here)

    def of(self, payer: str) -> Payer:
        """The driver for ``payer``."""
        return self.drivers.get(payer, self.otherwise)
