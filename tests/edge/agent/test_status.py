"""What a technician in front of the PC is told."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.__main__ import main
from edge.agent.status import asked
from edge.running import AGENT, NotRunning
from tests.edge.agent.office import INSTITUTION, SEEN_S_MAX, Office


async def typed(pc: Path, *options: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, main, ["--data", str(pc), "agent", "status", *options])


async def test_a_pc_that_the_edge_hears_is_well_and_one_without_its_reader_is_not(tmp_path: Path) -> None:
    async with Office(tmp_path) as office:
        pc = office.pair("pc-1")
        (pc / "card").mkdir()
        agent = await office.run(pc)
        assert await office.next() == "reader_back"
        async with asyncio.timeout(SEEN_S_MAX):
            while agent.line.trouble:  # noqa: ASYNC110 - a state, and no event
                await asyncio.sleep(0.02)
        well = await typed(pc)
        assert (well.exit_code, well.stdout.splitlines()) == (
            0, [f"pc-1 of {INSTITUTION}: the line to the edge is up", "card\tno card"],
        )  # fmt: skip
        (pc / "card").rmdir()
        assert await office.next() == "reader_lost"
        unwell = await typed(pc)
        assert (unwell.exit_code, "Plug it in" in unwell.stdout) == (1, True)
        told = json.loads((await typed(pc, "--json")).stdout)
        assert (told["line"], told["readers"][0]["trouble"]) == ("up", "reader_absent")
    assert not (pc / AGENT.file).exists()


async def test_a_pc_that_is_not_paired_says_what_to_do(tmp_path: Path) -> None:
    async with Office(tmp_path) as office:
        pc = tmp_path / "pc-9"
        pc.mkdir()
        await office.run(pc)
        done = await typed(pc)
        assert (done.exit_code, done.stdout.startswith("not paired: the line to the edge is down")) == (1, True)


async def test_where_no_agent_runs_that_is_said(tmp_path: Path) -> None:
    done = await typed(tmp_path)
    assert (done.exit_code, "agent run" in done.stderr) == (2, True)
    (tmp_path / AGENT.file).write_text('{"face": "http://127.0.0.1:1"}')
    with pytest.raises(NotRunning, match="does not answer"):
        asked(tmp_path)
    (tmp_path / AGENT.file).write_text("{")
    with pytest.raises(NotRunning, match="cannot be read"):
        asked(tmp_path)
