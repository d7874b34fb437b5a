"""The hub's settings: ``DIR/hub.toml``, every one with a default, so that the file may be missing.

An unknown key or a wrong type is an error that names the place; a typing error must not pass in silence. What stands on
the command line goes before the file.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta, Struct

from central_sync.payers.limits import DEADLINE_MS_DEFAULT, DEADLINE_MS_MAX, PAYERS_MAX
from central_sync.programs.settings import place_of_nul
from central_sync.terms.languages import Language

FILE_NAME = "hub.toml"
_MAIL = r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255}\Z"


class ConfigInvalid(Exception):
    """The settings cannot be used; the text says which and why."""


class Listener(Struct, frozen=True, forbid_unknown_fields=True):
    """Where one port listens. ``device`` binds it to a network interface (SO_BINDTODEVICE): an address alone does not keep
    the other network out.
    """

    listen: str
    device: str = ""


class PayerSetting(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One payer with a system of its own. ``code`` is a scheme's ``payer``; ``key`` its Ed25519 key (32 bytes in base64); ``authority`` and
    ``certificate`` (ours, with its key; empty: none) are PEM files, relative to the hub's folder.
    """

    code: Annotated[str, Meta(min_length=1, max_length=80)]
    url: Annotated[str, Meta(pattern=r"^https://[!-~]+\Z")]
    key: Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/]{43}=\Z")]
    authority: str
    certificate: str = ""
    deadline_ms: Annotated[int, Meta(ge=100, le=DEADLINE_MS_MAX)] = DEADLINE_MS_DEFAULT


