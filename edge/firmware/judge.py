"""PURE: what is wrong with a site beyond the types of its values: addresses that are none, networks that overlap, keys that say one thing twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import TypeVar

from edge.firmware import defaults
from edge.firmware.site import Site, address, interface, network

T = TypeVar("T")
Wrong = tuple[str, str]
PREFIX_MIN = 8
"""A subnet wider than this is somebody's mistake, or the whole Internet."""


def faults_of(site: Site) -> list[Wrong]:
    """Each key that is wrong, and the sentence; empty: the site can be rendered."""
    found = list(_values(site))
    if not found:  # the rest compares values with one another
        found = [*_macs(site), *_networks(site), *_ways(site), *_servers(site), *_ports(site), *_names(site)]
    return found


def _values(site: Site) -> Iterator[Wrong]:
    for key, text in (("lan.address", site.lan.address), ("wan.address", site.wan.address)):
        yield from _host(key, text)
    yield from _read("vpn.address", site.vpn.address, interface, "write ADDRESS/PREFIX, as 10.99.0.2/24")
    for key, text in (("hub.address", site.hub.address), ("vpn.endpoint", site.vpn.endpoint)):
        yield from _single(key, text)
    for key, text in (("lan.gateway", site.lan.gateway), ("wan.gateway", site.wan.gateway)):
        if text:
            yield from _single(key, text)
    for key, servers in (("dns.servers", site.dns.servers), ("time.servers", site.time.servers)):
        for at, text in enumerate(servers):
            yield from _single(f"{key}[{at}]", text)
    for key, subnets in (("lan.his", site.lan.his), ("lan.technicians", site.lan.technicians)):
        for at, text in enumerate(subnets):
            yield from _subnet(f"{key}[{at}]", text)
    if site.updates.mirror:
        yield from _mirror(site.updates.mirror)


def _read(key: str, text: str, kind: Callable[[str], T], how: str) -> Iterator[Wrong]:
    try:
        kind(text)
    except ValueError:
        yield key, f"{text!r} is not right: {how}"


def _single(key: str, text: str) -> Iterator[Wrong]:
    wrong = list(_read(key, text, address, "write an IPv4 address, not a name: the firewall must know it"))
    if not wrong and not _ordinary(address(text)):
        wrong = [(key, f"{text} is no address of a machine")]
    yield from wrong


def _host(key: str, text: str) -> Iterator[Wrong]:
    wrong = list(_read(key, text, interface, "write ADDRESS/PREFIX, as 10.81.0.2/24"))
    if not wrong:
        found = interface(text)
        bounds = (found.network.network_address, found.network.broadcast_address)
        if not PREFIX_MIN <= found.network.prefixlen <= 30:
            wrong = [(key, f"a prefix is {PREFIX_MIN} to 30 long, not {found.network.prefixlen}")]
        elif found.ip in bounds or not _ordinary(found.ip):
            wrong = [(key, f"{found.ip} is no address of a machine in {found.network}")]
    yield from wrong


def _subnet(key: str, text: str) -> Iterator[Wrong]:
    wrong = list(_read(key, text, network, "write NETWORK/PREFIX with nothing set behind the prefix, as 10.81.0.0/24"))
    if not wrong and network(text).prefixlen < PREFIX_MIN:
        wrong = [(key, f"{text} is too wide: name the subnets of the hospital, each /{PREFIX_MIN} or narrower")]
    if not wrong and not _ordinary(network(text).network_address):
        wrong = [(key, f"{text} is no network of machines")]
    yield from wrong


def _mirror(url: str) -> Iterator[Wrong]:
    host, port = _host_and_port(url)
    wrong = list(_single("updates.mirror", host))
    if not wrong and not 0 < port <= 65535:
        wrong = [("updates.mirror", f"there is no port {port}")]
    yield from wrong


def _ordinary(one: IPv4Address) -> bool:
    return not (one.is_loopback or one.is_multicast or one.is_unspecified or one.is_link_local or one.is_reserved)


def _macs(site: Site) -> Iterator[Wrong]:
    for key, mac in (("lan.mac", site.lan.mac), ("wan.mac", site.wan.mac)):
        if int(mac[:2], 16) & 1 or not int(mac.replace(":", ""), 16):
            yield key, f"{mac} is no address of one card"
    if site.lan.mac.lower() == site.wan.mac.lower():
        yield "wan.mac", f"{site.wan.mac} is the card of lan too: two cards are needed"


def _networks(site: Site) -> Iterator[Wrong]:
    """Everything that must not overlap. The HIS's subnets may lie in the LAN's own, the tunnel's far end in the tunnel's own."""
    sides: list[tuple[str, IPv4Network]] = [("lan.address", lan(site).network), ("wan.address", wan(site).network)]
    sides.append(("vpn.address", vpn(site).network))
    for at, (key, found) in enumerate(sides):
        for other, known in sides[:at]:
            if found.overlaps(known):
                yield key, f"{found} overlaps {known} of {other}: the two networks must never touch"
    for table in ("his", "technicians"):
        listed = [network(text) for text in getattr(site.lan, table)]
        for at, found in enumerate(listed):
            for before in listed[:at]:
                if found.overlaps(before):
                    yield f"lan.{table}[{at}]", f"{found} overlaps {before} of the same list"
            for other, known in sides[1:]:
                if found.overlaps(known):
                    yield (
                        f"lan.{table}[{at}]",
                        f"{found} overlaps {known} of {other}: the two networks must never touch",
                    )
            for key, far in (("vpn.endpoint", site.vpn.endpoint), ("hub.address", site.hub.address)):
                if address(far) in found:
                    yield f"lan.{table}[{at}]", f"{far} of {key} lies in it: the hub is never on the hospital's side"


