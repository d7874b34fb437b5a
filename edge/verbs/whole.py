"""The verbs of ``pishkhan-edge`` that need the whole edge."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from edge import config, doctor, identity, log, platform
from edge.app import Edge, certificate_names, clock
from edge.config import Config
from edge.errors import NotPossible
from edge.faces import certificate
from edge.identity import NotEnrolled
from edge.running import NotRunning, ready_the_interpreter
from edge.workstations import FILE as WORKSTATIONS_FILE
from edge.workstations import Workstations

MARK_WELL, MARK_UNWELL = "well", "NOT WELL"


@click.command()
@click.argument("hub_enrol_url")
@click.argument("code", default="-")
@click.option("--sync-url", default="", help="Where the hub is reached by the VPN, if not where it says itself.")
@click.pass_obj
def enrol(folder: Path, hub_enrol_url: str, code: str, sync_url: str) -> None:
    """Make this the edge of a hospital, with the CODE that `pishkhan-hub invite` printed.

    Without CODE it is asked for (or read from standard input), so that it stands in no list of processes and no history.
    """
    if code == "-":
        code = click.prompt("Enrolment code", err=True)
    platform.data_home(folder)
    who = identity.enrol(folder, hub_enrol_url, code, sync_url)
    click.echo(f"Enrolled for {who.institution} ({who.name}). Next: workstation add NAME, then run.", err=True)


@click.group()
def workstation() -> None:
    """The computers that may sign in."""


@workstation.command("add")
@click.argument("name")
@click.pass_obj
def workstation_add(folder: Path, name: str) -> None:
    """Admit a computer, or give it a new key; prints the key, this once."""
    platform.data_home(folder)
    click.echo(Workstations(folder / WORKSTATIONS_FILE).add(name, clock()))


@workstation.command("list")
@click.pass_obj
def workstation_list(folder: Path) -> None:
    """List the computers that may sign in."""
    for row in Workstations(folder / WORKSTATIONS_FILE).all():
        click.echo(f"{row.name}\t{row.added_at:%Y-%m-%d %H:%M}Z")


@workstation.command("remove")
@click.argument("name")
@click.pass_obj
def workstation_remove(folder: Path, name: str) -> None:
    """Withdraw a computer; what it has open ends at once."""
    if not Workstations(folder / WORKSTATIONS_FILE).remove(name):
        raise NotPossible(f"there is no workstation {name}: see `pishkhan-edge workstation list`")


@click.command()
@click.option("--listen", default="", metavar="HOST:PORT", help="Instead of `listen` in edge.toml.")
@click.option("--listen-device", default="", metavar="DEV", help="Hear this interface only.")
@click.pass_obj
def run(folder: Path, listen: str, listen_device: str) -> None:
    """Run the edge until it is told to end; prints one JSON line when it listens."""
    platform.spare_memory()
    platform.more_files()
    settings = _settings(folder, listen, listen_device)
    log.configure(settings.log_level)
    who = identity.load(folder)
    asyncio.run(_run(Edge(folder, settings, who)))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def status(folder: Path, as_json: bool) -> None:
    """How the edge that runs on this data directory stands."""
    try:
        found = doctor.running_status(folder)
    except NotRunning as error:
        if as_json:
            click.echo(json.dumps({"running": False, "reason": str(error)}))
        else:
            click.echo(str(error), err=True)
        sys.exit(1)
    plain = msgspec.to_builtins(found)
    if as_json:
        click.echo(json.dumps({"running": True, **plain}))
        return
    table = Table(show_header=False, box=None)
    for name, value in plain.items():
        if name not in ("return_code", "error", "warnings"):
            table.add_row(name.replace("_", " "), str(value))
    Console().print(table)
    for sentence in found.warnings:
        click.echo(f"! {sentence}")


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def doctor_command(folder: Path, as_json: bool) -> None:
    """Look at everything that must be right, whether or not the edge runs."""
    unwell = False
    for finding in doctor.findings(folder, clock()):
        unwell = unwell or not finding.well
        if as_json:
            click.echo(json.dumps({"part": finding.part, "well": finding.well, "sentence": finding.sentence}))
        else:
            click.echo(f"{finding.part:<13} {MARK_WELL if finding.well else MARK_UNWELL:<9} {finding.sentence}")
    sys.exit(1 if unwell else 0)


@click.command("face-certificate")
@click.pass_obj
def face_certificate(folder: Path) -> None:
    """Print the certificate that the hospital's software pins when it calls off loopback; made on first use."""
    platform.data_home(folder)
    names = certificate_names(config.load(folder))
    click.echo(certificate.ensure(folder, names, clock()).read_text(), nl=False)


def _settings(folder: Path, listen: str, listen_device: str) -> Config:
    if not folder.is_dir():
        raise NotEnrolled(f"{folder} does not exist. Type: pishkhan-edge --data {folder} enrol HUB_URL CODE")
    found = config.load(folder)
    return msgspec.structs.replace(
        found, listen=listen or found.listen, listen_device=listen_device or found.listen_device
    )


async def _run(edge: Edge) -> None:
    told_to_end = asyncio.Event()
    heard_once = platform.when_told_to_end(told_to_end.set)
    await edge.start()
    ready_the_interpreter()
    agents = {"agents": edge.agents_url} if edge.agents_url else {}
    click.echo(json.dumps({"event": "listening", "face": edge.url, **agents}))
    sys.stdout.flush()
    await told_to_end.wait()
    heard_once()  # the second time it ends at once; the journal is made for that
    await edge.stop()
