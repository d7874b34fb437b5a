"""PURE: what the system must be told when a file has changed: one table, in the order of telling.

A card's name and the machine's are taken up at the next boot. Only systemd's own programs are called: they reach its services over their sockets, so that what calls them needs few rights.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Step(NamedTuple):
    """Files whose path begins so need this command. ``must``: a failure takes the whole set back."""

    prefixes: tuple[str, ...]
    command: tuple[str, ...]
    must: bool = True


STEPS = (
    Step(("etc/systemd/system/",), ("systemctl", "daemon-reload")),
    # The firewall first: nothing that comes up later is heard without it.
    Step(("etc/nftables.conf",), ("systemctl", "restart", "nftables.service")),
    Step(("etc/sysctl.d/",), ("systemctl", "restart", "systemd-sysctl.service")),
    Step(("etc/systemd/network/10-", "etc/udev/"), ("udevadm", "control", "--reload"), must=False),
    Step(("etc/systemd/network/",), ("systemctl", "restart", "systemd-networkd.service")),
    Step(("etc/openvpn/",), ("systemctl", "restart", "openvpn-client@pishkhan.service")),
    Step(("etc/swanctl/", "etc/strongswan.d/"), ("systemctl", "restart", "strongswan.service")),
    Step(("etc/udev/",), ("udevadm", "trigger", "--subsystem-match=usb", "--subsystem-match=tty"), must=False),
    Step(("etc/chrony/",), ("systemctl", "try-restart", "chrony.service"), must=False),
    Step(("etc/systemd/journald.conf.d/",), ("systemctl", "restart", "systemd-journald.service"), must=False),
    Step(("etc/ssh/",), ("systemctl", "try-reload-or-restart", "ssh.service"), must=False),
    Step(
        ("etc/systemd/network/", "etc/systemd/system/pishkhan-tunnel"),
        ("systemctl", "try-restart", "pishkhan-tunnel.service"),
    ),
    Step(
        ("var/lib/pishkhan-edge/", "etc/systemd/system/pishkhan-edge"),
        ("systemctl", "try-restart", "pishkhan-edge.service"),
    ),
)


def steps(changed: Iterable[str]) -> list[Step]:
    """What must be called when the files ``changed`` (relative to the root) have changed, each once."""
    paths = tuple(changed)
    return [step for step in STEPS if any(path.startswith(step.prefixes) for path in paths)]
