"""A box whose disk is set back to an old copy: the hub finds it out, and nothing is used twice."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from central_sync.terms.hid import serial_of
from edge.app import Edge
from edge.config import Config
from tests.edge.journal.drafts import draft
from tests.edge.test_renewal import HOSPITAL, World
from tests.edge.world import until


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    await world.start()
    yield world
    await world.stop()


async def _run(world: World, msgids: list[str]) -> list[str]:
    """Run the edge until the hub has heard of this run, then open a case for each of ``msgids``; their HIDs."""
    edge = Edge(world.home, Config(listen="127.0.0.1:0"), world.who)
    await edge.start()
    try:
        journal = edge._journal

        async def leased() -> bool:
            return await journal.hids_left() > 0

        await until(leased, 20)

        async def told() -> bool:
            with world.store.read() as uow:
                kept = uow.lives.present(HOSPITAL)
            return kept is not None and (kept.life, kept.run) == (journal.life, edge._line.run)

        await until(told, 20)
        await until(leased, 20)
        opened = [await journal.append(draft(msgid, number="2201", opens_case=True)) for msgid in msgids]
        return [one.standing.hid for one in opened]
    finally:
        await edge.stop()


async def test_a_journal_set_back_to_an_old_copy_goes_on_under_a_new_name_and_uses_no_number_twice(
    world: World, tmp_path: Path
) -> None:
    first = await _run(world, ["m1", "m2"])
    shutil.copytree(world.home, tmp_path / "copy", symlinks=True)
    lost = await _run(world, ["m3", "m4"])
    await _run(world, [])
    shutil.rmtree(world.home)
    shutil.move(tmp_path / "copy", world.home)
    after = await _run(world, ["m5", "m6"])
    serials = [serial_of(hid) for hid in (*first, *lost, *after)]
    assert None not in serials
    assert len(set(serials)) == 6, "what was given out after the copy was made is not given out again"
    assert world.audited().count("life_begun") == 2


async def test_a_box_that_is_only_stopped_and_started_keeps_its_life(world: World) -> None:
    for number in range(3):
        await _run(world, [f"m{number}"])
    assert world.audited().count("life_begun") == 1
