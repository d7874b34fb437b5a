"""While maintenance lasts: new work is refused and keeps nothing; what is open is confirmed, asked about and taken back; copies are told how they stand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.calls import Reply
from edge.maintenance.pause import Pause
from edge.maintenance.window import announced
from tests.edge.world import HID, PERSON, Edge, call, fees, registration, settle
from tests.sim.hub import SimHub

NOW = datetime.now(UTC)


@pytest.fixture
async def hub() -> AsyncIterator[SimHub]:
    running = SimHub()
    await running.start()
    yield running
    await running.stop()


async def test_what_is_open_goes_on_and_what_is_new_does_not(tmp_path: Path, hub: SimHub) -> None:
    on = []
    window = announced(NOW, NOW + timedelta(hours=1), "a new disk", NOW)
    async with Edge(tmp_path, hub.url) as edge:

        async def known(msgid: str) -> bool:
            return await edge.journal.find("H1", msgid) is not None

        pause = Pause(edge.intake, lambda: window if on else None, known, lambda: NOW)

        async def asked(number: str, packet: dict, msgid: str) -> Reply:
            return await pause.handle(call(number, packet, msgid))

        assert pause.called_at is None
        assert (await asked("2201", registration(), "m1")).outcome == "final"
        assert pause.called_at == NOW
        assert (await asked("2204", fees(HID), "m2")).outcome == "final"
        assert (await asked("2207", settle(HID), "m3")).outcome == "final"
        on.append(True)
        for number, packet in (
            ("1101", {"person": PERSON}), ("2201", registration("ear")), ("2204", fees(HID, "2")), ("2207", settle(HID)),
        ):  # fmt: skip
            reply = await asked(number, packet, f"new-{number}")
            assert (reply.outcome, reply.code, reply.retry_after_s) == ("refused", "maintenance", 3600)
            assert await edge.journal.find("H1", f"new-{number}") is None
        assert (await asked("2201", registration(), "m1")).outcome == "final", "a copy"
        assert (await asked("2201", registration("ear"), "m1")).code == "msgid_reused"
        assert (await asked("9999", {}, "m9")).code == "number_unknown"
        confirmed = await asked("49", {"original_msgid": "m3", "his_result": 0}, "m4")
        assert confirmed.outcome == "final", confirmed
        assert (await asked("43", {"original_msgid": "m3"}, "m5")).answer["confirmation"] == "confirmed"
        assert (await asked("44", {}, "m6")).outcome == "final"
        on.clear()
        assert (await asked("1101", {"person": PERSON}, "m7")).code != "maintenance"


async def test_a_journal_that_cannot_be_asked_is_the_intakes_to_tell(tmp_path: Path) -> None:
    window = announced(NOW, NOW + timedelta(hours=1), "x", NOW)
    async with Edge(tmp_path, "http://127.0.0.1:9") as edge:

        async def unknown(_: str) -> bool:
            from edge.errors import JournalUnavailable

            raise JournalUnavailable("closed")

        pause = Pause(edge.intake, lambda: window, unknown, lambda: NOW)
        await edge.journal.close()
        assert (await pause.handle(call("2201", registration(), "m1"))).code == "journal_unavailable"


async def test_nothing_is_taken_on_at_once_while_it_lasts(tmp_path: Path) -> None:
    on = []
    window = announced(NOW, NOW + timedelta(hours=1), "x", NOW)
    async with Edge(tmp_path, "http://127.0.0.1:9") as edge:
        pulse = edge.uplink._pulse
        pulse.failures, pulse.down_since, pulse.failed_at = 9, 0.0, 1e9

        async def unknown(_: str) -> bool:
            return False

        pause = Pause(edge.intake, lambda: window if on else None, unknown, lambda: NOW)
        told: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        on.append(True)
        assert not pause.at_once(call("2204", fees(HID), "m1"), told.set_result)
        assert (await pause.handle(call("2204", fees(HID), "m1"))).code == "maintenance"
        on.clear()
        assert pause.at_once(call("2204", fees(HID), "m1"), told.set_result)
        assert pause.called_at == NOW
        assert (await told).outcome == "provisional"