def _ways(site: Site) -> Iterator[Wrong]:
    """Gateways lie in their network; what lies elsewhere needs one; the hub is inside the tunnel, its endpoint outside."""
    for key, side, gateway in (
        ("lan.gateway", lan(site), site.lan.gateway),
        ("wan.gateway", wan(site), site.wan.gateway),
    ):
        if gateway and (address(gateway) not in side.network or address(gateway) == side.ip):
            yield key, f"{gateway} is no other machine of {side.network}"
    behind = [text for text in (*site.lan.his, *site.lan.technicians) if not network(text).subnet_of(lan(site).network)]
    if behind and not site.lan.gateway:
        yield "lan.gateway", f"it is missing, and {behind[0]} does not lie in {lan(site).network}"
    endpoint, hub = address(site.vpn.endpoint), address(site.hub.address)
    if endpoint in vpn(site).network or endpoint == hub or endpoint in lan(site).network:
        yield "vpn.endpoint", f"{endpoint} must be reached by wan0, outside the tunnel and the hospital's network"
    elif endpoint not in wan(site).network and not site.wan.gateway:
        yield "wan.gateway", f"it is missing, and {endpoint} does not lie in {wan(site).network}"
    if hub in lan(site).network or hub in wan(site).network:
        yield "hub.address", f"{hub} must be its address inside the tunnel"
    if hub == vpn(site).ip:
        yield "hub.address", f"{hub} is our own address"
    if endpoint == wan(site).ip:
        yield "vpn.endpoint", f"{endpoint} is our own address"


def _servers(site: Site) -> Iterator[Wrong]:
    """Who tells names and the time is another machine, once, and there is a way to it; updates come through the tunnel."""
    for key, servers in (("dns.servers", site.dns.servers), ("time.servers", site.time.servers)):
        for at, text in enumerate(servers):
            if text in servers[:at]:
                yield f"{key}[{at}]", f"{text} stands here twice"
            elif address(text) in (lan(site).ip, wan(site).ip, vpn(site).ip):
                yield f"{key}[{at}]", f"{text} is our own address"
            elif side_of(site, text) == "wan" and address(text) not in wan(site).network and not site.wan.gateway:
                yield f"{key}[{at}]", f"{text} lies behind a gateway, and wan.gateway is missing"
    if site.updates.mirror and side_of(site, mirror(site)[0]) != "tunnel":
        yield (
            "updates.mirror",
            "it must be reached through the tunnel: the hub itself, or an address of the tunnel's network",
        )


def _ports(site: Site) -> Iterator[Wrong]:
    if site.lan.agents_port == site.lan.face_port:
        yield "lan.agents_port", f"{site.lan.agents_port} is the face's port"
    for key, port in (("lan.face_port", site.lan.face_port), ("lan.agents_port", site.lan.agents_port)):
        if port == defaults.SSH_PORT or 0 < port < 1024:
            yield key, f"{port} is kept for the system: take 1024 or more"
    if site.hub.sync_port == site.hub.enrol_port:
        yield "hub.enrol_port", f"{site.hub.enrol_port} is the port of sync"


def _names(site: Site) -> Iterator[Wrong]:
    for key, listed in (
        ("lan.names", [name.lower() for name in site.lan.names]),
        ("console.languages", list(site.console.languages)),
        ("readers", [reader.name for reader in site.readers]),
    ):
        for at, name in enumerate(listed):
            if name in listed[:at]:
                yield f"{key}[{at}]" + (".name" if key == "readers" else ""), f"{name} stands here twice"


def lan(site: Site) -> IPv4Interface:
    """Our address in the hospital's network."""
    return interface(site.lan.address)


def wan(site: Site) -> IPv4Interface:
    """Our address towards the provider."""
    return interface(site.wan.address)


def vpn(site: Site) -> IPv4Interface:
    """Our address in the tunnel."""
    return interface(site.vpn.address)


def mirror(site: Site) -> tuple[str, int]:
    """Address and port of the mirror of updates."""
    return _host_and_port(site.updates.mirror)


def _host_and_port(url: str) -> tuple[str, int]:
    """Of ``http://ADDRESS[:PORT][/PATH]``."""
    scheme, _, rest = url.partition("://")
    host, _, port = rest.partition("/")[0].partition(":")
    return host, int(port) if port else 443 if scheme == "https" else 80


def side_of(site: Site, one: str) -> str:
    """By which interface an address is reached: ``lan``, ``tunnel`` or ``wan``."""
    found = address(one)
    inside = [network(text) for text in (*site.lan.his, *site.lan.technicians)]
    if found in vpn(site).network or found == address(site.hub.address):
        return "tunnel"
    return "lan" if any(found in subnet for subnet in (lan(site).network, *inside)) else "wan"
