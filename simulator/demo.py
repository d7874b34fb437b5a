"""``make demo``: a hospital day before your eyes. One hub, two edges, some two hundred patients, a line that dies, an edge that is killed.

With a terminal it shows a live picture, else plain lines. At the end a table says what became of every transaction. Then the
programs stay up, and what to try by hand is printed, until Ctrl-C; ``--once`` ends instead, with exit status 0 only if
every invariant holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from central_sync.benefits.parameters import Rulebook
from central_sync.rulebook import load
from central_sync.terms.money import CURRENCIES
from simulator.by_hand import SignedIn, commands
from simulator.day import Day, Outcome, Progress, today
from simulator.face import Face
from simulator.programs import PC, Country, ProgramFailed
from simulator.terms import terms_of
from simulator.world import Kill, LineFault, Outage, World, generate

HOSPITALS = 2
PATIENTS = 200
SEED = 20
DESKS = 8
OUTAGES = (
    Outage(at=0.20, hospital="H001", fault=LineFault.CUT, seconds=4.0, after_bytes=0),
    Outage(at=0.45, hospital="H002", fault=LineFault.FREEZE, seconds=4.0, after_bytes=0),
)
KILLS = (Kill(at=0.70, target="H001", seconds=1.5),)
REDRAW_S = 0.2
LINE_S = 3.0
EVENTS_SHOWN = 8
LABELS = {"in_doubt": "left in doubt", "contradicted": "contradicted or surprising", "leaked": "persons named in logs"}


def world_of(rulebook: Rulebook) -> World:
    """The demo's day: seeded people and journeys, and faults at chosen places."""
    world = generate(SEED, HOSPITALS, PATIENTS, 0, 0, terms_of(rulebook, datetime.now(UTC).date()))
    return replace(world, outages=OUTAGES, kills=KILLS)


class Screen:
    """What the watcher sees: a live picture on a terminal, lines elsewhere."""

    def __init__(self, console: Console, progress: Progress) -> None:
        self._console = console
        self._progress = progress
        self._started = time.monotonic()
        self._events: list[str] = []
        self.day: Day | None = None
        self._show: Callable[[str], None] = self._line
        progress.told = self.say

    def say(self, sentence: str) -> None:
        """Tell the watcher of an event."""
        self._show(sentence)

    def _line(self, sentence: str) -> None:
        self._console.print(Text(f"{time.monotonic() - self._started:6.1f} s  {sentence}"), soft_wrap=True)

    def _keep(self, sentence: str) -> None:
        self._events.append(f"{time.monotonic() - self._started:6.1f} s  {sentence}")

    async def watch(self) -> None:
        """Show progress until cancelled."""
        if not self._console.is_terminal:
            while True:
                await asyncio.sleep(LINE_S)
                if self.day is not None and self._progress.phase == "work":
                    self._line(f"{self._progress.done} of {self._progress.steps} steps")
        self._show = self._keep
        with Live(self._picture(), console=self._console, refresh_per_second=1 / REDRAW_S) as live:
            try:
                while True:
                    await asyncio.sleep(REDRAW_S)
                    live.update(self._picture())
            finally:
                self._show = self._line
                live.update(self._picture())

    def _picture(self) -> RenderableType:
        table = Table("hospital", "line", "edge", "final", "provisional", "refused", "in doubt", "settled", expand=True)
        for code, books in (self.day.books if self.day else {}).items():
            assert self.day is not None
            edge = self.day.country.edges[code]
            now = Counter(entry.outcome for entry in books.entries.values())
            table.add_row(
                code,
                Text("up", "green") if edge.line.fault is None else Text(str(edge.line.fault), "bold red"),
                Text("up", "green") if edge.program.running else Text("killed", "bold red"),
                *(str(now[outcome]) for outcome in ("final", "provisional", "refused", "in_doubt")),
                str(len(books.confirmed())),
            )
        bar = ProgressBar(total=max(self._progress.steps, 1), completed=self._progress.done)
        events = Text("\n".join(self._events[-EVENTS_SHOWN:]), "dim")
        return Group(Text(f"Pishkhan, a hospital day: {self._progress.phase}", "bold"), bar, table, events)


