"""PURE: the nftables ruleset: everything is dropped but what a line here names, by interface, address and port together.

An interface without the address is a hole: the kernel answers for each of its addresses on every interface. So each line of what may
come in says all three. Nothing is ever forwarded. What goes out is named as well: whoever gets into a program here gets no further.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edge.firmware import LAN, TUNNEL, WAN, defaults, judge
from edge.firmware.render.target import Target, written
from edge.firmware.site import Ipsec, OpenVpn, Site, WireGuard, network

PATH = "etc/nftables.conf"
TABLE, DRILL_SET = "pishkhan", "drilled"
DEVICES = {"lan": LAN, "wan": WAN, "tunnel": TUNNEL}
CONVERSATIONS = (
    "ct state established accept",
    # Its errors, a narrow path among them; neither a redirect nor what a helper of some protocol expects.
    "ct state related icmp type { destination-unreachable, time-exceeded, parameter-problem } accept",
)


def targets(site: Site) -> Mapping[str, Target]:
    """One file, loaded as one transaction: the old rules hold until the new ones do."""
    served = ", ".join(str(port) for port in (site.lan.face_port, site.lan.agents_port) if port)
    return {
        PATH: written(
            "flush ruleset",
            "",
            f"table inet {TABLE} {{",
            _set("his", "the hospital's computers", site.lan.his),
            *(
                [_set("technicians", "from where the box may be reached by SSH", site.lan.technicians)]
                if site.lan.technicians
                else []
            ),
            "  set fast {",
            '    comment "who opens connections too fast"',
            "    type ipv4_addr; size 65535; flags dynamic, timeout; timeout 1m",
            "  }",
            *_drilled(site),
            "",
            "  chain incoming {",
            "    type filter hook input priority filter; policy drop",
            '    iifname "lo" accept',
            "    ct state invalid counter drop",
            *(f"    {line}" for line in _strangers(site)),
            *(f"    {line}" for line in CONVERSATIONS),
            f'    iifname "{LAN}" ip daddr {judge.lan(site).ip} jump from_hospital',
            f'    iifname "{WAN}" ip daddr {judge.wan(site).ip} jump from_provider',
            f'    iifname "{TUNNEL}" ip daddr {judge.vpn(site).ip} jump from_hub',
            f'    limit rate {defaults.DROPS_LOGGED_PER_MINUTE_MAX}/minute log prefix "pishkhan dropped: " level info',
            "    counter drop",
            "  }",
            "",
            "  chain from_hospital {",
            f"    ip saddr @his ct state new update @fast {{ ip saddr limit rate over {defaults.NEW_CONNECTIONS_PER_S_MAX}/second burst {defaults.NEW_CONNECTIONS_PER_S_MAX} packets }} counter drop",
            f"    ip saddr @his tcp dport {{ {served} }} accept",
            *([f"    ip saddr @technicians tcp dport {defaults.SSH_PORT} accept"] if site.lan.technicians else []),
            f"    ip saddr @his icmp type echo-request limit rate {defaults.PINGS_PER_S_MAX}/second accept",
            "  }",
            "",
            "  chain from_provider {",
            *(f"    {line}" for line in _tunnel_in(site)),
            "  }",
            "",
            "  chain from_hub {",
            f"    ip saddr {site.hub.address} icmp type echo-request limit rate {defaults.PINGS_PER_S_MAX}/second accept",
            "  }",
            "",
            "  chain passing {",
            "    type filter hook forward priority filter; policy drop",
            "    counter drop",
            "  }",
            "",
            "  chain outgoing {",
            "    type filter hook output priority filter; policy drop",
            '    oifname "lo" accept',
            *(f"    {line}" for line in _leaks(site)),
            *(f"    {line}" for line in CONVERSATIONS),
            *(f"    {line}" for line in _out(site)),
            f'    limit rate {defaults.DROPS_LOGGED_PER_MINUTE_MAX}/minute log prefix "pishkhan kept in: " level info',
            "    counter drop",
            "  }",
            "}",
        )
    }


def _set(name: str, what: str, subnets: list[str]) -> str:
    elements = ", ".join(sorted(subnets, key=network))
    return f'  set {name} {{\n    comment "{what}"\n    type ipv4_addr; flags interval\n    elements = {{ {elements} }}\n  }}'


def _drilled(site: Site) -> Iterator[str]:
    """Empty but for the seconds in which another end of the tunnel is tried."""
    if isinstance(site.vpn, WireGuard):
        yield f"  set {DRILL_SET} {{"
        yield '    comment "the next end of the tunnel, while it is drilled"'
        yield f"    type ipv4_addr . inet_service; size 4; flags timeout; timeout {2 * defaults.TUNNEL_DRILL_S}s"
        yield "  }"


def _own(site: Site) -> tuple[tuple[str, str], ...]:
    return (LAN, str(judge.lan(site).ip)), (WAN, str(judge.wan(site).ip)), (TUNNEL, str(judge.vpn(site).ip))


def _strangers(site: Site) -> Iterator[str]:
    """Before anything is accepted: an address of ours is served on its own interface only, and no neighbour may pose as another side."""
    for device, own in _own(site):
        yield f'iifname "{device}" ip daddr != {own} counter drop'
    for device, _ in _own(site):
        others = ", ".join(own for other, own in _own(site) if other != device)
        yield f'iifname "{device}" ip saddr {{ {others} }} counter drop'
    yield f'iifname != {{ "lo", "{LAN}", "{WAN}", "{TUNNEL}" }} counter drop'


def _leaks(site: Site) -> Iterator[str]:
    """No packet leaves by an interface with an address of another one."""
    for device, own in _own(site):
        yield f'oifname "{device}" ip saddr != {own} counter drop'


def _tunnel_in(site: Site) -> Iterator[str]:
    """The tunnel's other end may begin, where its kind lets it; anything else is an answer to us."""
    vpn = site.vpn
    if isinstance(vpn, WireGuard):
        yield f"ip saddr {vpn.endpoint} udp sport {vpn.port} udp dport {vpn.listen_port} accept"
    elif isinstance(vpn, Ipsec):
        yield f"ip saddr {vpn.endpoint} udp dport {{ 500, 4500 }} accept"
        yield f"ip saddr {vpn.endpoint} meta l4proto esp accept"
    else:
        yield f"ip saddr {vpn.endpoint} udp sport {vpn.port} ct state established accept"


