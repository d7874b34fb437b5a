"""``pishkhan-edge readers`` and ``read-card``: what is wrong with a reader and what to do, and who is on a card.

Beside a running edge or agent they ask it, for it may hold the reader alone; else they drive the readers of edge.toml or agent.toml themselves. What a technician
reads is nobody's: it is remembered nowhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import click
import msgspec
from rich.console import Console
from rich.table import Table

from central_sync.terms.days import civil_day
from central_sync.wire.refusals import REFUSALS, Refused
from edge import config, control, drivers, identity, log
from edge.agent import pairing
from edge.agent import settings as agent_settings
from edge.card_control import READ_CARD, READERS
from edge.config import ReaderConfig
from edge.errors import NotPossible
from edge.identity import NotEnrolled
from edge.readers.bindings import Binding, ReaderRow, by_row, row_of
from edge.readers.cards.identity import CardIdentity
from edge.readers.front import Front
from edge.readers.troubles import TROUBLES

READ_CARD_S_DEFAULT = 10.0
SETTLE_S_MAX = 3.0
"""How long our own readers may take to be found before they are told of."""
LOOK_S = 0.1
WATCH_READ_S = 5.0
"""How long one read of a watch waits before it begins anew."""
WATCH_TROUBLE_S = 1.0
BY_READER = ("reader_lost", "reader_busy", "reader_failed")
"""Refusals that come at once and again until somebody mends the reader: a watch tells them once."""
EXAMPLE = 'add to edge.toml: [[readers]] name = "desk-1", driver = "pcsc", address = "*"'


class Source(Protocol):
    """Where readers are driven: in the running edge, or here."""

    async def rows(self) -> list[ReaderRow]:
        """All readers and how they are."""
        ...

    async def read(self, name: str, wait_s: float) -> tuple[str, CardIdentity]:
        """The card on that reader, and which reader it was.

        Raises:
            Refused: why not.
        """
        ...


class Beside:
    """The readers of the edge that runs on this folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def rows(self) -> list[ReaderRow]:
        """As the edge tells."""
        return msgspec.convert((await self._ask(READERS, {}))["readers"], list[ReaderRow])

    async def read(self, name: str, wait_s: float) -> tuple[str, CardIdentity]:
        """As the edge reads."""
        told = await self._ask(READ_CARD, {"reader": name, "wait_s": wait_s})
        if "code" in told:
            raise Refused(told["code"], told["detail"])
        return told["reader"], msgspec.convert(told["identity"], CardIdentity)

    async def _ask(self, verb: str, told: Mapping[str, Any]) -> dict[str, Any]:
        return await asyncio.to_thread(control.ask, self._folder, verb, told, lambda *_: None)


