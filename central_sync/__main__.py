"""``pishkhan-hub``: sets a hub up, runs it, and lets a technician see and do what is not for edges to ask.

What a command is asked for goes to stdout, alone; progress, hints and errors go to stderr. Exit status: 0 done, 2 not possible
(the message says what to do).
"""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress

from central_sync import app, log
from central_sync.api.tls import BindRefused
from central_sync.app import AUTHORITY_FOLDER, Faces, clock
from central_sync.benefits.bundle import BundleBroken
from central_sync.config import ConfigInvalid, Listener, address, check_database, load
from central_sync.errors import HubError, MemberFileInvalid, StoreNotMigrated, StoreUnavailable
from central_sync.fleet import overview
from central_sync.fleet.authority import Authority, AuthorityMissing
from central_sync.fleet.limits import INVITATION_HOURS_DEFAULT
from central_sync.members.service import import_members
from central_sync.place import Place
from central_sync.programs.accounts import stranger_to
from central_sync.programs.hosts import is_host, on_the_line
from central_sync.programs.verbs import HELP_ASKED, Verbs, belongs_to, unusable
from central_sync.publications import Publications
from central_sync.rulebook.strict import RulebookError
from central_sync.store import migrate
from central_sync.verbs import printing
from central_sync.verbs import publishing as publishing_verbs
from central_sync.verbs.account import account
from central_sync.verbs.alerts import alerts
from central_sync.verbs.authority import authority as authority_verbs
from central_sync.verbs.release import release
from central_sync.verbs.resettle import resettle_command
from central_sync.verbs.review import review
from central_sync.verbs.rulebook import rulebook
from central_sync.verbs.settlements import settlements
from central_sync.verbs.simulate import simulate
from central_sync.verbs.tunnel import tunnel
from central_sync.wire.bundles import BundleRefused

AUDIT_ROWS_DEFAULT = 200
_STDERR = Console(stderr=True)


class NotPossible(click.ClickException):
    """What was asked for is not possible; ends with exit status 2."""

    exit_code = 2


class HubGroup(Verbs):
    """Turns the hub's own errors into one sentence for the technician."""

    def invoke(self, ctx: click.Context) -> Any:
        """As click's."""
        try:
            return super().invoke(ctx)
        except StoreNotMigrated as error:
            raise NotPossible(f"{error}; run `pishkhan-hub --data DIR init` (or `migrate` after an update)") from error
        except StoreUnavailable as error:
            raise NotPossible(
                f"the database cannot be reached or written ({error}); check its address, its rights and the free space"
            ) from error
        except MemberFileInvalid as error:
            lines = "".join(f"\n  line {number}: {what}" for number, what in error.lines)
            raise NotPossible(f"nothing was imported; mend these lines and import again:{lines}") from error
        except (
            HubError,
            ConfigInvalid,
            AuthorityMissing,
            BindRefused,
            RulebookError,
            BundleRefused,
            BundleBroken,
        ) as error:
            raise NotPossible(str(error)) from error
        except BrokenPipeError:
            raise  # whoever reads has read enough: click's
        except OSError as error:
            raise NotPossible(unusable(error)) from error


@click.group(cls=HubGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--data",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="PISHKHAN_HUB_DATA",
    help="Folder of the hub's data: hub.toml, the authority, the SQLite database.",
)
@click.option("--database", default="", help="sqlite:///FILE or postgresql://USER@HOST/NAME instead of the setting's.")
@click.pass_context
def main(ctx: click.Context, folder: Path | None, database: str) -> None:
    """The hub of Pishkhan."""
    if folder is None:
        if ctx.invoked_subcommand in (rulebook.name, release.name):
            return  # some of their verbs read files alone; those that need a hub say so
        if ctx.meta[HELP_ASKED]:
            return  # the help of a verb of a group needs no hub
        raise click.MissingParameter(ctx=ctx, param=ctx.command.params[0])
    if not ctx.meta[HELP_ASKED]:
        _owned(folder)
    config = load(folder)
    if database:
        check_database(database)
        config = msgspec.structs.replace(config, database=database)
    log.configure(config.log_level)
    ctx.obj = Place(folder, config)


