"""``pishkhan-edge agent``: readers on the clerks' PCs: at the edge, inviting and removing them; on the PC, pairing and running.

What runs on the PC is small: this module loads no journal, no line and no hub, and the verbs of the edge's side load what they need when typed.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import click
import msgspec

from central_sync.wire import enrolment
from edge import config, log, platform
from edge.errors import NotPossible
from edge.running import ready_the_interpreter

MINUTES_DEFAULT = 60
MINUTES_MAX = 7 * 24 * 60


class Runs(Protocol):
    """The agent, as :func:`_run` needs it: named here so that it is loaded by one verb only."""

    url: str

    async def start(self) -> None:
        """Start."""

    async def stop(self) -> None:
        """Stop."""


@click.group()
def agent() -> None:
    """Card readers on the clerks' computers."""


@agent.command("invite")
@click.argument("name")
@click.option("--desk", default=None, metavar="WORKSTATION", help="Whose its readers are; NAME if not given.")
@click.option("--any-desk", is_flag=True, help="Its readers belong to no desk.")
@click.option("--card-must-stay", is_flag=True, help="A read counts only while its card lies there.")
@click.option("--minutes", type=click.IntRange(1, MINUTES_MAX), default=MINUTES_DEFAULT, show_default=True)
@click.pass_obj
def agent_invite(folder: Path, name: str, desk: str | None, any_desk: bool, card_must_stay: bool, minutes: int) -> None:
    """At the edge: print the code, once, with which a computer is paired under NAME."""
    from edge.agents import Agents  # the PC has no use for these
    from edge.agents_port import ensure
    from edge.readers.bindings import Binding

    settings = config.load(folder)
    if name in {row.name for row in settings.readers}:
        raise NotPossible(f"{name} is the name of a reader in edge.toml: take another one")
    platform.data_home(folder)
    now = datetime.now(UTC)
    certificate = ensure(folder, now)
    binding = Binding(desk="" if any_desk else desk or name, card_must_stay=card_must_stay)
    secret = Agents(folder).invite(name, binding, now, timedelta(minutes=minutes))
    click.echo(enrolment.make_code(secret, certificate))
    where = settings.agents_listen or "(set agents_listen in edge.toml, and start the edge again)"
    click.echo(
        f"On the computer, within {minutes} minutes: pishkhan-edge agent pair https://EDGE:PORT   with the port of {where}",
        err=True,
    )


@agent.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def agent_list(folder: Path, as_json: bool) -> None:
    """At the edge: the computers that are paired or invited, and whether they are there now."""
    from edge import control  # the PC has no use for these
    from edge.agents import Agents

    listed = Agents(folder)
    try:
        here = set(control.ask(folder, "agents", {})["connected"])
        running = True
    except control.NobodyThere:
        here, running = set(), False
    rows = [
        (one.name, one.binding.desk, ("here" if one.name in here else "away") if running else "unknown", one.paired_at)
        for one in listed.all()
    ]
    rows += [(one.name, one.binding.desk, "invited", one.ends_at) for one in listed.invitations(datetime.now(UTC))]
    for name, desk, state, at in rows:
        if as_json:
            click.echo(json.dumps({"name": name, "desk": desk, "state": state, "at": at.isoformat()}))
        else:
            click.echo(f"{name}\t{desk or '-'}\t{state}\t{'until ' if state == 'invited' else ''}{at:%Y-%m-%d %H:%M}Z")


@agent.command("remove")
@click.argument("name")
@click.pass_obj
def agent_remove(folder: Path, name: str) -> None:
    """At the edge: withdraw a computer, or its invitation; its connection ends at once."""
    from edge.agents import Agents  # the PC has no use for this

    if not Agents(folder).remove(name):
        raise NotPossible(f"there is no agent {name}: see `pishkhan-edge agent list`")


@agent.command("pair")
@click.argument("edge_url")
@click.argument("code", default="-")
@click.pass_obj
def agent_pair(folder: Path, edge_url: str, code: str) -> None:
    """On the computer: pair it with the edge at EDGE_URL, with the CODE that `agent invite` printed there.

    Without CODE it is asked for (or read from standard input), so that it stands in no list of processes and no history.
    """
    from edge.agent import pairing  # the edge has no use for this

    if code == "-":
        code = click.prompt("Pairing code", err=True)
    made = asyncio.run(pairing.pair(folder, edge_url, code))
    click.echo(f"Paired as {made.name} with the edge of {made.institution}. Next: agent run.", err=True)


@agent.command("run")
@click.option("--listen", default="", metavar="HOST:PORT", help="Instead of `listen` in agent.toml; loopback only.")
@click.pass_obj
def agent_run(folder: Path, listen: str) -> None:
    """On the computer: serve its readers until told to end; prints one JSON line when it listens."""
    from edge.agent import settings as of  # the edge has no use for these
    from edge.agent.app import Agent

    platform.data_home(folder)
    settings = of.load(folder, listen)
    log.configure(settings.log_level)
    asyncio.run(_run(Agent(folder, settings)))


@agent.command("status")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def agent_status(folder: Path, as_json: bool) -> None:
    """On the computer: whether the edge hears it, and how its readers are. Ends with 1 if something is not well."""
    from edge.agent import status  # the edge has no use for these
    from edge.readers.troubles import TROUBLES

    found = status.asked(folder)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
    else:
        whose = f"{found.name} of {found.institution}" if found.name else "not paired"
        click.echo(f"{whose}: the line to the edge is {found.line}" + (f": {found.trouble}" if found.trouble else ""))
        for reader in found.readers:
            trouble = TROUBLES[reader.trouble] if reader.trouble else None
            card = "a card is on it" if reader.card_present else "no card"
            click.echo(f"{reader.name}\t" + (f"{trouble.what} {trouble.do}" if trouble else card))
    well = found.line == "up" and not any(reader.trouble for reader in found.readers)
    sys.exit(0 if well else 1)


async def _run(running: Runs) -> None:
    told_to_end = asyncio.Event()
    platform.when_told_to_end(told_to_end.set)
    await running.start()
    ready_the_interpreter()
    click.echo(json.dumps({"event": "listening", "face": running.url}))
    sys.stdout.flush()
    try:
        await told_to_end.wait()
    finally:
        await running.stop()
