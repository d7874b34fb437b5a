"""What no honest machine sends, against the rendered firewall in a kernel: other families, protocols, broadcasts, fragments, posing as another side.

A chain behind the firewall counts what comes through. Each frame is sent at a box without the firewall first: what its kernel takes there is what the
rules keep out. Nothing else of the appliance is in place, so that they hold alone. Needs root and the Debian packages ``iproute2`` and ``nftables``.
"""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from edge.firmware.render import firewall, system
from tests.e2e import frames
from tests.e2e.frames import (  # fmt: skip
    ACK,
    BROADCAST,
    ESP,
    GRE,
    ICMP,
    ICMP6,
    IGMP,
    IPIP,
    SCTP,
    TCP,
    UDP,
    ethernet,
    icmp,
    icmp6,
    ip4,
    ip6,
    tcp,
    udp,
)
from tests.e2e.test_networks import FACE, LAN, SYNC, WAN, Networks, _ip
from tests.edge.firmware import sites

pytestmark = [pytest.mark.proof, pytest.mark.timeout(180)]

NEAR, FAR, PROVIDER, HIS, NEIGHBOUR, STRANGER, WIREGUARD = (
    "10.99.0.2", "10.99.0.1", "10.82.0.1", "10.81.0.1", "10.81.0.66", "192.0.2.66", 51820,
)  # fmt: skip
OURS6, THEIRS6 = "fe80::2", "fe80::66"
CABLES = {"lan0": ("his", "lan-his"), "wan0": ("hub", "wan-hub"), "hub0": ("hub", "tun-hub")}
BEHIND = """table inet behind {
  counter came { }
  chain in { type filter hook input priority 100; iifname "lo" accept; counter name came; }
  chain over { type filter hook forward priority 100; counter name came; }
}
"""
PAUSE_S = 0.1
TALK = """import socket, sys
own, host, port, mine = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
held = socket.create_connection((host, port), 20, (own, mine))
print("up", flush=True)
sys.stdin.read()
"""
HEAR = "import socket, sys; s = socket.create_server((sys.argv[1], int(sys.argv[2]))); print('up', flush=True); held = s.accept(); sys.stdin.read()"


class Aim:
    """A box between its cables, and who counts what comes through to it."""

    def __init__(self, networks: Networks, running: ExitStack) -> None:
        self.networks = networks
        self.cards: dict[str, str] = {}
        self._running = running
        self._hands: dict[str, subprocess.Popen[str]] = {}
        site = sites.site(
            lan__his=["10.81.0.0/24"], lan__gateway="", lan__technicians=[], wan__gateway="", vpn__endpoint=PROVIDER,
            hub__address=FAR, vpn__address=f"{NEAR}/24", time__servers=[FAR], lan__agents_port=0, readers=[],
        )  # fmt: skip
        self.rules = firewall.targets(site)[firewall.PATH].text
        self.kernel = system.targets(site)["etc/sysctl.d/90-pishkhan.conf"].text

    def set_up(self) -> None:
        """The tunnel is a cable here; neighbours keep silent, for only our frames are to be counted."""
        self.networks._cable(("hub", "tun-hub", f"{FAR}/24"), ("edge", "hub0", f"{NEAR}/24"))
        for device, (side, at) in CABLES.items():
            self.run(side, "sysctl", "-qw", f"net.ipv6.conf.{at}.disable_ipv6=1")
            self.cards[device] = json.loads(self.run("edge", "ip", "-j", "link", "show", device))[0]["address"]
            _ip("-n", self.networks._names["edge"], "address", "add", f"{OURS6}/64", "dev", device, "nodad")
            self._hands[device] = self.going(side, frames.SENDER, at)
        self.load(BEHIND)

    def run(self, side: str, *command: str, text: str = "") -> str:
        done = subprocess.run(
            self.networks.within(side, *command), check=False, capture_output=True, text=True, input=text
        )
        assert done.returncode == 0, (command, done.stderr)
        return done.stdout

    def going(self, side: str, code: str, *words: str) -> subprocess.Popen[str]:
        """A Python program on that side; it ends with the test."""
        command = self.networks.within(side, sys.executable, "-c", code, *words)
        made = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._running.enter_context(made)
        self._running.callback(made.kill)
        return made

    def load(self, rules: str) -> None:
        self.run("edge", "nft", "-f", "-", text=rules)

    def guard(self) -> None:
        """The firewall, and the one who counts behind it."""
        self.load(self.rules + BEHIND)

    def came(self, device: str, *sent: bytes) -> int:
        """How many packets come through of those that are put on the cable of ``device``."""
        before, hand = self._counted(), self._hands[device]
        assert hand.stdin is not None
        assert hand.stdout is not None
        hand.stdin.write(" ".join(one.hex() for one in sent) + "\n")
        hand.stdin.flush()
        assert hand.stdout.readline() == "\n"
        time.sleep(PAUSE_S)
        return self._counted() - before

    def _counted(self) -> int:
        told = json.loads(self.run("edge", "nft", "-j", "list", "counter", "inet", "behind", "came"))
        return sum(row["counter"]["packets"] for row in told["nftables"] if "counter" in row)


