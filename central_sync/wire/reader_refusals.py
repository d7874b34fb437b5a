"""The refusals of card readers and cards; part of :data:`central_sync.wire.refusals.REFUSALS`."""

from __future__ import annotations

from central_sync.wire.sentences import Fault, Sentences

READER_REFUSALS: dict[str, Sentences] = {
    "reader_unknown": Sentences(
        Fault.HIS, False, "This card reader is not connected.", "No reader has this name: see GET /cards/v1/readers."
    ),
    "card_absent": Sentences(
        Fault.DESK, True, "Put the card on the reader.", "No card came onto the reader before the deadline."
    ),
    "card_unreadable": Sentences(
        Fault.DESK, True, "The card could not be read. Clean it and try again.", "The card's data fail their checks."
    ),
    "card_mute": Sentences(
        Fault.DESK,
        True,
        "The card does not answer. Turn it over and try again.",
        "No answer to reset: wrong way round, dirty or broken.",
    ),
    "card_removed": Sentences(
        Fault.DESK,
        True,
        "The card was taken away too soon. Put it on the reader again.",
        "The card left the reader during the read.",
    ),
    "card_slow": Sentences(
        Fault.DESK,
        True,
        "The card did not answer in time. Try again.",
        "The card or its driver kept the read beyond its deadline.",
    ),
    "card_unknown": Sentences(
        Fault.DESK,
        False,
        "This kind of card is not known here. Type the person's number instead.",
        "No kind of card answered to this ATR; docs/writing-a-driver.md tells how one is added.",
    ),
    "card_expired": Sentences(
        Fault.DESK,
        False,
        "This card has expired. Ask for another document.",
        "The last day on the card is past, in the institution's zone.",
    ),
    "card_not_yet_valid": Sentences(
        Fault.DESK,
        False,
        "This card is not valid yet. Ask for another document.",
        "The first day on the card is yet to come.",
    ),
    "reader_lost": Sentences(
        Fault.DESK,
        True,
        "The card reader is unplugged. Plug it in and try again.",
        "The reader is not connected, or left during the read.",
    ),
    "reader_busy": Sentences(
        Fault.DESK,
        True,
        "Another program uses the card reader. Close it and try again.",
        "The reader is held by another program.",
    ),
    "reader_failed": Sentences(
        Fault.EDGE,
        True,
        "The card reader does not work. Call your IT desk.",
        "The driver or its service failed: see pishkhan-edge readers.",
    ),
}
