"""Site files for tests: the example that ships, changed in places, and any number of valid ones."""

from __future__ import annotations

import tomllib
from ipaddress import IPv4Network
from typing import Any

from hypothesis import strategies as st

from edge.firmware.parsing import parse
from edge.firmware.render.settings import value_of
from edge.firmware.site import Site
from tests.tidy import tree

EXAMPLE = tree.ROOT / "firmware_cfg" / "sites" / "example-hospital.toml"
OPENVPN = {
    "kind": "openvpn",
    "endpoint": "203.0.113.10",
    "address": "10.99.0.2/24",
    "server_name": "vpn.example",
    "tls_crypt": "/etc/pishkhan/keys/tls-crypt.key",
}
IPSEC = {"kind": "ipsec", "endpoint": "203.0.113.10", "address": "10.99.0.2/32", "remote_id": "vpn.example"}


def table(**changes: Any) -> dict[str, Any]:
    """The example's tables, with ``lan__his=[...]`` put into ``[lan]``, or a whole table replaced."""
    found = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    for name, value in changes.items():
        at, _, key = name.partition("__")
        if key:
            found[at] = {**found.get(at, {}), key: value}
        else:
            found[at] = value
    return found


def encoded(found: dict[str, Any]) -> bytes:
    """The tables as TOML."""
    lines = [f"{key} = {value_of(value)}" for key, value in found.items() if not isinstance(value, dict | list)]
    for name, value in found.items():
        rows = value if isinstance(value, list) else [value] if isinstance(value, dict) else []
        for row in rows:
            lines.append(f"[[{name}]]" if isinstance(value, list) else f"[{name}]")
            lines += [f"{key} = {value_of(one)}" for key, one in row.items()]
    return ("\n".join(lines) + "\n").encode()


def site(**changes: Any) -> Site:
    """A site that the loader takes."""
    return parse(encoded(table(**changes)) if changes else EXAMPLE.read_bytes(), "site.toml")


def text(**changes: Any) -> bytes:
    """The same as bytes, whether or not the loader takes it."""
    return encoded(table(**changes))


def _inside(network: IPv4Network) -> st.SearchStrategy[str]:
    return st.integers(1, network.num_addresses - 2).map(lambda at: str(network[at]))


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """Any valid site: its three networks never meet, for each is taken from a part of its own."""
    lan = IPv4Network((f"10.{draw(st.integers(0, 63))}.0.0", draw(st.integers(16, 28))))
    wan = IPv4Network((f"192.168.{draw(st.integers(0, 255))}.0", draw(st.integers(24, 29))))
    tunnel = IPv4Network((f"10.{draw(st.integers(128, 191))}.0.0", draw(st.sampled_from([16, 24, 29]))))
    near = draw(st.lists(st.integers(64, 127), max_size=4, unique=True))
    his = [str(lan), *(f"10.{second}.0.0/{draw(st.integers(16, 32))}" for second in near)]
    mine, hub = draw(st.lists(_inside(tunnel), min_size=2, max_size=2, unique=True))
    ours, gate = draw(st.lists(_inside(lan), min_size=2, max_size=2, unique=True))
    outer, provider = draw(st.lists(_inside(wan), min_size=2, max_size=2, unique=True))
    ports = draw(st.lists(st.integers(1024, 65535), min_size=4, max_size=4, unique=True))
    kind = draw(st.sampled_from(["wireguard", "openvpn", "ipsec"]))
    vpn: dict[str, Any] = {"kind": kind, "endpoint": f"203.0.113.{draw(st.integers(1, 254))}"}
    vpn["address"] = f"{mine}/{tunnel.prefixlen}"
    vpn |= {"wireguard": {"public_key": table()["vpn"]["public_key"]}, "openvpn": {"server_name": "vpn.example"}}.get(
        kind, {"remote_id": "vpn.example"}
    )
    times = draw(st.lists(st.sampled_from([hub, provider, "198.51.100.7"]), min_size=1, max_size=3, unique=True))
    return {
        "name": draw(st.from_regex(r"[a-z][a-z0-9-]{0,20}[a-z0-9]", fullmatch=True)),
        "lan": {
            "mac": "52:54:00:00:00:01",
            "address": f"{ours}/{lan.prefixlen}",
            "gateway": gate,
            "his": his,
            "face_port": ports[0],
            "agents_port": draw(st.sampled_from([0, ports[1]])),
            "technicians": draw(st.sampled_from([[], [f"10.{near[0]}.0.0/30"] if near else []])),
        },
        "wan": {"mac": "52:54:00:00:00:02", "address": f"{outer}/{wan.prefixlen}", "gateway": provider},
        "hub": {"address": hub, "sync_port": ports[2], "enrol_port": ports[3]},
        "vpn": vpn,
        "time": {"servers": times},
        "dns": {"servers": draw(st.lists(st.sampled_from([hub, provider, gate]), max_size=2, unique=True))},
        "updates": {"mirror": draw(st.sampled_from(["", f"http://{hub}:3142/debian"]))},
    }