@pytest.fixture
def aim() -> Iterator[Aim]:
    with Networks("f") as networks, ExitStack() as running:
        made = Aim(networks, running)
        made.set_up()
        yield made


def begun(card: str, source: str, to: str, port: int) -> bytes:
    """How somebody begins a TCP connection."""
    return ethernet(card, ip4(source, to, TCP, tcp(source, to, (40000, port))))


def told(card: str, source: str, to: str, ports: tuple[int, int]) -> bytes:
    """A datagram."""
    return ethernet(card, ip4(source, to, UDP, udp(source, to, ports)))


def from_the_hospital(card: str) -> dict[str, list[bytes]]:
    """Frames that a kernel by itself takes and that must not come through, by what they try."""

    def sent(protocol: int, payload: bytes, **how: Any) -> bytes:
        return ethernet(card, ip4(NEIGHBOUR, LAN, protocol, payload, **how))

    def six(payload: bytes, following: int = ICMP6, to: str = OURS6) -> bytes:
        at = card if to == OURS6 else "33:33:00:00:00:01"
        return ethernet(at, ip6(THEIRS6, to, following, payload))

    whole, router = udp(NEIGHBOUR, LAN, (40000, 8080), bytes(24)), b"\x40\0\x07\x08" + bytes(8)
    return {
        "a port that nobody serves": [begun(card, NEIGHBOUR, LAN, 8080)],
        "ssh, with no technicians": [begun(card, NEIGHBOUR, LAN, 22)],
        "a served port, from no subnet of the hospital": [begun(card, STRANGER, LAN, FACE)],
        "a served port of the provider's address": [begun(card, NEIGHBOUR, WAN, FACE)],
        "a served port of the tunnel's address": [begun(card, NEIGHBOUR, NEAR, FACE)],
        "the tunnel's address, posing as the hub": [begun(card, FAR, NEAR, FACE)],
        "our address, posing as the hub": [begun(card, FAR, LAN, FACE)],
        "a datagram": [told(card, NEIGHBOUR, LAN, (53, 53))],
        "an answer to no question": [sent(TCP, tcp(NEIGHBOUR, LAN, (443, 40000), ACK))],
        "a datagram in fragments": [sent(UDP, whole[:16], more=True), sent(UDP, whole[16:], offset=16)],
        "a time stamp": [sent(ICMP, icmp(13, 0, payload=bytes(12)))],
        "a redirect": [sent(ICMP, icmp(5, 1, bytes([10, 81, 0, 66]), ip4(LAN, STRANGER, TCP, bytes(8))))],
        "an echo of a stranger": [ethernet(card, ip4(STRANGER, LAN, ICMP, icmp(8, 0)))],
        "an echo to all": [ethernet(BROADCAST, ip4(NEIGHBOUR, "10.81.0.255", ICMP, icmp(8, 0)))],
        "dhcp": [told(BROADCAST, "0.0.0.0", "255.255.255.255", (67, 68))],
        "igmp": [ethernet("01:00:5e:00:00:01", ip4(NEIGHBOUR, "224.0.0.1", IGMP, b"\x11\0\xee\xff\0\0\0\0"))],
        "a packet in a packet": [sent(IPIP, ip4(FAR, NEAR, TCP, tcp(FAR, NEAR, (40000, FACE))))],
        "gre": [sent(GRE, b"\0\0\x08\0" + ip4(FAR, NEAR, ICMP, icmp(8, 0)))],
        "esp": [sent(ESP, bytes(32))],
        "sctp": [sent(SCTP, struct.pack("!HHII", 40000, FACE, 0, 0))],
        "ipv6: a served port": [six(tcp(THEIRS6, OURS6, (40000, FACE)), TCP)],
        "ipv6: an echo": [six(icmp6(THEIRS6, OURS6, 128, b"\0\1\0\1"))],
        "ipv6: a router": [six(icmp6(THEIRS6, "ff02::1", 134, router), to="ff02::1")],
    }


