"""``pishkhan-hub settlements resettle``: settles one case again, after what was known of it has been corrected.

Exit status: 0 done (or nothing differs), 2 not possible.
"""

from __future__ import annotations

import getpass
import json
from dataclasses import asdict

import click
from rich.table import Table

from central_sync.app import clock
from central_sync.desk.resettlement import Resettlement, resettle
from central_sync.errors import HubError
from central_sync.payers.settings import payers_of
from central_sync.place import Place
from central_sync.publications import Publications
from central_sync.terms.money import CURRENCIES
from central_sync.verbs import printing
from central_sync.wire.refusals import REFUSALS, Refused


class NotResettled(HubError):
    """The settlement cannot be made again; the text says why."""


@click.command("resettle")
@click.argument("settlement_id", metavar="ID")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option("--reason", default="", help="Why, for the audit trail; needed without --dry-run.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def resettle_command(place: Place, settlement_id: str, dry_run: bool, reason: str, as_json: bool) -> None:
    """Compute the settlement ID again as of its day, with members, tariffs and rulebook as they are now, and replace it if it differs.

    The hospital is told. Nothing is paid by itself: what the patient is still to pay, or to get back, stands in the new settlement.
    """
    if not dry_run and not reason.strip():
        raise click.UsageError("say why with --reason, for the audit trail; or --dry-run to see what would change")
    payers = payers_of(place.config.payers, place.folder, place.signer().named)
    with place.store() as store:
        law = Publications(store).current(clock()).rulebook
        with store.read() if dry_run else store.write() as uow:
            try:
                done = resettle(
                    uow,
                    law,
                    payers,
                    settlement_id,
                    actor=f"cli:{getpass.getuser()}",
                    reason=reason,
                    now=clock(),
                    dry_run=dry_run,
                )
            except Refused as refused:
                raise NotResettled(f"{settlement_id}: {refused}. {REFUSALS[refused.code].technician}") from refused
    if as_json:
        click.echo(json.dumps(asdict(done), ensure_ascii=False))
        return
    _shown(done)
    click.echo(_said(done, dry_run), err=True)


def _shown(done: Resettlement) -> None:
    table = Table("who", "before", "now", "difference", box=None, pad_edge=False)
    rows = [(f"{change.layer} {change.scheme}", change.before, change.now) for change in done.payers]
    for name, before, now in (*rows, ("patient", done.patient_before, done.patient_now)):
        table.add_row(name, *(_main(amount, done.currency) for amount in (before, now, now - before)))
    printing.show(table)


def _said(done: Resettlement, dry_run: bool) -> str:
    if not done.differs:
        return f"{done.settlement_id} comes to the same; it stands as it is."
    if dry_run:
        return f"{done.settlement_id} would be replaced."
    return f"{done.settlement_id} is replaced by {done.replaced_by} ({done.confirmation}); the hospital is told."


def _main(coins: int, currency: str) -> str:
    return CURRENCIES[currency].display(coins)
