"""``pishkhan-edge update``: what is offered, installing it on trial, going back. As root on an appliance; a timer runs ``update run``.

Exit status: 0 done or nothing to do, 1 a version was taken back, 2 not possible or not believed (the message says what to do).
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import msgspec

from edge import config, identity, platform
from edge.app import clock
from edge.errors import NotPossible
from edge.update import state as kept
from edge.update import trust as trusted
from edge.update.hours import within
from edge.update.limits import ANSWER_S_MAX, TRIAL_S
from edge.update.slots import Slots
from edge.update.sources import FolderSource, HubSource, Source
from edge.update.state import TRUST, Told
from edge.update.trial import Service, Times, Trials, sign_of
from edge.update.work import DOWNLOAD, Asked, Work, alone

DEFAULT_BASE = "/opt/pishkhan"
DEFAULT_STATE = "/var/lib/pishkhan-update"
DEFAULT_RESTART = "systemctl restart pishkhan-edge.service"
DEFAULT_ALIVE = "systemctl is-active --quiet pishkhan-edge.service"


class Updater(msgspec.Struct, frozen=True):
    """What every verb needs: the edge's data, where releases lie, the updater's own folder, how the edge is restarted."""

    data: Path
    base: Path
    state: Path
    restart: str
    alive: str
    trial_s: float
    answer_s: float

    def work(self, tell: Callable[[str], None]) -> tuple[Work, Trials]:
        """The updater's parts."""
        slots = Slots(self.base)
        times = Times(trial_s=self.trial_s, answer_s=self.answer_s)
        service = Service(shlex.split(self.restart), shlex.split(self.alive))
        trials = Trials(slots, self.state, service, lambda: sign_of(self.data), clock, times, tell)
        return Work(self.state, slots, trials, clock, tell), trials


@click.group()
@click.option(
    "--base",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_BASE,
    show_default=True,
    help="Where releases lie.",
)
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_STATE,
    show_default=True,
    help="The updater's own folder.",
)
@click.option("--restart", default=DEFAULT_RESTART, show_default=True, help="The command that restarts the edge.")
@click.option(
    "--alive", default=DEFAULT_ALIVE, show_default=True, help="The command that ends with 0 while the edge is alive."
)
@click.option(
    "--trial-s",
    type=click.FloatRange(1, 3600),
    default=TRIAL_S,
    show_default=True,
    help="How long a new version is watched.",
)
@click.option(
    "--answer-s",
    type=click.FloatRange(0.1, 3600),
    default=ANSWER_S_MAX,
    show_default=True,
    help="How long nothing may answer meanwhile; more on a box whose disk is slow.",
)
@click.pass_context
def update(
    ctx: click.Context, base: Path, state: Path, restart: str, alive: str, trial_s: float, answer_s: float
) -> None:
    """Releases that the hub offers: checked, installed beside what runs, and taken back if they are not well."""
    if not platform.APPLIANCE:
        raise NotPossible(
            "On Windows a new version is installed by its installer, over the old one: journal and settings stay"
        )
    ctx.obj = Updater(ctx.obj, base, state, restart, alive, trial_s, answer_s)


@update.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def status(here: Updater, as_json: bool) -> None:
    """What runs, what is on trial, how the last look ended."""
    state, current = kept.load(here.state), Slots(here.base).current
    if as_json:
        click.echo(json.dumps({"current": current, **msgspec.to_builtins(state)}))
        return
    click.echo(f"{current} runs")
    if state.trial is not None:
        click.echo(
            f"{state.trial.version} is on trial since {state.trial.since:%Y-%m-%d %H:%M} UTC, before it {state.trial.before}"
        )
    for version, why in state.failed.items():
        click.echo(f"{version} was taken back: {why}")
    if state.last is not None:
        click.echo(f"{state.last.at:%Y-%m-%d %H:%M} UTC: {state.last.sentence}")


@update.command()
@click.argument("root", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def trust(here: Updater, root: Path) -> None:
    """Believe the root in ROOT, the first one. Compare its keys with what the centre told you by another way."""
    version, keys = trusted.begin(here.state / TRUST, root.read_bytes())
    click.echo(f"root {version} is believed; its keys are:")
    for key in keys:
        click.echo(f"  {key}")


@update.command()
@click.option("--now", "at_once", is_flag=True, help="Install at once, not only in the update hours.")
@click.option("--again", is_flag=True, help="Also a version that failed here before.")
@click.option("--no-way-back", is_flag=True, help="Also a version whose journal the one that runs could not read.")
@click.pass_obj
def run(here: Updater, at_once: bool, again: bool, no_way_back: bool) -> None:
    """Look what the hub offers and take it in; install it if it is the time for that."""
    settings, who = config.load(here.data), identity.load(here.data)
    if settings.update_ring == "none":
        click.echo('update_ring is "none": nothing is asked of the hub')
        return
    source = HubSource(settings.sync_url or who.sync_url, identity.client_context(who), here.state / DOWNLOAD)
    install = at_once or within(settings.update_hours, datetime.now(ZoneInfo(who.zone)).time())
    _looked(here, source, Asked(settings.update_ring, install, again, no_way_back, Path(settings.appliance)))


@update.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--ring",
    type=click.Choice(["canary", "early", "all"]),
    default="all",
    show_default=True,
    help="Whose offer is taken.",
)
@click.option("--stage", is_flag=True, help="Only put it beside what runs.")
@click.option("--again", is_flag=True, help="Also a version that failed here before.")
@click.option("--no-way-back", is_flag=True, help="Also a version whose journal the one that runs could not read.")
@click.pass_obj
def import_(here: Updater, folder: Path, ring: str, stage: bool, again: bool, no_way_back: bool) -> None:
    """Take in what a copy of the repository in FOLDER (a stick, a share) offers. It is believed no more than the hub."""
    box = Path(config.load(here.data).appliance)
    _looked(here, FolderSource(folder), Asked(ring, not stage, again, no_way_back, box))


@update.command()
@click.argument("version")
@click.pass_obj
def back(here: Updater, version: str) -> None:
    """Go back to the release VERSION, which still lies there."""
    with alone(here.state):
        _, trials = here.work(_tell)
        _end(trials.back(version, "a person went back"), 0)


@update.command()
@click.pass_obj
def settle(here: Updater) -> None:
    """At the start of the machine: take back a trial that nobody watches any more."""
    with alone(here.state):
        _, trials = here.work(_tell)
        told = trials.settle()
    if told is not None:
        _end(told, 0)


def _looked(here: Updater, source: Source, asked: Asked) -> None:
    with alone(here.state):
        work, trials = here.work(_tell)
        trials.settle()
        told = work.look(source, asked)
    _end(told, 1 if told.code == "taken_back" else 0)


def _end(told: Told, status_: int) -> None:
    click.echo(told.sentence)
    sys.exit(status_)


def _tell(sentence: str) -> None:
    click.echo(sentence, err=True)