def _out(site: Site) -> Iterator[str]:
    vpn = site.vpn
    ports = {WireGuard: "udp dport {port}", OpenVpn: "udp dport {port}", Ipsec: "udp dport {{ 500, 4500 }}"}[type(vpn)]
    yield f'oifname "{WAN}" ip daddr {vpn.endpoint} {ports.format(port=getattr(vpn, "port", 0))} accept'
    if isinstance(vpn, WireGuard):
        yield f'oifname "{WAN}" ip daddr . udp dport @{DRILL_SET} accept'
    if isinstance(vpn, Ipsec):
        yield f'oifname "{WAN}" ip daddr {vpn.endpoint} meta l4proto esp accept'
    yield f'oifname "{TUNNEL}" ip daddr {site.hub.address} tcp dport {{ {site.hub.sync_port}, {site.hub.enrol_port} }} accept'
    yield f'oifname "{TUNNEL}" ip daddr {site.hub.address} icmp type echo-request accept'
    for server in site.dns.servers:
        device = DEVICES[judge.side_of(site, server)]
        yield f'oifname "{device}" ip daddr {server} meta l4proto {{ tcp, udp }} th dport 53 accept'
    for server in site.time.servers:
        yield f'oifname "{DEVICES[judge.side_of(site, server)]}" ip daddr {server} udp dport 123 accept'
    if site.updates.mirror:
        host, port = judge.mirror(site)
        yield f'oifname "{TUNNEL}" ip daddr {host} tcp dport {port} accept'