class Alone:
    """The readers of edge.toml, driven here."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def rows(self) -> list[ReaderRow]:
        """As they are now."""
        return self._front.desks.rows()

    async def read(self, name: str, wait_s: float) -> tuple[str, CardIdentity]:
        """Read here."""
        return await self._front.desks.look(name, wait_s)


@click.command("readers")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def readers(folder: Path, as_json: bool) -> None:
    """How the card readers are, what is wrong with them, and what to do."""
    log.configure("error")
    rows, running = asyncio.run(_rows(folder))
    set_up = running or bool(_set_up(folder))
    well = set_up and bool(rows) and not any(row.trouble for row in rows)
    if as_json:
        listed = [{**msgspec.to_builtins(row), **_advice(row)} for row in rows]
        click.echo(json.dumps({"running": running, "readers": listed}, ensure_ascii=False))
    else:
        _show(rows)
        if not (set_up and rows):
            click.echo(f"{'They are not set up yet' if rows else 'No reader is set up'}: {EXAMPLE}")
    sys.exit(0 if well else 1)


@click.command("read-card")
@click.option("--reader", "name", default="", help="Which reader; may be left out when there is one.")
@click.option("--wait-s", type=click.FloatRange(0.1, 120), default=READ_CARD_S_DEFAULT, show_default=True)
@click.option("--watch", is_flag=True, help="Go on with the next card, on all readers, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a card.")
@click.pass_obj
def read_card(folder: Path, name: str, wait_s: float, watch: bool, as_json: bool) -> None:
    """Read a card, without the hub, and show who is on it."""
    log.configure("error")
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(asyncio.run(_watched(folder, name, as_json) if watch else _read(folder, name, wait_s, as_json)))


@contextlib.asynccontextmanager
async def source(folder: Path) -> AsyncIterator[tuple[Source, bool]]:
    """Where the readers of this folder are driven, and whether that is a running edge."""
    beside = Beside(folder)
    try:
        await beside.rows()
    except (control.NobodyThere, FileNotFoundError):
        pass  # no edge runs here: they are free for us
    else:
        yield beside, True
        return
    front = _front(folder)
    await front.start()
    try:
        await _settled(front)
        yield Alone(front), False
    finally:
        await front.quieten()
        await front.stop()


async def _rows(folder: Path) -> tuple[list[ReaderRow], bool]:
    async with source(folder) as (found, running):
        return await found.rows(), running


async def _read(folder: Path, name: str, wait_s: float, as_json: bool) -> int:
    async with source(folder) as (found, _):
        rows = _meant(await found.rows(), name)
        if not name and len(rows) > 1:
            raise NotPossible(f"name one reader with --reader: {', '.join(row.name for row in rows)}")
        return 1 if await _one(found, rows[0].name if len(rows) == 1 else name, wait_s, as_json) else 0


async def _watched(folder: Path, name: str, as_json: bool) -> int:
    async with source(folder) as (found, _):
        names = [row.name for row in _meant(await found.rows(), name)]
        click.echo(f"Watching {', '.join(names)}. Put a card down; Ctrl-C ends it.", err=True)
        await asyncio.gather(*(_watch_one(found, one, as_json) for one in names))
    return 0


async def _watch_one(found: Source, name: str, as_json: bool) -> None:
    untold = ""
    while True:
        refused = await _one(found, name, WATCH_READ_S, as_json, unsaid=("card_absent", untold))
        if refused in BY_READER:
            untold = refused
            await asyncio.sleep(WATCH_TROUBLE_S)
            continue
        untold = ""
        if refused not in ("", "card_absent") or await _present(found, name):
            while await _present(found, name):  # noqa: ASYNC110 - the running edge is asked, it rings no bell here
                await asyncio.sleep(LOOK_S)
            await asyncio.sleep(LOOK_S)


async def _one(found: Source, name: str, wait_s: float, as_json: bool, *, unsaid: Sequence[str] = ()) -> str:
    """Read one card and show it; the code of why not. ``unsaid``: the codes that are no news."""
    try:
        reader, on_card = await found.read(name, wait_s)
    except Refused as refusal:
        if refusal.code not in unsaid:
            rows = [row for row in await found.rows() if name in ("", row.name, row_of(row.name))]
            _tell_refusal(refusal, name, rows, as_json)
        return refusal.code
    if as_json:
        plain = {"reader": reader, **msgspec.to_builtins(on_card)}
        click.echo(json.dumps(plain, ensure_ascii=False))
    else:
        _show_card(reader, on_card)
    return ""


async def _present(found: Source, name: str) -> bool:
    return any(row.card_present for row in await found.rows() if row.name == name)


def _tell_refusal(refusal: Refused, name: str, rows: Sequence[ReaderRow], as_json: bool) -> None:
    sentences = REFUSALS[refusal.code]
    if as_json:
        told = {"reader": name, "code": refusal.code, "desk": sentences.desk, "detail": refusal.detail}
        troubled = [{"name": row.name, **_advice(row)} for row in rows if row.trouble]
        click.echo(json.dumps({**told, "readers": troubled}, ensure_ascii=False))
        return
    click.echo(f"{refusal.code}: {sentences.desk}" + (f" ({refusal.detail})" if refusal.detail else ""), err=True)
    for row in rows:
        if row.trouble:
            click.echo(f"{row.name}: {' '.join(TROUBLES[row.trouble])}", err=True)


def _meant(rows: Sequence[ReaderRow], name: str) -> list[ReaderRow]:
    """The readers of that name, or all.

    Raises:
        NotPossible: there is none.
    """
    meant = [row for row in rows if name in ("", row.name, row_of(row.name))]
    if not rows:
        raise NotPossible(f"there is no reader: {EXAMPLE}")
    if not meant:
        raise NotPossible(f"there is no reader {name}; there are {', '.join(row.name for row in rows)}")
    return meant


def _advice(row: ReaderRow) -> dict[str, str]:
    trouble = TROUBLES.get(row.trouble)
    return {"what": trouble.what, "do": trouble.do} if trouble else {"what": _standing(row), "do": ""}


def _standing(row: ReaderRow) -> str:
    if not row.connected:
        return "Not connected."
    return "A card lies on it." if row.card_present else "Ready; no card lies on it."


def _show(rows: Sequence[ReaderRow]) -> None:
    table = Table("reader", "driver", "desk", "state", box=None, pad_edge=False)
    for row in rows:
        advice = _advice(row)
        table.add_row(row.name, row.driver, row.desk or "any", " ".join(filter(None, advice.values())))
    if rows:
        Console().print(table)


def _show_card(reader: str, on_card: CardIdentity) -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_row("reader", reader)
    plain = msgspec.to_builtins(on_card)
    insurance = plain.pop("insurance", {})
    for field, value in [*plain.items(), *((f"insurance {key}", told) for key, told in insurance.items())]:
        if value and field != "photo":
            table.add_row(field.replace("_", " "), str(value))
    Console(markup=False, highlight=False).print(table)


def _front(folder: Path) -> Front:
    rows = _set_up(folder) or _found_by_itself()
    zone = _zone(folder)
    return Front(
        lambda told: [drivers.reader(row, folder, told) for row in rows],
        lambda: datetime.now(UTC),
        lambda: civil_day(datetime.now(UTC), zone),
        by_row({row.name: Binding(desk=row.desk) for row in rows}),
    )


def _set_up(folder: Path) -> list[ReaderConfig]:
    agent = not (folder / config.FILE).exists() and (folder / agent_settings.FILE).exists()
    return (agent_settings.load(folder) if agent else config.load(folder)).readers


def _found_by_itself() -> list[ReaderConfig]:
    """Where nothing is set up: whatever the system's card service knows, so that a technician sees what could be."""
    return [ReaderConfig(name="pcsc", driver="pcsc", address="*")] if "pcsc" in drivers.DRIVERS else []


async def _settled(front: Front) -> None:
    """Wait until every reader is there or has said why not."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + SETTLE_S_MAX
    while loop.time() < ends and not all(row.connected for row in front.desks.rows()):
        before = front.desks.rows()
        await asyncio.sleep(LOOK_S * 5)
        if front.desks.rows() == before and all(row.connected or row.trouble for row in before):
            return


def _zone(folder: Path) -> str:
    """The institution's zone; a technician may read a card before the edge is enrolled, and then a day begins where it does in UTC."""
    paired = pairing.load(folder)
    if paired is not None:
        return paired.zone
    try:
        return identity.load(folder).zone
    except NotEnrolled:
        return "UTC"
