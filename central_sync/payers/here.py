"""The payer whose money the hub itself disposes of: what the hub's own engine computed is what it pays."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from central_sync.payers import Claim


class Here:
    """Stands by every share."""

    def settle(self, claim: Claim) -> None:
        """The share is the hub's own computation: nobody else is asked."""
        assert claim.share.amount >= 0
