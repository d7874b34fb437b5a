"""PURE: the site file: what a hospital's appliance is connected to, and what may be written for it.

Rules
    * An unknown key, a value of the wrong type, an address that is none: each is a fault with its line and its key (``parsing.py``).
    * Nothing of a value is trusted in what is rendered: whatever could end a line or a quotation is refused here, by narrow patterns.
    * IPv4 only: the two networks are the hospital's and the provider's own, and IPv6 is switched off on both.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Annotated, Any, Literal, NamedTuple, get_args

from msgspec import Meta, Struct

from edge.errors import EdgeError
from edge.firmware import defaults

READERS_MAX = 16
"""As ``edge.toml`` has it; the edge's own loader has the last word, see ``reading``."""
SUBNETS_MAX = 64
SERVERS_MAX = 8

Mac = Annotated[
    str,
    Meta(
        pattern=r"^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}\Z",
        description="six pairs of digits and a to f, as 52:54:00:81:00:02; `ip link` tells it",
    ),
]
Label = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z",
        description="small letters a to z, digits and hyphens, as hospital-one",
    ),
]
Name = Annotated[
    str,
    Meta(
        pattern=r"^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\Z",
        max_length=253,
        description="a host's name, as vpn.example",
    ),
]
Port = Annotated[int, Meta(ge=1, le=65535)]
Place = Annotated[
    str,
    Meta(
        pattern=r"^/([A-Za-z0-9_.-]+/)*[A-Za-z0-9_.-]+\Z",
        max_length=200,
        description="a file's whole path, as /etc/pishkhan/keys/vpn.key",
    ),
]
WgKey = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\Z", description="44 characters, as `wg pubkey` prints them"),
]
UsbId = Annotated[
    str,
    Meta(
        pattern=r"^([0-9a-f]{4}:[0-9a-f]{4})?\Z",
        description="vendor:product in small letters, as 0483:5740; `lsusb` tells it",
    ),
]
Origin = Annotated[
    str,
    Meta(
        pattern=r"^https?://[A-Za-z0-9.:\[\]-]+\Z",
        max_length=200,
        description="https://HOST, with a port if it has one, and nothing behind it",
    ),
]
FORMS = {
    repr(meta.pattern): str(meta.description)
    for kind in (Mac, Label, Name, Place, WgKey, UsbId, Origin)
    for meta in get_args(kind)[1:]
}
"""How each is written, by its pattern as msgspec tells it."""
Servers = Annotated[list[str], Meta(max_length=SERVERS_MAX)]
Subnets = Annotated[list[str], Meta(max_length=SUBNETS_MAX)]


class Strict(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the site file."""


class Lan(Strict, frozen=True, kw_only=True):
    """The hospital's side. ``his``: where its programs call from; ``technicians``: from where the box may be reached by SSH."""

    mac: Mac
    address: str
    his: Annotated[list[str], Meta(min_length=1, max_length=SUBNETS_MAX)]
    gateway: str = ""
    face_port: Port = defaults.FACE_PORT
    agents_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    technicians: Subnets = []
    names: Annotated[list[Name], Meta(max_length=16)] = []
    origins: Annotated[list[Origin], Meta(max_length=16)] = []


class Wan(Strict, frozen=True, kw_only=True):
    """The side that carries the tunnel, and nothing else but time and names."""

    mac: Mac
    address: str
    gateway: str = ""


class Hub(Strict, frozen=True, kw_only=True):
    """The hub, inside the tunnel. ``name``: under which its certificate knows it, if not by its address."""

    address: str
    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9.-]{0,253}\Z")] = ""
    sync_port: Port = defaults.SYNC_PORT
    enrol_port: Port = defaults.ENROL_PORT


class WireGuard(Strict, frozen=True, kw_only=True, tag="wireguard", tag_field="kind"):
    """WireGuard: both keys have places; the peer's public key stands here."""

    endpoint: str
    address: str
    public_key: WgKey
    private_key: Place = "/etc/pishkhan/keys/vpn.key"
    preshared_key: Place | Literal[""] = ""
    port: Port = defaults.VPN_PORT
    listen_port: Port = defaults.VPN_LISTEN_PORT
    mtu_bytes: Annotated[int, Meta(ge=defaults.VPN_MTU_BYTES_MIN, le=1440)] = defaults.VPN_MTU_BYTES
    keepalive_s: Annotated[int, Meta(ge=1, le=60)] = defaults.VPN_KEEPALIVE_S


