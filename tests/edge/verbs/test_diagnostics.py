"""``pishkhan-edge diagnostics`` where no edge runs; beside one that runs it is proven with the pages."""

from __future__ import annotations

import asyncio
import zipfile
from pathlib import Path

from click.testing import CliRunner

from edge.__main__ import main
from edge.journal import Journal
from tests.edge.journal.papers import Papers, enrolled

PAPERS = Papers("H1")


def typed(folder: Path, to: Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["--data", str(folder), "diagnostics", "--to", str(to)])
    return done.exit_code, done.stdout.strip(), done.stderr


def test_it_is_made_from_what_lies_there(tmp_path: Path) -> None:
    folder = enrolled(tmp_path / "edge", PAPERS)
    status, _, err = typed(folder, tmp_path)
    assert (status, "made by the first run" in err) == (2, True)

    async def run() -> None:
        journal = Journal(folder / "journal.db")
        await journal.open()
        await journal.close()

    asyncio.run(run())
    status, path, _ = typed(folder, tmp_path)
    assert status == 0
    with zipfile.ZipFile(path) as archive:
        assert "health.json" not in archive.namelist()
        assert "journal.json" in archive.namelist()
