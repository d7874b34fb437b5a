"""``pishkhan-edge journal``: looking at the journal, proving what is in it, and looking after it, with an edge that runs or without one.

What only reads opens the files beside a running edge. What writes is asked of the edge that runs, over its control socket; if none runs it is done
here. All of them are for the account that owns the data folder: another one, root too, would leave files that the edge cannot read.
"""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import msgspec
from rich.console import Console
from rich.progress import Progress

from central_sync.programs.asking import secret
from central_sync.programs.verbs import HELP_ASKED
from edge import config, control, doctor, identity
from edge.app import JOURNAL_FILE, clock
from edge.audit import Audit
from edge.control import NobodyThere, Tell
from edge.differences import Report, sentences
from edge.entries import Parking, parking, row_of
from edge.errors import EdgeError, JournalError
from edge.housekeeping import Housekeeping
from edge.journal import Journal, Standing, backup, proof, restore, slate
from edge.journal import files as journal_files
from edge.journal.envelope import RECOVERY_FILE
from edge.journal.export import export
from edge.journal.frames import Sealed
from edge.journal.sealing import Vault
from edge.journal.verify import verify
from edge.limits import OPEN_LIST_ROWS_MAX
from edge.line import Line
from edge.reconcile import Reconciler
from edge.signers import known
from edge.verbs.owner import owned
from edge.version import version


@click.group()
@click.pass_obj
def journal(folder: Path) -> None:
    """What the edge has taken on."""
    ctx = click.get_current_context()
    if ctx.invoked_subcommand not in _FOR_ANYBODY and not ctx.meta.get(HELP_ASKED):
        owned(folder)


_FOR_ANYBODY = frozenset({"check-proof"})
_OF_WHO_WRITES = frozenset({"commits", "operations"})
"""Counts since the start, of which one who only reads knows nothing."""


@journal.command("stats")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def journal_stats(folder: Path, as_json: bool) -> None:
    """Counts and sizes."""
    told = msgspec.to_builtins(doctor.journal_stats(folder))
    _told({name: value for name, value in told.items() if name not in _OF_WHO_WRITES}, as_json)


