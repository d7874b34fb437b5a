"""From the hub's settings to what alarms and to those who are told."""

from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from central_sync.config import AlertSetting, ConfigInvalid, MailSetting, Reader, WebhookSetting
from central_sync.fleet import alerts, messages
from central_sync.fleet.alerts import Rule, RulesInvalid
from central_sync.fleet.channels import Channel
from central_sync.fleet.channels.mail import Mail, Server
from central_sync.fleet.channels.webhook import Webhook
from central_sync.pages.languages import Tongue
from central_sync.terms.days import Calendar
from central_sync.terms.languages import Language

MAIL = "mail"
SECRET_BYTES_MIN = 32
_READABLE_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def rules_of(settings: AlertSetting, folder: Path) -> tuple[Rule, ...]:
    """The shipped rules with the hub's own laid over them.

    Raises:
        ConfigInvalid: the hub's file cannot be used.
    """
    if not settings.rules:
        return alerts.shipped()
    try:
        text = (folder / settings.rules).read_text(encoding="utf-8")
        return alerts.laid_over(alerts.shipped(), alerts.parsed(text, settings.rules))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"alerts: {settings.rules} cannot be read: {type(error).__name__}") from error
    except RulesInvalid as error:
        raise ConfigInvalid(f"alerts: {error}") from error


def channels_of(
    settings: AlertSetting, folder: Path, clock: Callable[[], datetime], zone: str = "UTC"
) -> dict[str, Channel]:
    """Who is told, by name; people read instants in ``zone``.

    Raises:
        ConfigInvalid: a file is missing or open to others, or a name stands twice.
    """
    found: dict[str, Channel] = {}
    if settings.mail is not None:
        found[MAIL] = _mail(settings.mail, folder, clock, zone)
    for one in settings.webhooks:
        if one.name in found:
            raise ConfigInvalid(f"alerts: {one.name} stands twice")
        found[one.name] = _webhook(one, folder, clock)
    return found


def _mail(one: MailSetting, folder: Path, clock: Callable[[], datetime], zone: str) -> Mail:
    if bool(one.user) != bool(one.password_file):
        raise ConfigInvalid("alerts: mail: user and password_file belong together")
    if one.user and one.tls == "none":
        raise ConfigInvalid("alerts: mail: without tls nobody signs in")
    password = _secret(folder / one.password_file, "mail").decode("utf-8", "strict") if one.user else ""
    server = Server(one.host, one.port, one.tls, one.user, password, _authority(one.authority, folder))
    readers = [Reader(address=to, language=one.language) if isinstance(to, str) else to for to in one.to]
    if len({reader.address for reader in readers}) != len(readers):
        raise ConfigInvalid("alerts: mail: an address stands twice")
    people = {
        tongue_of(language, zone): tuple(reader.address for reader in readers if reader.language is language)
        for language in dict.fromkeys(reader.language for reader in readers)
    }
    return Mail(server, one.sender, people, clock)


def tongue_of(language: Language, zone: str) -> Tongue:
    """What is told in that language, with days in its calendar."""
    calendar = Calendar.JALALI if language is Language.FA else Calendar.GREGORIAN
    return Tongue(language, zone, calendar, messages.ROOMS)


def _webhook(one: WebhookSetting, folder: Path, clock: Callable[[], datetime]) -> Webhook:
    secret = _secret(folder / one.secret_file, one.name)
    if len(secret) < SECRET_BYTES_MIN:
        raise ConfigInvalid(f"alerts: {one.name}: a secret has at least {SECRET_BYTES_MIN} bytes")
    return Webhook(one.url, secret, _authority(one.authority, folder), clock)


def _secret(file: Path, name: str) -> bytes:
    """The content of ``file`` without the line's end, if nobody else may read it."""
    try:
        if file.stat().st_mode & _READABLE_BY_OTHERS:
            raise ConfigInvalid(f"alerts: {name}: {file} is open to others: chmod 600")
        return file.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise ConfigInvalid(f"alerts: {name}: {file} cannot be read: {error.strerror}") from error


def _authority(name: str, folder: Path) -> Path | None:
    if name and not (folder / name).is_file():
        raise ConfigInvalid(f"alerts: {folder / name} is not there")
    return folder / name if name else None
