"""The refusals of settlements and of what undoes them; part of :data:`central_sync.wire.refusals.REFUSALS`."""

from __future__ import annotations

from central_sync.wire.sentences import Fault, Sentences

SETTLEMENT_REFUSALS: dict[str, Sentences] = {
    "already_settled": Sentences(
        Fault.HIS, False, "This bill is already settled.", "The case has a settlement in force."
    ),
    "schemes_clash": Sentences(
        Fault.DESK,
        True,
        "Two insurances of this person claim one place. Ask the insurer to correct the record, then settle.",
        "Two covers in force are of schemes of one layer and one rank: end one of them in the member's record, or rank the schemes.",
    ),
    "interim_not_possible": Sentences(
        Fault.HIS,
        False,
        "This cannot be settled in part; settle it whole.",
        "Only a stay before its discharge has interim settlements (`until`), and not more of them than the limit.",
    ),
    "later_settlement_first": Sentences(
        Fault.DESK,
        True,
        "Cancel the later settlement of this stay first.",
        "A later settlement of the stay stands on this one: they go back from the last one backwards.",
    ),
    "fee_settled": Sentences(
        Fault.DESK,
        True,
        "The line is already settled. Cancel the interim settlement first.",
        "An interim settlement in force holds the fee line: cancel it with 2305.",
    ),
    "settlement_unknown": Sentences(
        Fault.HIS,
        False,
        "This settlement does not exist.",
        "No settlement of this institution answers to that reference.",
    ),
    "already_undone": Sentences(
        Fault.HIS,
        False,
        "This was already cancelled.",
        "The original went back before: by a cancel, a reversal or an annulment.",
    ),
    "already_confirmed": Sentences(
        Fault.HIS,
        False,
        "This settlement is already confirmed.",
        "A confirmed settlement cannot be annulled by 49; cancel it.",
    ),
    "original_mismatch": Sentences(
        Fault.HIS,
        False,
        "The request names another transaction. Call your IT desk.",
        "The original msgid belongs to another number or case.",
    ),
    "original_not_reversible": Sentences(
        Fault.HIS,
        False,
        "This cannot be reversed. Use its cancel.",
        "The catalogue lists the original's number as not reversible.",
    ),
    "reversal_blocked": Sentences(
        Fault.HIS,
        True,
        "Later steps of this case must be cancelled first.",
        "The original cannot go back while later transactions of the case stand on it.",
    ),
    "reversed_before_arrival": Sentences(
        Fault.HIS,
        False,
        "This request was taken back before it was carried out.",
        "A reversal of this msgid came first and left a tombstone.",
    ),
    "never_applied": Sentences(
        Fault.LINE,
        True,
        "This was not carried out. Please do it again.",
        "The hub never applied it and has stopped any late copy with a tombstone.",
    ),
}