@journal.command("show")
@click.option(
    "--latest", type=click.IntRange(1, 10_000), default=None, help="The newest so many, instead of what is open."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def journal_show(folder: Path, latest: int | None, as_json: bool) -> None:
    """List what is open: provisional, in doubt, or a settlement not confirmed. Packets are not shown."""
    institution = identity.load(folder).institution if latest is None else ""

    async def look(kept: Journal) -> list[tuple[Standing, Parking | None]]:
        rows = await (kept.latest(latest) if latest else kept.open_list(institution))
        return [(row, await parking(kept, row.seq) if row.parked else None) for row in rows]

    found = asyncio.run(doctor.looked(folder, look))
    for row, why in found:
        if as_json:
            click.echo(msgspec.json.encode({**msgspec.to_builtins(row_of(row)), "parking": why}).decode())
            continue
        told = f"{row.recorded_at:%Y-%m-%d %H:%M:%S}Z  {row.number:<5} {row.outcome:<12} {row.confirmation:<10}"
        parked = f" parked {why.at:%Y-%m-%d %H:%M:%S}Z {why.code}" if why else " parked" if row.parked else ""
        click.echo(f"{told} {row.hid or '-':<17} {row.msgid} {row.code}{parked}".rstrip())
    if not found:
        click.echo("The journal is empty." if latest else "Nothing is open.", err=True)
    elif not latest and len(found) == OPEN_LIST_ROWS_MAX:
        click.echo(f"These are the oldest {len(found)}; `journal stats` counts all.", err=True)


@journal.command("verify")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def journal_verify(folder: Path, as_json: bool) -> None:
    """Check the whole chain: whatever was altered, left out, put elsewhere or sealed anew. Ends with 1 if anything was."""
    who = identity.load(folder)
    signers = {name: one.key for name, one in known(folder, who.evidence).items()}
    with _reading(folder) as (c, vault, written), _progress() as tell:
        report = verify(c, vault, who.institution, signers, tell, written)
    plain = msgspec.to_builtins(report)
    plain["link"] = report.link.hex()
    if as_json:
        click.echo(json.dumps(plain))
    else:
        for sentence in report.findings:
            click.echo(f"! {sentence}")
        click.echo(
            f"{'NOT sound' if report.wrong else 'sound'}: records {report.cut + 1} to {report.head},"
            f" {report.transactions} transactions, {report.days} signed days up to record {report.signed}"
        )
    sys.exit(1 if report.wrong else 0)


@journal.command("export")
@click.argument("msgid")
@click.pass_obj
def journal_export(folder: Path, msgid: str) -> None:
    """Print a proof of one transaction that stands by itself (JSON). It holds the packet: handle it as a patient's file."""
    who = identity.load(folder)
    signers = {name: one.certificate.decode() for name, one in known(folder, who.evidence).items()}
    with _reading(folder) as (c, vault, written):
        made = export(c, vault, who.institution, msgid, signers, who.evidence.read_text(), written)
    audit = Audit(folder)
    audit.start()
    audit.note("exported a proof", clock(), operator=_person(), record=made.seq)
    click.echo(msgspec.json.format(msgspec.json.encode(made)).decode())


@journal.command("check-proof")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--authority",
    default="",
    metavar="SHA256",
    help="The fingerprint of the hub's authority, as it is known; several with commas between.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def journal_check_proof(file: Path, authority: str, as_json: bool) -> None:
    """Check a proof; needs no journal, no edge and no line. Ends with 1 if it does not hold."""
    try:
        findings = proof.check(proof.read(file.read_bytes()), authority)
    except proof.ProofUnreadable as error:
        raise EdgeError(str(error)) from error
    holds = proof.holds(findings)
    if as_json:
        parts = [{"part": one.part, "well": one.well, "sentence": one.sentence} for one in findings]
        click.echo(json.dumps({"holds": holds, "parts": parts}))
    else:
        marks = {True: "holds", False: "FALSE", None: "-"}
        for one in findings:
            click.echo(f"{one.part:<12} {marks[one.well]:<6} {one.sentence}")
    sys.exit(0 if holds else 1)


@journal.command("park")
@click.argument("what", metavar="MSGID|SEQ")
@click.pass_obj
def journal_park(folder: Path, what: str) -> None:
    """Let an open transaction wait for a person; what follows it in its case waits with it."""
    done = _asked(folder, "park", {"what": what, "by": _person()})
    click.echo(f"parked: {done['msgid']} (record {done['seq']})")


@journal.command("release")
@click.argument("what", metavar="MSGID|SEQ")
@click.pass_obj
def journal_release(folder: Path, what: str) -> None:
    """Let a parked transaction go again."""
    done = _asked(folder, "release", {"what": what, "by": _person()})
    click.echo(f"released: {done['msgid']} (record {done['seq']})")


@journal.command("prune")
@click.option("--keep-days", type=click.IntRange(1), default=None, help="Instead of `journal_kept_days` in edge.toml.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def journal_prune(folder: Path, keep_days: int | None, as_json: bool) -> None:
    """Drop what is older and signed for by the hub. The edge does it by itself, every hour."""
    _told(_asked(folder, "prune", {"keep_days": keep_days}), as_json)


@journal.command("rotate")
@click.option(
    "--device-key", is_flag=True, help="Change the device key too: copies of the old one open nothing any more."
)
@click.pass_obj
def journal_rotate(folder: Path, device_key: bool) -> None:
    """Seal with a new data key from now on. The edge does it by itself in time; do it when a disk has gone out of the house."""
    click.echo(f"sealed from now on with key {_asked(folder, 'rotate', {'device_key': device_key})['key']}")


@journal.command("recovery-key")
@click.option("--replace", is_flag=True, help="Although there is one; older backups are opened by the older one.")
@click.pass_obj
def journal_recovery_key(folder: Path, replace: bool) -> None:
    """Make the key that opens backups, and print it this once: write it down and keep it in a safe, not on this box."""
    if (folder / RECOVERY_FILE).exists() and not replace:
        raise EdgeError("there is a recovery key already: --replace makes another one for the backups from now on")
    click.echo(backup.make_recovery_key(folder))


@journal.command("backup")
@click.option(
    "--to", type=click.Path(path_type=Path, file_okay=False), default=None, help="Instead of `backups` in edge.toml."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def journal_backup(folder: Path, to: Path | None, as_json: bool) -> None:
    """Make a backup, encrypted for the recovery key, signed, and tried by a restore before it counts."""
    _told(_asked(folder, "backup", {"to": str(to.absolute()) if to else None}), as_json)


@journal.command("restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def journal_restore(folder: Path, file: Path, as_json: bool) -> None:
    """Go on from a backup on a new box: enrol it for the hospital first. Asks for the recovery key, or reads it from standard input."""
    who = identity.load(folder)
    recovery = secret("Recovery key")
    signers = {name: one.key for name, one in known(folder, who.evidence).items()}
    with _progress() as tell:
        found = asyncio.run(
            restore.restore(file, folder, recovery, who.institution, who.evidence.read_text(), signers, clock(), tell)
        )
    _told(msgspec.to_builtins(found), as_json)
    since = f"{found.compare_from:%Y-%m-%dT%H:%M:%SZ}" if found.compare_from else "1970-01-01"
    click.echo(
        f"What was taken on after the backup is not here. The edge asks about {len(found.asked)} fences and sends {found.sent}"
        f" others again by itself. Start it; then `journal compare --from {since}` tells what the hub has beyond this backup.",
        err=True,
    )


@journal.command("compare")
@click.option(
    "--from", "begin", metavar="TIME", help="ISO form, in the hospital's zone if it names none; default: two days ago."
)
@click.option("--to", "end", metavar="TIME", help="The end, itself left out; default: now.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def journal_compare(folder: Path, begin: str | None, end: str | None, as_json: bool) -> None:
    """Ask the hub whether it holds the same transactions, and list what differs. Ends with 1 if anything does."""
    zone, now = ZoneInfo(identity.load(folder).zone), clock()
    first, last = _time(begin, zone, now - timedelta(days=2)), _time(end, zone, now)
    if last <= first:
        raise EdgeError(f"{last.isoformat()} is not later than {first.isoformat()}: nothing lies between")
    told = {"from": first.isoformat(), "to": last.isoformat()}
    report = msgspec.convert(_asked(folder, "compare", told), Report)
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
    else:
        for sentence in sentences(report):
            click.echo(sentence)
    sys.exit(0 if report.equal else 1)


def _time(text: str | None, zone: ZoneInfo, default: datetime) -> datetime:
    if text is None:
        return default
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise EdgeError(f"{text} is no time: write it like 2025-03-20 or 2025-03-20T14:30") from error
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


def _asked(folder: Path, verb: str, told: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer of the running edge, or of ourselves if none runs."""
    with _progress() as tell:
        try:
            return control.ask(folder, verb, told, tell)
        except NobodyThere:
            return asyncio.run(_done_here(folder, verb, told, tell))


async def _done_here(folder: Path, verb: str, told: Mapping[str, Any], tell: Tell) -> Mapping[str, Any]:
    path = folder / JOURNAL_FILE
    if not path.exists():
        raise JournalError(f"{path} is not there yet: it is made by the first run")
    kept, who = Journal(path), identity.load(folder)
    await kept.open()
    try:
        if verb == "compare":
            return await _compared(folder, kept, who, told, tell)
        keeper = Housekeeping(folder, kept, lambda: who, config.load(folder), clock, version())
        keeper.audit = Audit(folder)
        keeper.audit.start()
        return await keeper.verbs[verb](told, tell)
    finally:
        await kept.close()


async def _compared(
    folder: Path, kept: Journal, who: identity.Identity, told: Mapping[str, Any], tell: Tell
) -> Mapping[str, Any]:
    settings = config.load(folder)
    line = Line(settings.sync_url or who.sync_url, identity.client_context(who), settings.sync_device, clock)
    await line.start()
    try:
        return await Reconciler(kept, line).verb(told, tell)
    finally:
        await line.stop()


@contextmanager
def _reading(folder: Path) -> Iterator[tuple[Any, Vault, Sequence[Sealed]]]:
    path = folder / JOURNAL_FILE
    if not path.exists():
        raise JournalError(f"{path} is not there yet: it is made by the first run")
    with journal_files.reading(path) as connection:
        yield connection, Vault.open(folder, create=False), slate.beside(connection, path)


@contextmanager
def _progress() -> Iterator[Callable[[int, int, str], None]]:
    """A bar on a terminal, nothing elsewhere."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("", total=None)
        yield lambda done, of, what: bars.update(task, completed=done, total=of, description=what)


def _person() -> str:
    """Who types, as the system knows: whoever became the data folder's account."""
    return os.environ.get("SUDO_USER") or getpass.getuser()


def _told(plain: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(plain))
        return
    for name, value in plain.items():
        click.echo(f"{name:<13} {value}")
