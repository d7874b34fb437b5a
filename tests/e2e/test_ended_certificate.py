"""A certificate that ends during an outage stops nothing: the hospital works on, and the line comes back by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from edge.app import WORKSTATIONS_FILE, Edge
from edge.config import Config
from edge.workstations import Workstations
from tests.edge.test_renewal import HOSPITAL, World, now
from tests.edge.world import until

CONTEXT = {"institution": HOSPITAL, "operator": "op-1", "workstation": "desk-1"}
LEFT = timedelta(seconds=1)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    await world.start()
    yield world
    await world.stop()


class Desk:
    """One desk of the hospital."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url
        self._token = ""

    async def sign_in(self, key: str) -> None:
        self._token = (await self._post("init", {**CONTEXT, "workstation_key": key}))["token"]

    async def visit(self, msgid: str) -> dict[str, Any]:
        packet = {"hid": "0000000000000195", "diagnoses": [{"code": "J18.9", "main": True}], "doctor": "D1"}
        body = {"context": CONTEXT, "number": "2203", "msgid": msgid, "packet": packet, "deadline_ms": 2000}
        return await self._post("handle", body)

    async def _post(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        async with self._http.post(f"{self._url}/embed/v1/{name}", json=body, headers=headers) as response:
            told: dict[str, Any] = await response.json()
            return told


@pytest.mark.proof
async def test_the_hospital_works_on_and_what_it_did_arrives_after_the_renewal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.app.RENEW_LOOK_EVERY_S", 0.5)
    monkeypatch.setattr("edge.renewal.RENEW_PAUSE_S", 0.5)
    monkeypatch.setattr("edge.renewal.RENEW_ENDED_PAUSE_S", 0.5)
    who = world.age(timedelta(days=30) - LEFT, 30)
    key = Workstations(world.home / WORKSTATIONS_FILE).add("desk-1", now())
    await world.hub.stop()
    edge = Edge(world.home, Config(listen="127.0.0.1:0"), who)
    await edge.start()
    async with aiohttp.ClientSession() as http:
        try:
            desk = Desk(http, edge.url)
            await desk.sign_in(key)
            assert (await desk.visit("before"))["outcome"] == "provisional"
            await until(lambda: now() > who.valid_until, 30)
            assert (await desk.visit("after"))["outcome"] == "provisional"
            assert any("certificate has ended" in line for line in (await edge.status()).warnings)
            await world.again()

            async def arrived() -> bool:
                await asyncio.sleep(0.2)
                status = await edge.status()
                return status.line == "up" and status.pending == 0

            await until(arrived, 60)
            assert (await edge.status()).certificate_days_left > 300
            with world.store.read() as uow:
                assert all(uow.ledger.get(HOSPITAL, msgid) is not None for msgid in ("before", "after"))
        finally:
            await edge.stop()
