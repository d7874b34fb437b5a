"""``pishkhan-edge maintenance``: announce it to the desks, look, end it; an edge that runs takes notice by itself."""

from __future__ import annotations

import getpass
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import msgspec

from edge import identity
from edge.app import clock
from edge.audit import Audit
from edge.errors import EdgeError, NotPossible
from edge.maintenance.calendar import Maintenance


@click.group()
def maintenance() -> None:
    """Times in which the desks begin nothing new."""


@maintenance.command("announce")
@click.option(
    "--from", "begin", metavar="TIME", help="ISO form, in the hospital's zone if it names none; default: now."
)
@click.option("--until", "end", metavar="TIME", help="The end; it ends by itself then.")
@click.option("--minutes", type=click.IntRange(1, 24 * 60), help="How long, instead of the end.")
@click.option("--reason", required=True, help="What the desks are told.")
@click.pass_obj
def maintenance_announce(folder: Path, begin: str | None, end: str | None, minutes: int | None, reason: str) -> None:
    """Announce it, instead of what was announced before. While it lasts, what is new is refused; confirming, asking and taking back go on."""
    if (end is None) == (minutes is None):
        raise NotPossible("say when it ends: --until TIME, or --minutes N")
    zone = ZoneInfo(identity.load(folder).zone)
    first = clock() if begin is None else _time(begin, zone)
    last = _after(first, minutes) if minutes is not None else _time(str(end), zone)
    made = _maintenance(folder).announce(first, last, reason, _person())
    click.echo(f"maintenance from {_told(made.begin, zone)} until {_told(made.end, zone)}: {made.reason}")


@maintenance.command("show")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def maintenance_show(folder: Path, as_json: bool) -> None:
    """What lasts now or is to come."""
    found, now = _maintenance(folder).window(), clock()
    if as_json:
        lasts = found is not None and found.lasts(now)
        click.echo(json.dumps({"maintenance": msgspec.to_builtins(found), "lasts": lasts}))
    elif found is None:
        click.echo("no maintenance is announced")
    else:
        zone = ZoneInfo(identity.load(folder).zone)
        what = "maintenance lasts" if found.lasts(now) else "maintenance is announced"
        click.echo(f"{what} from {_told(found.begin, zone)} until {_told(found.end, zone)}: {found.reason}")


@maintenance.command("end")
@click.pass_obj
def maintenance_end(folder: Path) -> None:
    """End it now, or call it off."""
    if not _maintenance(folder).end(_person()):
        raise NotPossible("no maintenance is announced")


def _maintenance(folder: Path) -> Maintenance:
    if not folder.is_dir():
        raise NotPossible(f"{folder} does not exist")
    audit = Audit(folder)
    audit.start()
    return Maintenance(folder, audit, clock)


def _time(text: str, zone: ZoneInfo) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo is not None else found.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise EdgeError(f"{text} is no time: write it like 2025-03-20T14:30") from error


def _after(begin: datetime, minutes: int) -> datetime:
    try:
        return begin + timedelta(minutes=minutes)
    except OverflowError as error:
        raise EdgeError(f"{begin.isoformat()} is too late: nothing can end after it") from error


def _told(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"


def _person() -> str:
    return os.environ.get("SUDO_USER") or getpass.getuser()
