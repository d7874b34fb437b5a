"""The edge's settings: ``DIR/edge.toml``, every one with a default, so that the file may be missing.

::

    listen = "127.0.0.1:7001"  # where the hospital speaks to us; off loopback it is HTTPS
    listen_device = ""  # an interface to bind to (SO_BINDTODEVICE)
    agents_listen = ""  # where the agents of the clerks' PCs reach us, by TLS: "0.0.0.0:7002"; empty: nowhere
    names = []  # names under which the hospital reaches us: Host headers and the face's certificate
    origins = []  # web origins beside loopback whose pages may call the face
    sync_url = ""  # instead of the one that the hub gave at enrolment
    enrol_url = ""  # where a certificate that has ended is renewed, instead of where this edge enrolled
    sync_device = ""  # the interface of the line
    log_level = "info"
    journal_kept_days = 400  # what the hub has signed for stays so long in the journal
    backups = "backups"  # the folder of the daily backups, relative to DIR; better on another disk
    backups_kept_days = 7
    photo = false  # whether a photo on a card may be read; it is, if the HIS asks for it
    card_kept_s = 120  # how long the last card's data are kept in memory, to be asked for again
    card_forgotten_on_removal = false  # and whether they go with the card
    card_read_good_s = 1800  # how long a read counts as proof of presence
    languages = ["en", "fa", "zh"]  # of the pages; the first one for whoever says none
    appliance = "/"  # the root of the appliance's own files: the site file and its record are looked for there; nowhere on Windows
    update_ring = "all"  # whose offers of the hub this edge takes: canary, early, all; "none": what is imported by hand
    update_hours = "01:00-05:00"  # when an update may be installed by itself, in the hospital's time; empty: never

    [[readers]]
    name = "desk-1"
    driver = "simulated"
    address = "readers/desk-1"  # what the driver understands: here a folder, relative to DIR; of a serial port see docs/operating.md
    desk = ""  # the workstation that it belongs to; empty: every workstation may use it
    card_must_stay = false  # whether a read counts as proof of presence only while the card lies there
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from central_sync.programs.hosts import on_the_line
from central_sync.programs.settings import place_of_nul
from edge import platform
from edge.errors import EdgeError
from edge.limits import KEEP_DAYS_DEFAULT

FILE = "edge.toml"
FILE_BYTES_MAX = 64 * 1024
READERS_MAX = 16
CARD_KEPT_S_MAX = 3_600
CARD_READ_GOOD_S_MAX = 12 * 3_600

Device = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{0,15}$")]

LogLevel = Annotated[str, Meta(pattern="^(debug|info|warning|error)$")]


class ConfigError(EdgeError):
    """A setting cannot be used; the text says which and what to write."""


class ReaderConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One card reader: how it is called, who drives it, the driver's own address of it, and whose it is."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    driver: str
    address: str
    desk: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{0,40}$")] = ""
    card_must_stay: bool = False


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All settings; see the module's text."""

    listen: str = "127.0.0.1:7001"
    listen_device: Device = ""
    agents_listen: str = ""
    names: list[str] = []
    origins: list[str] = []
    sync_url: str = ""
    enrol_url: str = ""
    sync_device: Device = ""
    log_level: LogLevel = "info"
    journal_kept_days: Annotated[int, Meta(ge=1)] = KEEP_DAYS_DEFAULT
    backups: str = "backups"
    backups_kept_days: Annotated[int, Meta(ge=1)] = 7
    photo: bool = False
    card_kept_s: Annotated[int, Meta(ge=1, le=CARD_KEPT_S_MAX)] = 120
    card_forgotten_on_removal: bool = False
    card_read_good_s: Annotated[int, Meta(ge=1, le=CARD_READ_GOOD_S_MAX)] = 1_800
    languages: Annotated[tuple[Literal["en", "fa", "zh"], ...], Meta(min_length=1, max_length=3)] = ("en", "fa", "zh")
    appliance: str = "/"
    update_ring: Annotated[str, Meta(pattern="^(canary|early|all|none)$")] = "all"
    update_hours: Annotated[str, Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)?$")] = "01:00-05:00"
    readers: Annotated[list[ReaderConfig], Meta(max_length=READERS_MAX)] = []


class HasReaders(Protocol):
    """Settings with rows of ``[[readers]]``."""

    @property
    def readers(self) -> list[ReaderConfig]:
        """The rows."""
        ...


T = TypeVar("T", bound=HasReaders)


class Address(NamedTuple):
    """A TCP address to listen on; port 0 lets the system choose."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    def url(self, scheme: str) -> str:
        """As a person or a program writes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}"


def load(folder: Path) -> Config:
    """The settings in ``folder``.

    Raises:
        ConfigError: the file is no TOML, too large, unreadable, or has a setting that is unknown, of the wrong type, or nothing that could be used.
    """
    path = folder / FILE
    config = parsed(path, Config)
    for name, url in (("sync_url", config.sync_url), ("enrol_url", config.enrol_url)):
        if url and not is_https(url):
            raise ConfigError(f"{path}: {name} is written https://HOST:PORT")
    for name in config.names:
        if not name.isascii():
            raise ConfigError(
                f"{path}: in names write {on_the_line(name) or 'a host name'} for {name}: so it goes on the line"
            )
    if not platform.APPLIANCE:  # the root of a Windows disk is open to every account: nothing there is believed
        return _without_appliance(path, config)
    return config


def _without_appliance(path: Path, config: Config) -> Config:
    for name in ("listen_device", "sync_device"):
        if getattr(config, name):
            raise ConfigError(
                f"{path}: {name} is for Linux: leave it out, and let the firewall keep the networks apart"
            )
    return msgspec.structs.replace(config, appliance=str(path.parent / "appliance"))


def parsed(path: Path, kind: type[T]) -> T:
    """The settings of ``kind`` in the file ``path``; all defaults where it is missing.

    Raises:
        ConfigError: it is no TOML, too large, unreadable, has a setting that is unknown or of the wrong type or a text with a NUL, or two readers of one name.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return kind()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    if len(text) > FILE_BYTES_MAX:
        raise ConfigError(f"{path} is larger than {FILE_BYTES_MAX} bytes")
    try:
        plain = tomllib.loads(text.decode("utf-8-sig"))
        if place := place_of_nul(plain):
            raise ConfigError(f"{path}: a NUL stands in a text - at `{place}`")
        found = msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {error}") from error
    except (ValueError, RecursionError) as error:  # TOML's own, a number too long to be read, brackets without end
        raise ConfigError(f"{path} is not TOML: {error}") from error
    if len({reader.name for reader in found.readers}) != len(found.readers):
        raise ConfigError(f"{path}: two readers have the same name")
    return found


def is_https(url: str) -> bool:
    """Whether ``url`` is ``https://HOST[:PORT]`` and no more: on anything else the line would be in clear, or dead without a word."""
    try:
        parts = urlsplit(url)
        whole = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
        return parts.scheme == "https" and bool(parts.hostname) and whole and parts.port != 0
    except ValueError:
        return False


def address(text: str) -> Address:
    """The address in ``HOST:PORT`` or ``[IPV6]:PORT``.

    Raises:
        ConfigError: it is none.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) <= 65535):
        raise ConfigError(f"an address is written HOST:PORT, not {text!r}")
    return Address(host, int(port))