class FleetSetting(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the edges are watched. ``report_every_s``: a poll is held no longer, so that edges report at least as often; ``version_oldest``: programs
    below it are too old (empty: none).
    """

    report_every_s: Annotated[int, Meta(ge=1, le=50)] = 30
    late_after_s: Annotated[int, Meta(ge=2, le=86_400)] = 75
    silent_after_s: Annotated[int, Meta(ge=3, le=86_400)] = 180
    version_oldest: Annotated[str, Meta(pattern=r"^[0-9.]{0,20}\Z")] = ""


class ConsoleSetting(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The pages of central operations. ``listen`` empty: this process serves none. ``certificate``: a PEM file (key and chain, relative to the hub's
    folder) that browsers believe; empty: the hub's own. ``name`` stands at the top of each page (empty: the hub, in the reader's language); ``second_factor`` are the roles that must have one.
    """

    listen: str = ""
    device: str = ""
    certificate: str = ""
    name: Annotated[str, Meta(max_length=80)] = ""
    zone: Annotated[str, Meta(max_length=64)] = "UTC"
    idle_minutes: Annotated[int, Meta(ge=1, le=24 * 60)] = 30
    session_hours: Annotated[int, Meta(ge=1, le=24)] = 12
    second_factor: tuple[Literal["administrator", "operator", "reviewer", "observer"], ...] = (
        "administrator",
        "operator",
        "reviewer",
    )


class Reader(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody who is told by mail, and the language that they read."""

    address: Annotated[str, Meta(pattern=_MAIL)]
    language: Language = Language.EN


class MailSetting(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who is told of alerts by mail, and over which server. ``password_file`` is relative to the hub's folder and readable by its owner alone;
    ``authority``: a PEM file that vouches for the server; empty: the system's. Without ``tls`` nobody signs in. ``language``: of whoever stands in
    ``to`` as an address alone.
    """

    host: Annotated[str, Meta(pattern=r"^[A-Za-z0-9.:-]{1,255}\Z")]
    sender: Annotated[str, Meta(pattern=_MAIL)]
    to: Annotated[tuple[Annotated[str, Meta(pattern=_MAIL)] | Reader, ...], Meta(min_length=1, max_length=50)]
    language: Language = Language.EN
    port: Annotated[int, Meta(ge=1, le=65_535)] = 587
    tls: Literal["starttls", "from_the_start", "none"] = "starttls"
    user: Annotated[str, Meta(max_length=200)] = ""
    password_file: str = ""
    authority: str = ""


class WebhookSetting(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A program that is told of alerts: HTTPS alone, each message signed with the secret in ``secret_file`` (32 bytes or more, its owner's alone)."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,30}\Z")]
    url: Annotated[str, Meta(pattern=r"^https://[!-~]+\Z")]
    secret_file: str
    authority: str = ""


class AlertSetting(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What alarms and who is told. ``rules``: a file of rules laid over the shipped ones; ``hub``: what the hub calls itself in messages."""

    rules: str = ""
    hub: Annotated[str, Meta(pattern=r"^[ -~]{1,80}\Z")] = "pishkhan-hub"
    mail: MailSetting | None = None
    webhooks: Annotated[tuple[WebhookSetting, ...], Meta(max_length=10)] = ()


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All settings. ``database`` is a SQLAlchemy address; ``sync_url`` is where edges are told to send (default: what the sync
    port listens on).
    """

    database: str = ""
    sync: Listener = Listener("127.0.0.1:7443")
    enrol: Listener = Listener("127.0.0.1:7444")
    console: ConsoleSetting = ConsoleSetting()
    sync_url: str = ""
    log_level: Annotated[str, Meta(pattern="^(debug|info|warning|error)$")] = "info"
    threads: Annotated[int, Meta(ge=1, le=64)] = 8
    """Worker threads for intake and the feed, and so the most database connections that work at once."""
    audit_days: Annotated[int, Meta(ge=30, le=36500)] = 3650
    """How long the audit trail is kept."""
    fleet: FleetSetting = FleetSetting()
    alerts: AlertSetting = AlertSetting()
    payers: Annotated[tuple[PayerSetting, ...], Meta(max_length=PAYERS_MAX)] = ()
    """Payers that are asked over a line, each once; all others are paid from here."""


def load(folder: Path) -> Config:
    """The settings of the hub whose data lies in ``folder``; ``database`` is filled in.

    Raises:
        ConfigInvalid: the file cannot be read, is no TOML, or holds an unknown key or a wrong value.
    """
    file = folder / FILE_NAME
    try:
        plain = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        plain = {}
    except OSError as error:
        raise ConfigInvalid(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # TOML's own, a number too long to be read, brackets without end
        raise ConfigInvalid(f"{file} is not TOML: {error}") from error
    if place := place_of_nul(plain):
        raise ConfigInvalid(f"{file}: a NUL stands in a text - at `{place}`")
    try:
        config = msgspec.convert(plain, Config)
    except msgspec.ValidationError as error:
        raise ConfigInvalid(f"{file}: {error}") from error
    if config.database:
        check_database(config.database)
    address(config.sync.listen)
    address(config.enrol.listen)
    if not config.fleet.report_every_s < config.fleet.late_after_s < config.fleet.silent_after_s:
        raise ConfigInvalid(
            f"{file}: fleet: report_every_s is less than late_after_s, and that less than silent_after_s"
        )
    if config.console.listen:
        address(config.console.listen)
    try:
        ZoneInfo(config.console.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigInvalid(f"{file}: there is no time zone {config.console.zone!r}") from error
    if len({payer.code for payer in config.payers}) != len(config.payers):
        raise ConfigInvalid(f"{file}: a payer stands twice")
    return config if config.database else msgspec.structs.replace(config, database=default_database(folder))


def default_database(folder: Path) -> str:
    """The database of a hub that was told nothing else."""
    return f"sqlite:///{(folder / 'hub.db').absolute()}"


def check_database(url: str) -> None:
    """Refuse what is no address of a database that we speak.

    Raises:
        ConfigInvalid: see there; its text does not repeat the address, which may hold a password.
    """
    if not url.startswith(("sqlite:///", "postgresql://")):
        raise ConfigInvalid("the database is sqlite:///FILE or postgresql://USER@HOST/NAME")


def address(text: str) -> tuple[str, int]:
    """``HOST:PORT`` (an IPv6 host in brackets, port 0 for any free one) as host and port.

    Raises:
        ConfigInvalid: it is none.
    """
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) <= 65535):
        raise ConfigInvalid(f"{text!r} is no HOST:PORT")
    return host.strip("[]"), int(port)
