"""The agent's line to the edge: it comes back by itself, speaks to its own edge only, and says what keeps it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from edge.agent import line as of_agent
from edge.agent import pairing
from edge.agent.app import Agent
from edge.readers import Wanted
from edge.retry import Backoff
from tests.edge.agent.office import NUMBER, SEEN_S_MAX, Office, put, take
from tests.patience import HUNG_S


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with Office(tmp_path) as made:
        yield made


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_agent, "BACKOFF", Backoff(0.1, 0.2))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SEEN_S_MAX):
        while not holds():  # noqa: ASYNC110 - a state, and no event
            await asyncio.sleep(0.02)


async def paired(office: Office) -> tuple[Path, Agent]:
    pc = office.pair("pc-1")
    (pc / "card").mkdir()
    return pc, await office.run(pc)


async def test_a_pc_that_is_paired_while_the_agent_runs_is_connected_without_a_restart(office: Office) -> None:
    pc = office.pcs / "pc-1"
    pc.mkdir()
    agent = await office.run(pc)
    await until(lambda: "not paired" in agent.line.trouble)
    office.pair("pc-1")
    await until(lambda: agent.line.up and agent.line.trouble == "")


async def test_the_edge_that_comes_back_hears_the_pc_by_itself(office: Office) -> None:
    _, agent = await paired(office)
    await until(lambda: agent.line.up)
    for _ in range(2):
        await office.restart()
        await until(lambda: office.readers.connected() == ["pc-1"])


async def test_a_pc_that_calls_from_another_address_is_the_same_one(office: Office) -> None:
    pc, agent = await paired(office)
    assert await office.next() == "reader_back"
    await agent.stop()
    assert await office.next() == "reader_lost"
    await office.run(pc, connect_from="127.0.0.2")
    assert await office.next() == "reader_back"
    assert office.readers.connected() == ["pc-1"]


async def test_nothing_is_sent_to_an_edge_with_another_certificate(office: Office) -> None:
    pc, agent = await paired(office)
    await agent.stop()
    kept = pairing.load(pc)
    assert kept is not None
    other = msgspec.structs.replace(kept, fingerprint="00" * 32)
    (pc / pairing.FILE).write_bytes(msgspec.json.encode(other))
    agent = await office.run(pc)
    await until(lambda: "another certificate" in agent.line.trouble)
    assert office.readers.connected() == []


async def test_a_removed_pc_is_told_so_and_is_back_when_it_is_paired_again(office: Office) -> None:
    _, agent = await paired(office)
    await until(lambda: agent.line.up)
    office.agents.remove("pc-1")
    await until(lambda: "pair it again" in agent.line.trouble)
    assert not agent.line.up
    office.pair("pc-1")
    await until(lambda: office.readers.connected() == ["pc-1"])


async def test_a_damaged_pairing_is_told_and_does_not_end_the_agent(office: Office) -> None:
    pc, agent = await paired(office)
    await until(lambda: agent.line.up)
    (pc / pairing.FILE).write_text("{")
    office.agents.remove("pc-1")
    await until(lambda: "pair this computer again" in agent.line.trouble)


async def test_an_edge_that_is_not_there_is_told(office: Office) -> None:
    pc = office.pair("pc-1", url="https://127.0.0.1:1")
    agent = await office.run(pc)
    await until(lambda: "cannot be reached" in agent.line.trouble)


async def test_a_trouble_that_is_no_event_reaches_the_edge(office: Office) -> None:
    pc = office.pair("pc-1")
    await office.run(pc)
    await until(lambda: [state.trouble for state in office.readers.states()] == ["reader_absent"])
    (pc / "card").mkdir()
    assert await office.next() == "reader_back"
    assert office.state("pc-1/card").trouble == ""


async def test_a_card_that_is_changed_again_and_again_is_told_each_time_and_in_order(office: Office) -> None:
    pc, _ = await paired(office)
    assert await office.next() == "reader_back"
    for _ in range(20):
        put(pc / "card")
        assert await office.next() == "inserted"
        assert (await office.readers.read("pc-1/card", 5, Wanted())).number == NUMBER
        take(pc / "card")
        assert await office.next() == "removed"


async def test_a_read_that_the_edge_drops_ends_at_the_pc(office: Office) -> None:
    _, agent = await paired(office)
    assert await office.next() == "reader_back"
    reading = asyncio.create_task(office.readers.read("pc-1/card", 30, Wanted()))
    await until(lambda: len(agent.line._reads) == 1)
    reading.cancel()
    await until(lambda: len(agent.line._reads) == 0)


async def test_stop_ends_the_line_with_a_read_under_way(office: Office) -> None:
    _, agent = await paired(office)
    assert await office.next() == "reader_back"
    reading = asyncio.create_task(office.readers.read("pc-1/card", 30, Wanted()))
    await until(lambda: len(agent.line._reads) == 1)
    async with asyncio.timeout(HUNG_S):
        await agent.stop()
    assert await office.next() == "reader_lost"
    reading.cancel()
