"""PURE: what can be wrong with a reader, and what to do: one table for the command line and the technician's page."""

from __future__ import annotations

from typing import NamedTuple


class Trouble(NamedTuple):
    """``what`` is wrong, and what to ``do``."""

    what: str
    do: str


TROUBLES: dict[str, Trouble] = {
    "library_missing": Trouble(
        "The program part that talks to this reader is not installed.",
        "Install it (`python3-pyscard` for PC/SC, `python3-serial` for serial readers) and start `pishkhan-edge` again.",
    ),
    "service_down": Trouble(
        "The smart card service does not run.",
        "Start it: `systemctl start pcscd` (on Windows: the service Smart Card). It is looked for again by itself.",
    ),
    "reader_absent": Trouble(
        "No reader is there.", "Plug it in; look at its lamp and its cable. It is found again by itself."
    ),
    "reader_forbidden": Trouble(
        "The system does not let this program use the reader.",
        "Add the service's user to the group that owns the device (dialout for serial ports), or see the udev rules.",
    ),
    "reader_busy": Trouble("Another program uses the reader.", "Close that program, or let it share the reader."),
    "reader_failed": Trouble("The reader answers with errors.", "Unplug it, wait five seconds, plug it in again."),
    "reader_stuck": Trouble(
        "The reader's driver does not come back from a call.",
        "Unplug the reader and plug it in again. The other readers go on.",
    ),
    "card_mute": Trouble("The card does not answer.", "Turn it over, clean its contacts, push it in fully."),
    "agent_away": Trouble(
        "The computer that this reader is plugged into does not answer.",
        "Wake it, or start `pishkhan-edge agent` on it.",
    ),
}