def from_the_hubs_side(wan: str, hub: str) -> dict[str, tuple[str, bytes]]:
    """The same by the other two cables."""
    return {
        "a served port of the provider's address": ("wan0", begun(wan, PROVIDER, WAN, FACE)),
        "the hospital's address, by the provider": ("wan0", begun(wan, PROVIDER, LAN, FACE)),
        "the hospital's address, posing as the hospital": ("wan0", begun(wan, NEIGHBOUR, LAN, FACE)),
        "the tunnel's address, outside the tunnel": ("wan0", begun(wan, FAR, NEAR, FACE)),
        "an echo outside the tunnel": ("wan0", ethernet(wan, ip4(PROVIDER, WAN, ICMP, icmp(8, 0)))),
        "the tunnel's port, from elsewhere": ("wan0", told(wan, STRANGER, WAN, (WIREGUARD, WIREGUARD))),
        "another port, from the tunnel's": ("wan0", told(wan, PROVIDER, WAN, (WIREGUARD, 53))),
        "the time, not asked for": ("wan0", told(wan, FAR, WAN, (123, 123))),
        "ipv6 by the provider": ("wan0", ethernet(wan, ip6(THEIRS6, OURS6, TCP, tcp(THEIRS6, OURS6, (40000, FACE))))),
        "a served port through the tunnel": ("hub0", begun(hub, FAR, NEAR, FACE)),
        "the hospital's address through the tunnel": ("hub0", begun(hub, FAR, LAN, FACE)),
        "ssh through the tunnel": ("hub0", begun(hub, FAR, NEAR, 22)),
        "a datagram through the tunnel": ("hub0", told(hub, FAR, NEAR, (123, 123))),
        "an echo of a neighbour in the tunnel": ("hub0", ethernet(hub, ip4("10.99.0.9", NEAR, ICMP, icmp(8, 0)))),
        "ipv6 through the tunnel": ("hub0", ethernet(hub, ip6(THEIRS6, OURS6, TCP, tcp(THEIRS6, OURS6, (40000, FACE))))),
    }  # fmt: skip


def test_nothing_hostile_comes_through_from_the_hospital(aim: Aim) -> None:
    card = aim.cards["lan0"]
    sent = from_the_hospital(card)
    assert [name for name, one in sent.items() if not aim.came("lan0", *one)] == [], "sent wrongly: a box takes them"
    aim.guard()
    assert aim.came("lan0", begun(card, NEIGHBOUR, LAN, FACE)) == 1, "what may pass does"
    assert aim.came("lan0", ethernet(card, ip4(NEIGHBOUR, LAN, ICMP, icmp(8, 0)))) == 1, "what may pass does"
    assert [name for name, one in sent.items() if aim.came("lan0", *one)] == []


def test_nothing_hostile_comes_through_from_the_hubs_side(aim: Aim) -> None:
    sent = from_the_hubs_side(aim.cards["wan0"], aim.cards["hub0"])
    assert [name for name, one in sent.items() if not aim.came(*one)] == [], "sent wrongly: a box takes them"
    aim.guard()
    assert aim.came("wan0", told(aim.cards["wan0"], PROVIDER, WAN, (WIREGUARD, WIREGUARD))) == 1
    assert aim.came("hub0", ethernet(aim.cards["hub0"], ip4(FAR, NEAR, ICMP, icmp(8, 0)))) == 1
    assert [name for name, one in sent.items() if aim.came(*one)] == []