def _owned(folder: Path) -> None:
    """Refuse what is typed as another account than the hub's: what that one writes, root's files too, the hub could not read afterwards."""
    try:
        account_ = stranger_to(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise NotPossible(f"{folder} cannot be looked at by this account: {error.strerror}") from error
    if account_ is not None:
        raise NotPossible(belongs_to(folder, account_))


main.add_command(account)
main.add_command(alerts)
main.add_command(authority_verbs)
main.add_command(rulebook)
main.add_command(release)
main.add_command(tunnel)
main.add_command(review)
main.add_command(settlements)
settlements.add_command(resettle_command)
for _verb in (*publishing_verbs.VERBS, simulate):
    rulebook.add_command(_verb)


@main.command()
@click.option("--name", "names", multiple=True, help="Host name or address in the hub's certificate; may be repeated.")
@click.pass_obj
def init(place: Place, names: Sequence[str]) -> None:
    """Make the authority, the hub's certificate and the database. May be run again, also to add names."""
    for name in names:
        if not is_host(name.removeprefix("*.")):
            meant = on_the_line(name)
            raise NotPossible(f"{name!r} is no host name and no address" + (f": write {meant}" if meant else ""))
    try:
        place.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        Authority(place.folder / AUTHORITY_FOLDER).create(names, clock())
    except OSError as error:
        raise NotPossible(f"{place.folder} cannot be written: {error.strerror}") from error
    migrate(place.config.database)
    click.echo(f"The hub in {place.folder} is set up. Next: hospital add, members import, invite, run.", err=True)


@main.command("migrate")
@click.pass_obj
def migrate_command(place: Place) -> None:
    """Bring the database to the tables of this version."""
    migrate(place.config.database)


@main.group()
def hospital() -> None:
    """The hospitals."""


@hospital.command("add")
@click.argument("code")
@click.option("--name", required=True, help="The hospital's name.")
@click.option("--region", required=True, help="A region of the rulebook: ir, cn.")
@click.option("--tier", required=True, help="A tier of that region.")
@click.pass_obj
def hospital_add(place: Place, code: str, name: str, region: str, tier: str) -> None:
    """Add a hospital."""
    with place.fleet() as fleet:
        fleet.add_hospital(code, name, region, tier, clock())


@hospital.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def hospital_list(place: Place, as_json: bool) -> None:
    """List the hospitals."""
    with place.fleet() as fleet:
        rows = [asdict(row) for row in fleet.hospitals()]
    printing.rows([{**row, "added_at": row["added_at"].isoformat()} for row in rows], as_json=as_json)


@main.group()
def members() -> None:
    """The insured."""


@members.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def members_import(place: Place, file: Path) -> None:
    """Take a member file (one JSON object a line), whole or not at all; known members are replaced."""
    bar = Progress("{task.description}", BarColumn(), MofNCompleteColumn(), console=_STDERR)
    with file.open("rb") as counted:
        total = sum(1 for _ in counted)
    with place.store() as store, file.open("rb") as lines, bar:
        task = bar.add_task("members", total=total)
        done = import_members(
            store,
            Publications(store).current(clock()).rulebook,
            lines,
            clock(),
            lambda read: bar.update(task, completed=read),
        )
    click.echo(f"{done.added} members added, {done.replaced} replaced.", err=True)


@main.command()
@click.argument("code")
@click.option(
    "--valid-hours", default=INVITATION_HOURS_DEFAULT, show_default=True, help="How long the code is good for."
)
@click.pass_obj
def invite(place: Place, code: str, valid_hours: int) -> None:
    """Print a one-time code with which the hospital's edge enrols."""
    with place.fleet() as fleet:
        click.echo(fleet.invite(code, valid_hours, clock()))


@main.command()
@click.argument("code")
@click.pass_obj
def revoke(place: Place, code: str) -> None:
    """Refuse the hospital's edge from now on. A new invitation lets it in again."""
    with place.fleet() as fleet:
        count = fleet.revoke(code, clock())
    click.echo(f"{count} certificates of {code} are revoked.", err=True)


@main.command()
@click.argument("code")
@click.argument("text")
@click.pass_obj
def notice(place: Place, code: str, text: str) -> None:
    """Send a sentence to the desks of one hospital, or of `all`."""
    with place.fleet() as fleet:
        count = fleet.notice(code, text, clock())
    click.echo(f"The notice is on its way to {count} hospitals.", err=True)


@main.command()
@click.option("--sync-listen", help="HOST:PORT for enrolled edges (mutual TLS); port 0 takes any free one.")
@click.option("--enrol-listen", help="HOST:PORT for enrolment.")
@click.option(
    "--console-listen", help="HOST:PORT for the pages of central operations (HTTPS); none without it or the setting."
)
@click.option("--sync-device", help="Network interface to which the sync port is bound.")
@click.option("--enrol-device", help="Network interface to which the enrol port is bound.")
@click.option("--console-device", help="Network interface to which the console is bound.")
@click.option("--sync-url", help="Where enrolled edges are told to send, if not to what the sync port listens on.")
@click.pass_obj
def run(
    place: Place,
    sync_listen: str | None,
    enrol_listen: str | None,
    console_listen: str | None,
    sync_device: str | None,
    enrol_device: str | None,
    console_device: str | None,
    sync_url: str | None,
) -> None:
    """Run the hub until SIGTERM. Several may run on one PostgreSQL database. Logs go to stderr as JSON."""
    config = place.config
    pages = _listener(Listener(config.console.listen, config.console.device), console_listen, console_device)
    config = msgspec.structs.replace(
        config,
        console=msgspec.structs.replace(config.console, listen=pages.listen, device=pages.device),
        sync=_listener(config.sync, sync_listen, sync_device),
        enrol=_listener(config.enrol, enrol_listen, enrol_device),
        sync_url=config.sync_url if sync_url is None else sync_url,
    )
    asyncio.run(app.serve(place.folder, config, _listening))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def status(place: Place, as_json: bool) -> None:
    """Show counts, edges and certificates."""
    authority = place.authority()
    with place.store() as store:
        facts = overview.overview(store, authority, clock())
    if as_json:
        click.echo(json.dumps(facts))
        return
    edges = facts.pop("edges")
    for name, value in facts.items():
        click.echo(f"{name.replace('_', ' ')}: {value}")
    printing.rows(edges, as_json=False)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def uncertain(place: Place, as_json: bool) -> None:
    """List the settlements that await their confirmation, oldest first."""
    with place.store() as store:
        printing.rows(overview.awaiting(store), as_json=as_json)


@main.command()
@printing.last(AUDIT_ROWS_DEFAULT)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def audit(place: Place, last: int, as_json: bool) -> None:
    """Show who did what, newest last."""
    with place.store() as store:
        printing.rows(overview.trail(store, last), as_json=as_json)


def _listener(setting: Listener, listen: str | None, device: str | None) -> Listener:
    if listen is not None:
        address(listen)
    return Listener(setting.listen if listen is None else listen, setting.device if device is None else device)


def _listening(faces: Faces) -> None:
    # a rulebook stays: the collector need not look through it while a desk waits
    gc.collect()
    gc.freeze()
    told = {"event": "listening", "sync": faces.sync, "enrol": faces.enrol}
    click.echo(json.dumps({**told, "console": faces.console} if faces.console else told))


if __name__ == "__main__":
    main(prog_name="pishkhan-hub")
