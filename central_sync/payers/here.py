"""The driver of the payers whose money the hub itself disposes of."""

from __future__ import annotations

from central_sync.payers.claims import Answer, Claim


class Here:
    """The payer whose money the hub itself disposes of: what the hub's own engine computed is what it pays, at once."""

    def settle(self, claim: Claim) -> Answer:
        """The share is the hub's own computation: nobody else is asked. A later part of a stay may give back (a negative share)."""
        assert claim.amount
        return Answer(accepted=True)

    def take_back(self, claim: Claim) -> None:
        """Nobody else was told."""
        assert claim.amount