def test_who_poses_as_this_box_or_as_all_or_wants_to_be_passed_on_is_turned_away(aim: Aim) -> None:
    """With the kernel's settings besides: nothing else knows which addresses are those of all."""
    card = aim.cards["lan0"]
    ours = "".join(line + "\n" for line in aim.kernel.splitlines() if re.match(r"-?net\.ipv4\.", line))
    aim.run("edge", "sysctl", "-q", "-e", "-p", "-", text=ours)
    aim.guard()
    routed = bytes([131, 7, 4, *map(int, FAR.split(".")), 0])  # a loose source route, to the hub
    sent = {
        "loopback's address": begun(card, NEIGHBOUR, "127.0.0.1", FACE),
        "posing as loopback": begun(card, "127.0.0.1", LAN, FACE),
        "posing as ourselves": begun(card, LAN, LAN, FACE),
        "posing as all": begun(card, "10.81.0.255", LAN, FACE),
        "posing as many": begun(card, "224.0.0.1", LAN, FACE),
        "to be passed on": begun(card, NEIGHBOUR, FAR, SYNC),
        "to be passed on from here": ethernet(card, ip4(NEIGHBOUR, LAN, TCP, tcp(NEIGHBOUR, LAN, (40000, FACE)), options=routed)),
    }  # fmt: skip
    assert [name for name, one in sent.items() if aim.came("lan0", one)] == []
    assert aim.came("lan0", begun(card, NEIGHBOUR, LAN, FACE)) == 1, "what may pass does"


def test_of_what_belongs_to_a_conversation_only_errors_come_by_icmp_and_by_its_own_cable(aim: Aim) -> None:
    card, wan, hub = (aim.cards[device] for device in ("lan0", "wan0", "hub0"))
    aim.guard()
    for here, own, there, host, port, mine in (
        ("edge", LAN, "his", HIS, FACE, 40001),
        ("hub", FAR, "edge", NEAR, SYNC, 40002),
    ):
        hears = aim.going(here, HEAR, own, str(port))
        assert hears.stdout is not None
        assert hears.stdout.readline() == "up\n"
        talks = aim.going(there, TALK, host, own, str(port), str(mine))
        assert talks.stdout is not None
        assert talks.stdout.readline() == "up\n", f"{there} does not reach {own}"
    answer = ip4(LAN, HIS, TCP, tcp(LAN, HIS, (FACE, 40001), ACK))
    upwards = ip4(NEAR, FAR, TCP, tcp(NEAR, FAR, (40002, SYNC), ACK))
    narrow = icmp(3, 4, struct.pack("!HH", 0, 1280), answer)
    assert aim.came("lan0", ethernet(card, ip4(NEIGHBOUR, LAN, ICMP, narrow))) == 1, "a narrow path has to be told"
    redirect = icmp(5, 1, bytes([10, 81, 0, 66]), answer)
    assert aim.came("lan0", ethernet(card, ip4(NEIGHBOUR, LAN, ICMP, redirect))) == 0
    assert aim.came("lan0", ethernet(card, ip4(NEIGHBOUR, LAN, ICMP, icmp(3, 1, payload=upwards)))) == 0
    assert aim.came("wan0", ethernet(wan, ip4(PROVIDER, WAN, ICMP, icmp(3, 1, payload=upwards)))) == 0
    posed = ip4(FAR, NEAR, TCP, tcp(FAR, NEAR, (SYNC, 40002), ACK))
    assert aim.came("lan0", ethernet(card, posed)) == 0
    assert aim.came("wan0", ethernet(wan, posed)) == 0
    assert aim.came("hub0", ethernet(hub, ip4(FAR, NEAR, ICMP, icmp(3, 4, struct.pack("!HH", 0, 1280), upwards)))) == 1
