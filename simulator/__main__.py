"""``python -m simulator``: a country in a box, run through one day; ends with one JSON object that says whether all holds.

Exit status 0 only if every invariant holds. Progress goes to standard error when that is a terminal. The database, if one is
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
    database: str,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Run one simulated day with real programs, and check it."""
    rulebook = load.load()
    terms = terms_of(rulebook, datetime.now(UTC).date())
    world = generate(seed, hospitals, patients, outages, kills, terms)
    folder = keep or Path(tempfile.mkdtemp(prefix="pishkhan-simulator-"))
    started = time.monotonic()
    try:
        outcome = asyncio.run(_run(world, folder, database, desks))
    except ProgramFailed as error:
        raise click.ClickException(str(error)) from error
    except (
        KeyboardInterrupt,
        asyncio.CancelledError,
    ):  # Ctrl-C, SIGTERM: every program has been stopped on the way here
        sys.exit(130)
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    report = _report(world, outcome, time.monotonic() - started)
    click.echo(msgspec.json.encode(report) if as_json else msgspec.json.format(msgspec.json.encode(report), indent=2))
    sys.exit(0 if outcome.findings.hold else 1)


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
