"""PURE: what the smart card service says, in our words: its return codes, the states of its readers, and their names.

Numbers are those of the PC/SC specification (part 5) and the same on every system.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple

PNP = "\\\\?PnP?\\Notification"
"""A name under which the service tells that a reader came or went."""

# What calls return.
SUCCESS = 0
CANCELLED = 0x80100002
INVALID_HANDLE = 0x80100003
UNKNOWN_READER = 0x80100009
TIMEOUT = 0x8010000A
SHARING_VIOLATION = 0x8010000B
NO_SMARTCARD = 0x8010000C
PROTO_MISMATCH = 0x8010000F
NOT_READY = 0x80100010
COMM_ERROR = 0x80100013
NOT_TRANSACTED = 0x80100016
READER_UNAVAILABLE = 0x80100017
NO_SERVICE = 0x8010001D
SERVICE_STOPPED = 0x8010001E
NO_READERS = 0x8010002E
COMM_DATA_LOST = 0x8010002F
NO_ACCESS = 0x80100027
SECURITY_VIOLATION = 0x8010006A
UNSUPPORTED_CARD = 0x80100065
UNRESPONSIVE_CARD = 0x80100066
UNPOWERED_CARD = 0x80100067
RESET_CARD = 0x80100068
REMOVED_CARD = 0x80100069

REFUSALS: dict[int, str] = {
    NO_SMARTCARD: "card_removed",
    REMOVED_CARD: "card_removed",
    UNKNOWN_READER: "reader_lost",
    READER_UNAVAILABLE: "reader_lost",
    NO_READERS: "reader_lost",
    SHARING_VIOLATION: "reader_busy",
    RESET_CARD: "reader_busy",
    TIMEOUT: "card_slow",
    PROTO_MISMATCH: "card_mute",
    NOT_READY: "card_mute",
    UNSUPPORTED_CARD: "card_mute",
    UNRESPONSIVE_CARD: "card_mute",
    UNPOWERED_CARD: "card_mute",
    COMM_ERROR: "card_mute",
    NOT_TRANSACTED: "card_mute",
    COMM_DATA_LOST: "card_mute",
}
"""Why a read is refused when a call returned this; every other code is ``reader_failed``."""

UNCLEAR = frozenset({COMM_ERROR, NOT_TRANSACTED, COMM_DATA_LOST})
"""The card does not answer; whether it left is known only when the service has looked again."""
AGAIN = frozenset({PROTO_MISMATCH, NOT_READY, UNRESPONSIVE_CARD, UNPOWERED_CARD, RESET_CARD})
"""Worth a second try: a card that was pushed in this moment, or that another program has reset."""

# What a reader looks like.
STATE_CHANGED = 0x0002
STATE_UNKNOWN = 0x0004
STATE_UNAVAILABLE = 0x0008
STATE_PRESENT = 0x0020
STATE_EXCLUSIVE = 0x0080
STATE_INUSE = 0x0100
STATE_MUTE = 0x0200

T0 = 1
NAMES_CHARACTERS_MAX = 60
EVERY = ("", "*")


class Sight(NamedTuple):
    """A reader as the service shows it. ``nth`` goes up with each card that comes or goes; ``used``: programs have the card open."""

    connected: bool
    present: bool = False
    mute: bool = False
    exclusive: bool = False
    used: bool = False
    nth: int = 0


def sight(state: int) -> Sight:
    """The reader whose event state is ``state``."""
    if state & (STATE_UNKNOWN | STATE_UNAVAILABLE):
        return Sight(connected=False)
    return Sight(
        connected=True,
        present=bool(state & STATE_PRESENT),
        mute=bool(state & STATE_MUTE),
        exclusive=bool(state & STATE_EXCLUSIVE),
        used=bool(state & STATE_INUSE),
        nth=state >> 16 & 0xFFFF,
    )


def refusal(code: int) -> str:
    """Why a read ends when a call returned ``code``."""
    return REFUSALS.get(code, "reader_failed")


def trouble(code: int) -> str:
    """What is wrong with every reader when watching them ended with ``code``."""
    if code in (NO_ACCESS, SECURITY_VIOLATION):
        return "reader_forbidden"
    return "service_down"


def chosen(address: str, found: Iterable[str]) -> list[str]:
    """Those of the readers ``found`` that ``address`` means, in order: a name, the beginning of one, or a pattern with ``*`` and ``?``."""
    names = sorted(found)
    if address in EVERY:
        return names
    if address in names:
        return [address]
    if "*" in address or "?" in address:
        return [name for name in names if fnmatchcase(name, address)]
    return [name for name in names if name.startswith(address)]


def slug(name: str, taken: Collection[str] = ()) -> str:
    """``name`` of a reader as part of our own, different from those ``taken``: ``Virtual PCD 00 01`` → ``virtual-pcd-00-01``."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:NAMES_CHARACTERS_MAX] or "reader"
    numbered, number = plain, 1
    while numbered in taken:
        number += 1
        numbered = f"{plain}-{number}"
    return numbered


def as_sent(command: bytes, protocol: int) -> bytes:
    """``command`` as a card of ``protocol`` takes it: over T=0 data goes one way at a time, so that a command with data has no expected length.

    The card then answers ``61xx``, and the rest is fetched (ISO 7816-3, 12.2.1).
    """
    if protocol == T0 and len(command) > 5 and len(command) == 6 + command[4]:
        return command[:-1]
    return command
