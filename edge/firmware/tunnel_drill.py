"""SHELL: the drill of the tunnel's next other end: a device of its own beside the one that works, and a handshake, which nobody can make without that key.

Nothing goes through it: it has no address and no route, and the firewall takes nothing from it. What it needs of the firewall, to speak with another address
or port, is one element of a set that the rules have for it, and that goes by itself.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from edge.firmware import defaults
from edge.firmware.render.firewall import DRILL_SET, TABLE
from edge.firmware.site import WireGuard
from edge.firmware.wireguard import Device, TunnelError, called, set_peer

SHADOW = "hub1"
LOOK_EVERY_S = 0.2


def answers(present: WireGuard, following: WireGuard, root: Path, pause: Callable[[float], None] = time.sleep) -> bool:
    """Whether whoever has the key of ``following`` answers at its end, with our own key as it lies below ``root``.

    Raises:
        TunnelError: that cannot be tried here.
    """
    if (present.endpoint, present.port) != (following.endpoint, following.port):
        end = f"{{ {following.endpoint} . {following.port} timeout {2 * defaults.TUNNEL_DRILL_S}s }}"
        called("nft", "add", "element", "inet", TABLE, DRILL_SET, end)
    device = Device(SHADOW)
    try:
        device.make()
        set_peer(SHADOW, following, root, (), (), 1)
        called("ip", "link", "set", SHADOW, "up")
        ends = time.monotonic() + defaults.TUNNEL_DRILL_S
        while not device.handshake_s(following.public_key):
            if time.monotonic() > ends:
                return False
            pause(LOOK_EVERY_S)
        return True
    finally:
        device.stop()
        with contextlib.suppress(TunnelError):  # it went with the program that carried it
            called("ip", "link", "delete", SHADOW)
