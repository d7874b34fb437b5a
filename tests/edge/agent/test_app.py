"""The agent's face on loopback, with and without its edge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from edge import control
from edge.agent.app import Agent
from edge.agent.settings import Settings
from edge.card_control import READ_CARD, READERS
from edge.config import ConfigError, ReaderConfig
from edge.workstations import FILE, Workstations
from tests.edge.agent.office import INSTITUTION, NUMBER, SEEN_S_MAX, Office, clock, put

CONTEXT = {"institution": INSTITUTION, "operator": "op-1", "workstation": "desk-1"}


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with Office(tmp_path) as made:
        yield made


class Program:
    """A program of the PC that calls the agent with the key of its workstation."""

    def __init__(self, agent: Agent, key: str) -> None:
        self._agent = agent
        self._bearer = {"Authorization": f"Bearer {key}"}

    async def read(self, **headers: str) -> tuple[int, dict[str, Any]]:
        body = {"context": CONTEXT, "deadline_ms": 3000}
        url = f"{self._agent.url}/cards/v1/read"
        async with (
            aiohttp.ClientSession() as client,
            client.post(url, json=body, headers=self._bearer | headers) as answer,
        ):
            return answer.status, await answer.json()

    async def readers(self) -> list[dict[str, Any]]:
        url = f"{self._agent.url}/cards/v1/readers"
        async with aiohttp.ClientSession() as client, client.get(url, params=CONTEXT, headers=self._bearer) as answer:
            return (await answer.json())["readers"]


def program(pc: Path, agent: Agent) -> Program:
    return Program(agent, Workstations(pc / FILE).add("desk-1", clock()))


async def test_a_read_at_the_pc_is_known_to_the_edge_when_the_program_hears_of_it(office: Office) -> None:
    pc = office.pair("pc-1")
    (pc / "card").mkdir()
    put(pc / "card")
    agent = await office.run(pc)
    assert [await office.next(), await office.next()] == ["reader_back", "inserted"]
    status, body = await program(pc, agent).read()
    assert (status, body["answer"]["number"]) == (200, NUMBER)
    ((read_id, reader, who),) = office.made
    assert (read_id, reader.name, who.number) == (body["answer"]["read_id"], "pc-1/card", NUMBER)


async def test_without_its_edge_the_pc_still_reads(tmp_path: Path) -> None:
    (tmp_path / "card").mkdir()
    put(tmp_path / "card")
    rows = [ReaderConfig(name="card", driver="simulated", address="card")]
    agent = Agent(tmp_path, Settings(listen="127.0.0.1:0", readers=rows))
    await agent.start()
    try:
        caller = program(tmp_path, agent)
        assert (await caller.read())[1]["answer"]["number"] == NUMBER
        assert [row["name"] for row in await caller.readers()] == ["card"]
    finally:
        await agent.stop()


async def test_strangers_pages_and_strangers_get_nothing(office: Office) -> None:
    pc = office.pair("pc-1")
    (pc / "card").mkdir()
    put(pc / "card")
    agent = await office.run(pc)
    caller = program(pc, agent)
    assert (await Program(agent, "wrong").read())[0] == 401
    assert (await caller.read(Origin="https://elsewhere.example"))[0] == 403
    assert (await caller.read(Host="elsewhere.example"))[0] == 403
    assert (await caller.read(Origin="http://localhost:8000"))[0] == 200


async def test_what_cannot_be_started_leaves_nothing_running(tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    rows = [ReaderConfig(name="card", driver="magic", address="")]
    with pytest.raises(ConfigError, match="magic"):
        await Agent(tmp_path, Settings(listen="127.0.0.1:0", readers=rows)).start()
    good = Agent(tmp_path, Settings(listen="127.0.0.1:0"))
    await good.start()
    port = good.url.rpartition(":")[2]
    with pytest.raises(Exception, match="cannot listen"):
        await Agent(tmp_path, Settings(listen=f"127.0.0.1:{port}")).start()
    async with asyncio.timeout(SEEN_S_MAX):
        await good.stop()
        while asyncio.all_tasks() - before:  # noqa: ASYNC110 - they end by themselves
            await asyncio.sleep(0.01)


async def test_a_technician_at_the_pc_asks_the_agent_for_its_readers_and_a_card(office: Office) -> None:
    pc = office.pair("pc-1")
    (pc / "card").mkdir()
    put(pc / "card")
    await office.run(pc)
    [row] = (await asyncio.to_thread(control.ask, pc, READERS, {}))["readers"]
    assert (row["name"], row["connected"]) == ("card", True)
    told = await asyncio.to_thread(control.ask, pc, READ_CARD, {"reader": "", "wait_s": 5})
    assert told["identity"]["number"] == NUMBER
    assert office.made == [], "what a technician reads is nobody's"
