"""``python -m simulator``: a country in a box, run through one day; ends with one JSON object that says whether all holds.

``--minutes`` runs one after another, each with the next seed: a soak. Exit status 0 only if every invariant holds. Progress goes to standard error when that is a terminal. The database, if one is
named, must be empty.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from rich.console import Console

from central_sync.rulebook import load
from simulator import soak
from simulator.day import DESKS, Day, Outcome, Progress
from simulator.programs import Country, ProgramFailed
from simulator.terms import terms_of
from simulator.world import World, digest, generate

FINDINGS_EACH_MAX = 12
REDRAW_S = 0.25


@click.command()
@click.option("--hospitals", type=click.IntRange(1, 64), default=3, show_default=True)
@click.option("--patients", type=click.IntRange(0, 100_000), default=300, show_default=True)
@click.option("--outages", type=click.IntRange(0, 1000), default=6, show_default=True)
@click.option("--kills", type=click.IntRange(0, 1000), default=6, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True)
@click.option("--desks", type=click.IntRange(1, 64), default=DESKS, show_default=True, help="Desks of each hospital.")
@click.option("--slow-disks", type=click.IntRange(0, 1000), default=0, show_default=True, help="Needs a C compiler.")
@click.option("--minutes", type=click.FloatRange(0), default=0.0, help="One country after another for so long: a soak.")
@click.option("--database", default="", help="The hub's database; default: SQLite in a temporary folder.")
@click.option("--keep", type=click.Path(path_type=Path), default=None, help="Keep data and logs in this folder.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on one line.")
def main(
    hospitals: int,
    patients: int,
    outages: int,
    kills: int,
    seed: int,
    desks: int,
    slow_disks: int,
    minutes: float,
    database: str,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Run one simulated day with real programs, or as many as fit into --minutes, and check each."""
    if minutes and database:
        raise click.UsageError("a soak makes a new database for each country")
    terms = terms_of(load.load(), datetime.now(UTC).date())

    def plan(of: int) -> World:
        return generate(of, hospitals, patients, outages, kills, terms, slow_disks)

    folder = keep or Path(tempfile.mkdtemp(prefix="pishkhan-simulator-"))
    started, holds = time.monotonic(), False
    try:
        if minutes:
            soaked = asyncio.run(soak.run(minutes, plan, seed, folder, lambda w, f: _run(w, f, "", desks), _say))
            report, holds = soaked.report(time.monotonic() - started), soaked.hold
        else:
            outcome = asyncio.run(_run(plan(seed), folder, database, desks))
            report, holds = _report(plan(seed), outcome, time.monotonic() - started), outcome.findings.hold
    except ProgramFailed as error:
        raise click.ClickException(str(error)) from error
    except (
        KeyboardInterrupt,
        asyncio.CancelledError,
    ):  # Ctrl-C, SIGTERM: every program has been stopped on the way here
        sys.exit(130)
    finally:
        if keep is None and (holds or not minutes):
            shutil.rmtree(folder, ignore_errors=True)
    click.echo(msgspec.json.encode(report) if as_json else msgspec.json.format(msgspec.json.encode(report), indent=2))
    sys.exit(0 if holds else 1)


def _say(sentence: str) -> None:
    """A line of progress, for a terminal only."""
    console = Console(stderr=True)
    if console.is_terminal:
        console.log(sentence)


async def _run(world: World, folder: Path, database: str, desks: int) -> Outcome:
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    console = Console(stderr=True)
    progress = Progress(world.steps)
    if console.is_terminal:
        progress.told = console.log
    country = Country(world, folder, database, desks)
    watching = asyncio.create_task(_watch(console, progress))
    try:
        await country.start()
        return await Day(world, country, load.load(), progress).run()
    finally:
        watching.cancel()
        await country.stop()


async def _watch(console: Console, progress: Progress) -> None:
    """One line that moves, for a terminal only."""
    if not console.is_terminal:
        return
    with console.status("") as status:
        while True:
            status.update(f"{progress.phase}: {progress.done}/{progress.steps}")
            await asyncio.sleep(REDRAW_S)


def _report(world: World, outcome: Outcome, seconds: float) -> dict[str, object]:
    return {
        "seed": world.seed,
        "world": digest(world),
        "hospitals": len(world.hospitals),
        "patients": sum(len(place.journeys) for place in world.hospitals),
        "outages": len(world.outages),
        "kills": len(world.kills),
        "hold": outcome.findings.hold,
        **outcome.findings.counts(),
        **outcome.counts,
        "money": outcome.money,
        "seconds": {**outcome.seconds, "all": round(seconds, 2)},
        "findings": outcome.findings.sentences(FINDINGS_EACH_MAX),
    }


if __name__ == "__main__":
    main()
