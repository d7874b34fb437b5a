"""PURE: systemd-networkd's links and networks, and the names that need no resolver."""

from __future__ import annotations

from collections.abc import Mapping

from edge.firmware import LAN, WAN, judge
from edge.firmware.render.target import Target, written
from edge.firmware.site import Site, network

FOLDER = "etc/systemd/network"


def targets(site: Site) -> Mapping[str, Target]:
    """The two cards by their MAC; no route from one to the other, and no IPv6 on either."""
    return {
        f"{FOLDER}/10-pishkhan-{LAN}.link": _link(site.lan.mac, LAN),
        f"{FOLDER}/10-pishkhan-{WAN}.link": _link(site.wan.mac, WAN),
        f"{FOLDER}/20-pishkhan-{LAN}.network": _lan(site),
        f"{FOLDER}/20-pishkhan-{WAN}.network": _wan(site),
        "etc/hostname": Target(f"{site.name}\n"),
        "etc/hosts": _hosts(site),
    }


def _link(mac: str, name: str) -> Target:
    # The card's own address, not one that a program gave it; virtual machines have no other.
    return written("[Match]", f"MACAddress={mac.lower()}", "Type=ether", "", "[Link]", f"Name={name}", "WakeOnLan=off")


def _base(name: str, mac: str, address: str, servers: list[str]) -> list[str]:
    return [
        "[Match]",
        f"Name={name}",
        f"MACAddress={mac.lower()}",
        "",
        "[Network]",
        f"Address={address}",
        *[f"DNS={server}" for server in servers],
        "DHCP=no",
        "LinkLocalAddressing=no",
        "IPv6AcceptRA=no",
        "LLMNR=no",
        "MulticastDNS=no",
        "LLDP=no",
        "IPForward=no",
        "IPMasquerade=no",
        # A cable that is pulled takes nothing away: the address is there when it is plugged in again.
        "ConfigureWithoutCarrier=yes",
        "IgnoreCarrierLoss=yes",
    ]


def _lan(site: Site) -> Target:
    near = judge.lan(site).network
    listed = [*site.lan.his, *site.lan.technicians]
    behind = sorted({text for text in listed if not network(text).subnet_of(near)}, key=network)
    lines = _base(LAN, site.lan.mac, site.lan.address, [s for s in site.dns.servers if judge.side_of(site, s) == "lan"])
    for text in behind:
        lines += ["", "[Route]", f"Destination={text}", f"Gateway={site.lan.gateway}"]
    # Whatever is cut on the hospital's side, the box goes up.
    return written(*lines, "", "[Link]", "RequiredForOnline=no")


def _wan(site: Site) -> Target:
    servers = [s for s in site.dns.servers if judge.side_of(site, s) == "wan"]
    lines = _base(WAN, site.wan.mac, site.wan.address, servers)
    if site.wan.gateway:
        lines += ["", "[Route]", f"Gateway={site.wan.gateway}"]
    return written(*lines, "", "[Link]", "RequiredForOnline=no")


def _hosts(site: Site) -> Target:
    lines = ["127.0.0.1 localhost", f"127.0.1.1 {site.name}"]
    if site.hub.name:
        lines.append(f"{site.hub.address} {site.hub.name}")
    return written(*lines)
