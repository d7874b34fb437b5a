"""The refusals of card readers and cards; part of :data:`central_sync.wire.refusals.REFUSALS`."""

from __future__ import annotations

from central_sync.wire.sentences import Fault, Sentences

READER_REFUSALS: dict[str, Sentences] = {
    "reader_unknown": Sentences(
        Fault.HIS, False, "This card reader is not connected.", "No reader has this name: see GET /cards/v1/readers."
    ),
    "reader_of_another_desk": Sentences(
        Fault.HIS,
        False,
        "This card reader belongs to another desk.",
        "Its row of [[readers]] in edge.toml names another workstation.",
    ),
    "card_read_unknown": Sentences(
        Fault.HIS,
        True,
        "The card was not read at this desk. Read it again.",
        "What card_read names was not read by this workstation since the edge started: read anew, or leave it out.",
    ),
    "card_read_stale": Sentences(
        Fault.DESK,
        True,
        "The card was read too long ago. Read it again.",
        "The read is older than card_read_good_s in edge.toml.",
    ),
    "card_read_of_another": Sentences(
        Fault.DESK,
        True,
        "This is another person's card. Check it, and read the right one.",
        "The person in the packet is not the one whose card card_read names.",
    ),
    "card_read_nameless": Sentences(
        Fault.HIS,
        True,
        "This card does not say whose it is: it proves nobody's presence.",
        "The card that card_read names carries no identity number: leave card_read out.",
    ),
    "card_forgotten": Sentences(
        Fault.DESK,
        True,
        "The card was read too long ago. Read it again.",
        "What is on a card is kept for card_kept_s (edge.toml) only.",
    ),
    "card_request_unknown": Sentences(
        Fault.HIS,
        False,
        "This request for a card is over.",
        "No card request of this workstation has this id; ended ones are forgotten after ten minutes.",
    ),
    "card_request_cancelled": Sentences(
        Fault.HIS, True, "The request for a card was cancelled.", "The request was ended by a DELETE."
    ),
    "card_absent": Sentences(
        Fault.DESK, True, "Put the card on the reader.", "No card came onto the reader before the deadline."
    ),
    "card_lying": Sentences(
        Fault.DESK,
        True,
        "Lift the card and put it down again.",
        "This reader reads a card once each time that it is put down.",
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
        "The card left the reader during the read, or before a transaction for which it must stay (card_must_stay in edge.toml).",
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
        "The card reader is unplugged, or its computer is off. Put that right and try again.",
        "The reader is not connected, or left during the read; or the agent of its computer does not answer.",
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
