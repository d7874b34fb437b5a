"""PURE: how the tunnel is, and what to do about it, judged look by look.

The ladder: while the cable is out nothing helps. A device that is gone is made again. A tunnel through which the hub does not answer is
given a new peer, soon and then at growing pauses; when that did not help a few times, the device is made anew. The pauses stay below what
makes a hospital wait after the hub is back. A hub that has never answered a ping may not answer pings: then handshakes alone count.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from edge.firmware import defaults


class Leg(StrEnum):
    """Where the way through the tunnel ends; ``up``: nowhere."""

    UP = "up"
    CABLE = "cable"
    DEVICE = "device"
    HANDSHAKE = "handshake"
    SILENT = "silent"
    NARROW = "narrow"
    UNWATCHED = "unwatched"


class Act(StrEnum):
    """What is to be done now."""

    NOTHING = "nothing"
    RESET = "reset"
    REMAKE = "remake"


class Words(NamedTuple):
    """What is wrong, and what to do."""

    what: str
    do: str


WORDS: Mapping[Leg, Words] = {
    Leg.CABLE: Words(
        "The cable of the provider's side (wan0) has no link.",
        "Plug it in at both ends; look at the provider's router.",
    ),
    Leg.DEVICE: Words(
        "The tunnel's device (hub0) is not there.",
        "It is made again by itself; if it stays, look into the log of `pishkhan-tunnel`.",
    ),
    Leg.HANDSHAKE: Words(
        "The other end of the tunnel does not answer.",
        "It is tried again by itself. If it stays: does the provider's router let UDP out, is the hub's end up, do the keys fit?",
    ),
    Leg.SILENT: Words(
        "The tunnel stands, and nothing comes through it from the hub.",
        "It is set anew by itself. If it stays, call the centre: the hub's machine does not answer inside the tunnel.",
    ),
    Leg.NARROW: Words(
        "The provider's path carries only smaller packets; the tunnel was made narrower.",
        "Nothing: it works. Ask the provider for the full size of 1500 bytes.",
    ),
    Leg.UNWATCHED: Words(
        "Nobody watches the tunnel.",
        "Start the watch: `systemctl start pishkhan-tunnel`, and look into its log.",
    ),
}
"""For each leg but ``up``."""


class Look(NamedTuple):
    """One look. ``at_s`` is monotonic; ``cable``: ``None`` where nobody can say; ``handshake_age_s``: ``None`` where there was none."""

    at_s: float
    cable: bool | None
    device: bool
    answered: bool
    handshake_age_s: float | None = None


class Memory(NamedTuple):
    """What is known from the looks before. ``good_s``: when the tunnel last worked, or the watch began."""

    good_s: float
    answers: bool = False
    tries: int = 0
    next_s: float = 0.0


class Judged(NamedTuple):
    """What a look says."""

    leg: Leg
    act: Act
    memory: Memory


class Report(Struct, frozen=True, kw_only=True):
    """What the watch writes for the edge and the technician. ``at``: Unix seconds; ``resets``: since the tunnel last worked; ``answers``:
    whether the hub itself has answered through it since the watch began, not only the tunnel's other end.
    """

    at: float
    leg: Leg
    handshake_age_s: float | None = None
    mtu_bytes: int = 0
    resets: int = 0
    answers: bool = False


def begun(now_s: float) -> Memory:
    """At the start of the watch."""
    return Memory(now_s)


def judged(memory: Memory, look: Look) -> Judged:
    """What ``look`` says, after everything before it."""
    answers = memory.answers or look.answered
    if look.cable is False:
        # Nothing done here helps; and nothing is owed when it is plugged in again.
        return Judged(Leg.CABLE, Act.NOTHING, Memory(look.at_s, answers))
    young = look.handshake_age_s is not None and look.handshake_age_s <= defaults.TUNNEL_HANDSHAKE_S_MAX
    if look.device and (look.answered or (young and not answers)):
        return Judged(Leg.UP, Act.NOTHING, Memory(look.at_s, answers))
    leg = Leg.DEVICE if not look.device else Leg.SILENT if young else Leg.HANDSHAKE
    if look.at_s - memory.good_s < defaults.TUNNEL_SILENT_S:
        return Judged(Leg.UP if look.device and answers else leg, Act.NOTHING, memory._replace(answers=answers))
    if look.at_s < memory.next_s:
        return Judged(leg, Act.NOTHING, memory._replace(answers=answers))
    tries = memory.tries + 1
    remake = leg is Leg.DEVICE or tries % defaults.TUNNEL_REMAKE_AFTER_RESETS == 0
    return Judged(
        leg,
        Act.REMAKE if remake else Act.RESET,
        Memory(memory.good_s, answers, tries, look.at_s + pause_s(tries)),
    )


def pause_s(tries: int) -> float:
    """How long to wait after so many tries."""
    return float(min(defaults.TUNNEL_RESET_PAUSE_S * tries, defaults.TUNNEL_RESET_PAUSE_S_MAX))


def narrower(mtu_bytes: int) -> int:
    """The next size to try where packets of ``mtu_bytes`` do not come through; the smallest stays."""
    sizes = (1420, 1380, 1320, defaults.VPN_MTU_BYTES_MIN)
    return next((size for size in sizes if size < mtu_bytes), defaults.VPN_MTU_BYTES_MIN)


def leg_of(report: Report | None, now: float) -> Leg:
    """How the tunnel is by the watch's last ``report``; an old one says that nobody watches."""
    if report is None or not -defaults.TUNNEL_STALE_S <= now - report.at <= defaults.TUNNEL_STALE_S:
        return Leg.UNWATCHED
    return report.leg
