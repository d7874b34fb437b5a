"""The verb ``forecast``: what a reviewer would find in a draft bill that stands in a file; needs no running edge, no line and no enrolment."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import click
import msgspec
from rich.console import Console
from rich.table import Table

from central_sync.terms.money import CURRENCIES
from central_sync.wire import codec
from central_sync.wire import packets as p
from central_sync.wire.refusals import REFUSALS, Refused
from edge import identity
from edge.errors import NotPossible
from edge.forecast import Forecaster
from edge.identity import NotEnrolled
from edge.replies import whole

FILE_BYTES_MAX = 8 * 1024 * 1024
TAKING = ("reject", "deduct")


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="The answer of 3101 as one JSON object.")
@click.pass_obj
def forecast(folder: Path, file: BinaryIO, as_json: bool) -> None:
    """Say what a reviewer would take off the draft bill in FILE (a packet of 3101 in JSON; - reads standard input).

    Exit status 1: something would be taken off.
    """
    draft = _draft(file.read(FILE_BYTES_MAX + 1))
    try:
        answer = Forecaster(_zone(folder)).judge(draft, datetime.now(UTC))
    except Refused as refusal:
        raise NotPossible(f"{refusal.code}: {REFUSALS[refusal.code].technician} {refusal.detail}".strip()) from refusal
    if as_json:
        click.echo(json.dumps(whole(answer), ensure_ascii=False))
    else:
        _show(answer)
    sys.exit(1 if any(finding.severity in TAKING for finding in answer.findings) else 0)


def _draft(text: bytes) -> p.Forecast:
    if len(text) > FILE_BYTES_MAX:
        raise NotPossible(f"the file is larger than {FILE_BYTES_MAX} bytes: send the bill in parts")
    try:
        return msgspec.json.decode(text, type=p.Forecast)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotPossible(f"the file is no packet of 3101: {codec.location(error)}".rstrip(": ")) from None


def _show(answer: p.ForecastAnswer) -> None:
    currency = CURRENCIES[answer.currency]
    table = Table(box=None)
    for head in ("line", "rule", "severity", "what", "do", "takes"):
        table.add_column(head, justify="right" if head == "takes" else "left")
    for finding in answer.findings:
        takes = currency.display(finding.takes) if finding.takes else ""
        table.add_row(finding.serial or "case", finding.rule, finding.severity, finding.text, finding.desk, takes)
    console = Console()
    if answer.findings:
        console.print(table)
    click.echo(
        f"{len(answer.findings)} findings; {currency.display(answer.deduction)} of {currency.display(answer.total)}"
        f" would be taken off. {len(answer.open)} rules could not be judged. Rules {answer.rules[:12]}."
    )


def _zone(folder: Path) -> str:
    """The institution's zone; before enrolment a day begins where it does in UTC."""
    try:
        return identity.load(folder).zone
    except NotEnrolled:
        return "UTC"
