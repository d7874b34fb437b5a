"""The verbs of ``pishkhan-edge firmware``: the appliance's configuration, from the site file to the system and back.

Exit status: 0 done or nothing differs; 1 something differs (``diff``) or is not well (``check``, ``tunnel``); 2 not possible.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from central_sync.wire.tunnels import IN_PLACE, sentence
from edge import log, platform
from edge.errors import NotPossible
from edge.firmware import check, defaults
from edge.firmware.appliance import Appliance, site_file, site_in_place
from edge.firmware.difference import Change, shown
from edge.firmware.notify import Notify
from edge.firmware.reading import read_site
from edge.firmware.render import render
from edge.firmware.sets import Sets
from edge.firmware.succession import Succession
from edge.firmware.tunnel import WORDS, Leg, leg_of
from edge.firmware.watch import Watch, report_of, tunnel_of

F = TypeVar("F", bound=Callable[..., Any])
CONFIRM = "pishkhan-edge firmware confirm"
MARK_WELL, MARK_UNWELL = "well", "NOT WELL"


def _root(command: F) -> F:
    return click.option(
        "--root",
        type=click.Path(path_type=Path, file_okay=False),
        default="/",
        show_default=True,
        help="The root of the appliance's files.",
    )(command)


def _site(command: F) -> F:
    return click.option(
        "--site",
        type=click.Path(path_type=Path, dir_okay=False),
        default=None,
        help="The site file.  [default: ROOT/etc/pishkhan/site.toml]",
    )(command)


@click.group()
def firmware() -> None:
    """The appliance's configuration, all of it rendered from one site file."""
    if not platform.APPLIANCE:
        raise NotPossible(
            "The appliance is a Debian: on Windows, network, firewall and VPN are set up by Windows' own means"
        )


@firmware.command("render")
@_root
@_site
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Write the files below this folder instead of printing them.",
)
def render_command(root: Path, site: Path | None, to: Path | None) -> None:
    """Show every file that the site makes; nothing is put in place."""
    found, _ = read_site(site or site_file(root))
    for path, target in render(found).items():
        if to is None:
            click.echo(f"==> /{path} ({target.mode:04o})\n{target.text}")
            continue
        place = to / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(target.text, encoding="utf-8")
        place.chmod(target.mode)
        click.echo(str(place))


@firmware.command("check")
@_root
@_site
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def check_command(root: Path, site: Path | None, as_json: bool) -> None:
    """Whether the site can be put in place here."""
    found, _ = read_site(site or site_file(root))
    unwell = False
    for finding in check.findings(found, render(found), root):
        unwell = unwell or not finding.well
        if as_json:
            click.echo(json.dumps({"part": finding.part, "well": finding.well, "sentence": finding.sentence}))
        else:
            click.echo(f"{finding.part:<9} {MARK_WELL if finding.well else MARK_UNWELL:<9} {finding.sentence}")
    sys.exit(1 if unwell else 0)


@firmware.command("diff")
@_root
@_site
def diff_command(root: Path, site: Path | None) -> None:
    """What applying the site would change, line by line."""
    found, _ = read_site(site or site_file(root))
    todo = Sets(root).changes(render(found))
    for change in todo:
        click.echo(shown(change), nl=False)
    sys.exit(1 if todo else 0)


@firmware.command("apply")
@_root
@_site
@click.option(
    "--within",
    "within_s",
    type=click.FloatRange(1, 3600),
    default=defaults.CONFIRM_WITHIN_S,
    show_default=True,
    help="Seconds to wait for `confirm`.",
)
@click.option("--anyway", is_flag=True, help="Also where `check` finds something wrong.")
@click.option(
    "--by-tunnel", is_flag=True, help="The hub confirms it, by answering through the tunnel: for another key or end."
)
def apply_command(root: Path, site: Path | None, within_s: float, anyway: bool, by_tunnel: bool) -> None:
    """Put the site in place; it goes back by itself unless you `confirm`."""
    box = Appliance(root)
    todo = box.apply(site or site_file(root), within_s, anyway=anyway, by_tunnel=by_tunnel)
    _tell(todo)
    if todo and by_tunnel:
        click.echo(
            f"In place. It stays if the hub answers through the tunnel within {within_s:g} s, else it goes back.",
            err=True,
        )
    elif todo:
        click.echo(
            f"In place. See whether you still reach this box, and confirm within {within_s:g} s: {CONFIRM}", err=True
        )
    elif box.sets.record().confirmed:
        click.echo("Nothing to do: it is in place.", err=True)
    else:
        click.echo(f"It is in place, and waits to be confirmed: {CONFIRM}", err=True)


@firmware.command("confirm")
@_root
def confirm_command(root: Path) -> None:
    """Keep what was applied."""
    Appliance(root).confirm()
    click.echo("Kept.", err=True)


@firmware.command("rollback")
@_root
def rollback_command(root: Path) -> None:
    """Go back to what stood before the last `apply`, confirmed or not."""
    for path in Appliance(root).rollback():
        click.echo(f"back\t/{path}")


@firmware.command("settle")
@_root
def settle_command(root: Path) -> None:
    """Wait for the confirmation of what was applied, and go back without it. Started by `apply` and at each boot."""
    if Appliance(root).settle():
        click.echo("Nobody confirmed: what stood before is in place again.", err=True)


@firmware.command("next")
@_root
def next_command(root: Path) -> None:
    """Go over to the next key at the hub's end of the tunnel, if one is offered: drilled first, confirmed by the hub, else back. A unit runs it."""
    told = Succession(root).go_on()
    if told is None or not told.result:
        click.echo("No other end of the tunnel is offered to this box.", err=True)
        return
    why = sentence(told.result)
    click.echo(f"{told.following} at {told.end}: {told.result}{f' ({why})' if why else ''}", err=True)
    sys.exit(0 if told.result == IN_PLACE else 1)


@firmware.command("watch")
@_root
@_site
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info", show_default=True
)
def watch_command(root: Path, site: Path | None, log_level: str) -> None:
    """Watch the tunnel and heal it, until it is told to end. The service pishkhan-tunnel runs it."""
    log.configure(log_level)
    found, _ = read_site(site or site_in_place(root))
    told_to_end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_end.set())
    watch = Watch(found, tunnel_of(found, root), root, Notify())
    watch.run(lambda: not told_to_end.is_set(), lambda seconds: _waited(told_to_end, seconds))


@firmware.command("tunnel")
@_root
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def tunnel_command(root: Path, as_json: bool) -> None:
    """How the tunnel is, by its watch, and what to do."""
    report = report_of(root)
    leg = leg_of(report, time.time())
    words = WORDS.get(leg)
    if as_json:
        told = msgspec.to_builtins(report) if report is not None else {}
        click.echo(json.dumps({**told, "leg": leg, "well": words is None}))
    elif words is None:
        age = report.handshake_age_s if report is not None else None
        click.echo("The tunnel is up." if age is None else f"The tunnel is up; the last handshake was {age:.0f} s ago.")
    else:
        click.echo(f"{words.what} {words.do}")
    sys.exit(0 if leg in (Leg.UP, Leg.NARROW) else 1)


def _waited(told_to_end: threading.Event, seconds: float) -> None:
    told_to_end.wait(seconds)


def _tell(todo: list[Change]) -> None:
    for change in todo:
        click.echo(f"{change.verb}\t/{change.path}")