def closing_table(outcome: Outcome) -> Table:
    """What became of everything."""
    counts, found = outcome.counts, outcome.findings.counts()
    table = Table("at the end of the day", "", title="A hospital day", title_justify="left")
    for name, value in (
        ("transactions", counts["transactions"]),
        ("final", counts["final"]),
        ("provisional at first, final later", counts["first_answer_provisional"]),
        ("refused, as they should be", counts["refused"]),
        ("in doubt, then resolved", counts["doubts_resolved"]),
        ("settlements confirmed", counts["settlements_confirmed"]),
        ("cards read on the clerks' readers", counts["cards_read"]),
        ("typed, as the edge was away", counts["cards_typed"]),
    ):
        table.add_row(name, f"{value:,}")
    for name, number in found.items():
        table.add_row(
            LABELS.get(name, name.replace("_", " ")), Text(str(number), "green" if number == 0 else "bold red")
        )
    for currency, sums in outcome.money.items():
        shown = [CURRENCIES[currency].display(sums[side]) for side in ("hospitals", "hub")]
        equal = sums["hospitals"] == sums["hub"]
        table.add_row("money, hospital = hub" if equal else "money differs", " = ".join(shown))
    return table


async def _sign_in(country: Country, code: str) -> SignedIn:
    """A fresh cycle at the first desk of ``code``."""
    edge = country.edges[code]
    key = edge.workstations["desk-1"]
    async with aiohttp.ClientSession() as session:
        face = Face(session, lambda: edge.face, code, "desk-1", key)
        await face.sign_in()
        return SignedIn(edge.face, key, face.token, country.hub.pid)


async def _run(console: Console, once: bool, folder: Path) -> bool:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    task = asyncio.current_task()
    assert task is not None
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    rulebook = load.load()
    world = world_of(rulebook)
    progress = Progress(world.steps)
    screen = Screen(console, progress)
    country = Country(world, folder, "", DESKS)
    screen.say(f"a hub and {HOSPITALS} edges start as processes of their own, and enrol over mutual TLS")
    watching = asyncio.create_task(screen.watch())
    try:
        await country.start()
        screen.say(
            f"{world.hospitals[0].code} {PC}: its reader is on the clerk's own PC, whose agent was paired with the edge by a code"
        )
        screen.say(f"{PATIENTS} patients come to {HOSPITALS} hospitals; each desk has a card reader (a simulated one)")
        screen.day = Day(world, country, rulebook, progress)
        outcome = await screen.day.run()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        console.print(closing_table(outcome))
        for name, sentences in outcome.findings.sentences(EVENTS_SHOWN).items():
            console.print(Text(f"{name}: " + "; ".join(sentences), "red"), soft_wrap=True)
        if not once:
            place = world.hospitals[0]
            day = today(rulebook.regions[place.region].zone)
            reader = country.edges[place.code].cards / "desk-1"
            text = commands(world, place, await _sign_in(country, place.code), rulebook, day, reader)
            console.print(text, soft_wrap=True, highlight=False, markup=False)
            loop.add_signal_handler(signal.SIGINT, stop.set)
            await stop.wait()
        return outcome.findings.hold
    finally:
        watching.cancel()
        await country.stop()


@click.command()
@click.option("--once", is_flag=True, help="End when the day is over; exit status 0 only if every invariant holds.")
def main(once: bool) -> None:
    """Show a hospital day."""
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="pishkhan-demo-"))
    holds = False
    try:
        with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
            holds = asyncio.run(_run(console, once, folder))
    except ProgramFailed as error:
        raise click.ClickException(str(error)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
