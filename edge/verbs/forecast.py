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
from rich.text import Text

from central_sync.terms.languages import Language, isolated, money, number
from central_sync.terms.money import CURRENCIES
from central_sync.wire import codec
from central_sync.wire import packets as p
from central_sync.wire.bundles import WHY
from central_sync.wire.refusals import REFUSALS, Refused
from edge import identity
from edge.errors import NotPossible
from edge.forecast import Forecaster
from edge.identity import NotEnrolled
from edge.replies import whole

FILE_BYTES_MAX = 8 * 1024 * 1024
TAKING = ("reject", "deduct")
VERSION_CHARACTERS = 12
HEADS = ("line", "rule", "severity", "what", "do", "takes")
WORDS = {
    Language.EN: {
        "line": "line",
        "rule": "rule",
        "severity": "severity",
        "what": "what",
        "do": "do",
        "takes": "takes",
        "case": "case",
        "reject": "reject",
        "deduct": "deduct",
        "warn": "warn",
        "pend": "pend",
        "sum": "{findings} findings; {deduction} of {total} would be taken off."
        " {open} rules could not be judged. Rules {rules}.",
    },
    Language.FA: {
        "line": "ردیف",
        "rule": "قاعده",
        "severity": "شدت",
        "what": "ایراد",
        "do": "چه باید کرد",
        "takes": "کسور",
        "case": "پرونده",
        "reject": "رد",
        "deduct": "کسر",
        "warn": "هشدار",
        "pend": "بررسی",
        "sum": "تعداد ایرادها: {findings}؛ از {total} مبلغ {deduction} کسر می‌شود."
        " تعداد قاعده‌هایی که داوری نشد: {open}. نسخهٔ قاعده‌ها: {rules}.",
    },
    Language.ZH: {
        "line": "行",
        "rule": "规则",
        "severity": "程度",
        "what": "问题",
        "do": "如何处理",
        "takes": "扣减",
        "case": "整单",
        "reject": "拒付",
        "deduct": "扣减",
        "warn": "提示",
        "pend": "待审",
        "sum": "发现{findings}个问题；{total}中将扣减{deduction}。有{open}条规则无法判断。规则版本{rules}。",
    },
}
"""What the verb itself says, by language."""


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="The answer of 3101 as one JSON object.")
@click.option(
    "--language",
    type=click.Choice([one.value for one in Language]),
    help="Of the answer; else the one that the draft names.",
)
@click.pass_obj
def forecast(folder: Path, file: BinaryIO, as_json: bool, language: str | None) -> None:
    """Say what a reviewer would take off the draft bill in FILE (a packet of 3101 in JSON; - reads standard input).

    Exit status 1: something would be taken off.
    """
    draft = _draft(file.read(FILE_BYTES_MAX + 1))
    if language:
        draft = msgspec.structs.replace(draft, language=Language(language))
    try:
        answer = _forecaster(folder).judge(draft, datetime.now(UTC))
    except Refused as refusal:
        raise NotPossible(f"{refusal.code}: {REFUSALS[refusal.code].technician} {refusal.detail}".strip()) from refusal
    if as_json:
        click.echo(json.dumps(whole(answer), ensure_ascii=False))
    else:
        _show(answer, draft.language or Language.EN)
    sys.exit(1 if any(finding.severity in TAKING for finding in answer.findings) else 0)


def _draft(text: bytes) -> p.Forecast:
    if len(text) > FILE_BYTES_MAX:
        raise NotPossible(f"the file is larger than {FILE_BYTES_MAX} bytes: send the bill in parts")
    try:
        return msgspec.json.decode(text, type=p.Forecast)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotPossible(f"the file is no packet of 3101: {codec.location(error)}".rstrip(": ")) from None


def _show(answer: p.ForecastAnswer, into: Language) -> None:
    currency, words = CURRENCIES[answer.currency], WORDS[into]
    table = Table(box=None)
    for head in HEADS:
        table.add_column(words[head], justify="right" if head == "takes" else "left", overflow="fold")
    for finding in answer.findings:
        takes = money(finding.takes, currency, into) if finding.takes else ""
        where = isolated(finding.serial, into) if finding.serial else words["case"]
        rule = isolated(finding.rule, into)
        table.add_row(where, rule, words[finding.severity], Text(finding.text), Text(finding.desk), takes)
    console = Console()
    if answer.findings:
        console.print(table)
    click.echo(
        words["sum"].format(
            findings=number(len(answer.findings), into),
            deduction=money(answer.deduction, currency, into),
            total=money(answer.total, currency, into),
            open=number(len(answer.open), into),
            rules=isolated(answer.rules[:VERSION_CHARACTERS], into),
        )
    )


def _forecaster(folder: Path) -> Forecaster:
    """With the rulebook that is in use here, else with the shipped rules. Before enrolment a day begins where it does in UTC."""
    from edge.shelf import Shelf  # with the engine, which no other verb needs

    try:
        who = identity.load(folder)
    except NotEnrolled:
        return Forecaster("UTC")
    forecaster = Forecaster(who.zone)
    found, fault = Shelf(folder, who.evidence, who.institution).best()
    if fault is not None:
        click.echo(f"A rulebook that is kept here cannot be used: {WHY[fault]}.", err=True)
    if found is not None:
        forecaster.take_up(found.whole.audit)
    return forecaster