class OpenVpn(Strict, frozen=True, kw_only=True, tag="openvpn", tag_field="kind"):
    """OpenVPN over UDP, as a client with a certificate."""

    endpoint: str
    address: str
    server_name: Name
    authority: Place = "/etc/pishkhan/keys/vpn-ca.pem"
    certificate: Place = "/etc/pishkhan/keys/vpn.pem"
    private_key: Place = "/etc/pishkhan/keys/vpn.key"
    tls_crypt: Place | Literal[""] = ""
    port: Port = 1194
    mtu_bytes: Annotated[int, Meta(ge=defaults.VPN_MTU_BYTES_MIN, le=1500)] = 1400


class Ipsec(Strict, frozen=True, kw_only=True, tag="ipsec", tag_field="kind"):
    """IKEv2 with certificates, by strongSwan, on an interface of its own. strongSwan looks for keys in its own folder alone."""

    endpoint: str
    address: str
    remote_id: Name
    authority: Place = "/etc/pishkhan/keys/vpn-ca.pem"
    certificate: Place = "/etc/pishkhan/keys/vpn.pem"
    private_key: Annotated[str, Meta(pattern=r"^/etc/swanctl/private/[A-Za-z0-9_.-]+\Z")] = (
        "/etc/swanctl/private/vpn.key"
    )
    mtu_bytes: Annotated[int, Meta(ge=defaults.VPN_MTU_BYTES_MIN, le=1440)] = 1400


class Dns(Strict, frozen=True, kw_only=True):
    """Who resolves names. None is needed: the hub's name stands in ``/etc/hosts``."""

    servers: Servers = []


class Time(Strict, frozen=True, kw_only=True):
    """Who tells the time."""

    servers: Annotated[list[str], Meta(min_length=1, max_length=SERVERS_MAX)]


class Updates(Strict, frozen=True, kw_only=True):
    """Debian's security updates: from a mirror that is reached through the tunnel, or none."""

    mirror: Annotated[
        str, Meta(pattern=r"^(https?://[0-9.]{7,15}(:[0-9]{1,5})?(/[A-Za-z0-9_.-]+)*/?)?\Z", max_length=200)
    ] = ""
    reboot: bool = False


class Reader(Strict, frozen=True, kw_only=True):
    """A card reader as ``edge.toml`` has it, and ``usb``, its vendor and product, for the rules of the device."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,40}\Z")]
    driver: Literal["pcsc", "serial_line", "simulated"]
    address: Annotated[str, Meta(max_length=500)]
    desk: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{0,40}\Z")] = ""
    card_must_stay: bool = False
    usb: UsbId = ""


class Console(Strict, frozen=True, kw_only=True):
    """The pages' languages, the first one for whoever says none."""

    languages: Annotated[tuple[Literal["en", "fa", "zh"], ...], Meta(min_length=1, max_length=3)] = ("en", "fa", "zh")


class Site(Strict, frozen=True, kw_only=True):
    """The whole file. ``edge``: settings of ``edge.toml`` that nothing above decides."""

    name: Label
    lan: Lan
    wan: Wan
    hub: Hub
    vpn: WireGuard | OpenVpn | Ipsec
    time: Time
    dns: Dns = Dns()
    updates: Updates = Updates()
    console: Console = Console()
    readers: Annotated[list[Reader], Meta(max_length=READERS_MAX)] = []
    edge: dict[str, Any] = {}


class Fault(NamedTuple):
    """One thing that is wrong: the line it stands in (0: nowhere), the key, and a sentence."""

    line: int
    key: str
    sentence: str


class SiteWrong(EdgeError):
    """The site file cannot be used; ``faults`` say all that is wrong."""

    def __init__(self, name: str, faults: list[Fault]) -> None:
        self.faults = sorted(faults)
        super().__init__("\n".join(told(name, fault) for fault in self.faults))


def told(name: str, fault: Fault) -> str:
    """A fault as a technician reads it: file, line, key, sentence."""
    where = f"{name}:{fault.line}" if fault.line else name
    return f"{where}: {fault.key}: {fault.sentence}" if fault.key else f"{where}: {fault.sentence}"


def interface(text: str) -> IPv4Interface:
    """``10.81.0.2/24``: an address and the length of its network's prefix, which must be said.

    Raises:
        ValueError: it is none.
    """
    if not re.fullmatch(r"[0-9.]{7,15}/[0-9]{1,2}", text):
        raise ValueError(text)
    return IPv4Interface(text)


def network(text: str) -> IPv4Network:
    """``10.81.0.0/24``, with nothing set behind the prefix.

    Raises:
        ValueError: it is none.
    """
    if not re.fullmatch(r"[0-9.]{7,15}/[0-9]{1,2}", text):
        raise ValueError(text)
    return IPv4Network(text)


def address(text: str) -> IPv4Address:
    """``10.81.0.2``.

    Raises:
        ValueError: it is none.
    """
    return IPv4Address(text)
