"""The port to whoever pays a layer, and which payers are asked apart.

The engine computes what a layer pays; its payer stands by it, or not. There are two kinds of payers:
    * Whose money the hub disposes of (the driver ``here``): it answers in the desk's unit of work, the share is final with it.
    * Whoever has a driver in ``Payers.drivers`` is asked *apart*: never inside a unit of work, so that no lock and no writer waits for a
      foreign system. The desk settles at once and defers the share, with a signed statement; ``service.py`` asks afterwards, again and
      again, and keeps the answer. The share's amount and its accumulators stay as computed, whatever is answered.

A driver answers within its own deadline, is asked any number of times about the same claim with one effect, and never changes a share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from central_sync.payers.claims import Answer, Claim
from central_sync.payers.here import Here


class Payer(Protocol):
    """One driver."""

    def settle(self, claim: Claim) -> Answer:
        """Ask the payer to take the share upon it.

        Raises:
            PayerUnavailable: nobody knows yet; the same is asked again later.
        """

    def take_back(self, claim: Claim) -> None:
        """The settlement is no longer in force: the payer owes nothing of this claim, whether or not it ever heard of it.

        Raises:
            PayerUnavailable: nobody knows yet; the same is told again later.
        """


def unsigned(_text: bytes) -> tuple[str, bytes]:
    """No signer's name and no signature: for trials; a hub that runs has a signer."""
    return "", b""


@dataclass(frozen=True, slots=True)
class Payers:
    """Which driver reaches which payer (a scheme's ``payer``); all others are paid from here. ``signed`` gives a signer's name and
    signature for the statement of a deferred share.
    """

    drivers: Mapping[str, Payer] = field(default_factory=dict)
    signed: Callable[[bytes], tuple[str, bytes]] = unsigned
    here: Payer = field(default_factory=Here)

    def apart(self, payer: str) -> bool:
        """Whether ``payer`` is asked apart, so that its shares are deferred."""
        return payer in self.drivers
