"""The long poll: leases, notices and decisions of people, stored before they are told, and awake soon after the line is back."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from central_sync.wire.messages import ConfirmationChange, EdgeReport, HidBlock, Notice
from edge import downlink
from edge.outcome import Outcome
from tests.edge.world import HID, Edge, registration, settle, until
from tests.sim.hub import SimHub
from tests.wire_vectors.reports import edge_report


async def test_what_the_feed_brings_is_stored_once_and_told(hub: SimHub, tmp_path: Path) -> None:
    async with Edge(tmp_path, hub.url, hids=0) as edge, edge.events.subscribe() as watcher:
        assert (await edge.call("2201", registration(), "m0")).code == "hids_exhausted"
        await hub.publish(HidBlock(first=1, last=20))
        await hub.publish(Notice(text="tonight at ten", audience="desk"))
        await until(lambda: edge.downlink.cursor == 2)
        assert await edge.journal.hids_left() == 20
        event = await anext(watcher)
        while event.kind != "notice":
            event = await anext(watcher)
        assert event.data["text"] == "tonight at ten"
        answer = (await edge.call("2201", registration(), "m1")).answer
        assert answer is not None
        assert answer["hid"] == HID
    async with Edge(tmp_path, hub.url, hids=0) as edge:
        assert edge.downlink.cursor == 2, "the cursor survives"
        assert await edge.journal.hids_left() == 19
        assert list((await edge.journal.recall("notice")).values()) == [b"tonight at ten"]


async def test_a_confirmation_decided_by_a_person_reaches_the_edge(hub: SimHub, tmp_path: Path) -> None:
    async with Edge(tmp_path, hub.url) as edge, edge.events.subscribe() as watcher:
        await edge.call("2207", settle(HID), "m1")
        await hub.publish(ConfirmationChange(msgid="m1", confirmation="annulled"))
        await until(lambda: edge.downlink.cursor == 1)
        standing = await edge.journal.find("H1", "m1")
        assert standing is not None
        assert standing.confirmation == "annulled"
        event = await anext(watcher)
        while event.data.get("confirmation") != "annulled":
            event = await anext(watcher)


async def test_it_wakes_soon_after_the_line_is_back(hub: SimHub, tmp_path: Path) -> None:
    async with Edge(tmp_path, hub.url) as edge:
        await until(lambda: edge.uplink.up)
        await hub.stop()
        await until(lambda: not edge.uplink.up)
        await hub.start()
        await hub.publish(Notice(text="back"))
        reply = await edge.call("2207", settle(HID), "m1", 20_000)
        assert reply.outcome is Outcome.FINAL
        await until(lambda: edge.downlink.cursor == 1)


async def test_a_lease_is_asked_for_before_the_old_one_ends(hub: SimHub, tmp_path: Path) -> None:
    async with Edge(tmp_path, hub.url, hids=8) as edge:
        await until(lambda: hub.hids_left == [8, 8])
        for n in range(7):
            await edge.call("2201", registration(), f"m{n}")
        await until(lambda: len(hub.hids_left) > 3)
        assert hub.hids_left[:4] == [8, 8, 4, 2], "the first poll only looks whether the hub is there"


async def test_a_start_without_traffic_knows_the_line_and_the_hubs_clock_at_once(hub: SimHub, tmp_path: Path) -> None:
    hub.faults.clock_ahead_s = 3600
    async with Edge(tmp_path, hub.url) as edge:
        await until(lambda: edge.uplink.up and edge.line.skewed)


async def test_after_a_break_the_line_is_known_to_be_back_without_traffic(hub: SimHub, tmp_path: Path) -> None:
    async with Edge(tmp_path, hub.url) as edge:
        await until(lambda: edge.uplink.up)
        await hub.stop()
        await until(lambda: not edge.uplink.up)
        await hub.start()
        await until(lambda: edge.uplink.up)


async def test_a_journal_whose_life_is_over_begins_another_gives_its_numbers_up_and_says_so(
    hub: SimHub, tmp_path: Path
) -> None:
    async with Edge(tmp_path, hub.url) as edge:
        old = edge.journal.life
        await edge.call("2207", settle(HID), "m1")
        await until(lambda: hub.lives.get(old.hex()))
    hub.over.add(old.hex())
    async with Edge(tmp_path, hub.url, hids=0) as edge, edge.events.subscribe() as watcher:
        event = await anext(watcher)
        while event.kind != "notice":
            event = await anext(watcher)
        assert event.data["audience"] == "technician"
        new = edge.journal.life
        assert new != old
        await until(lambda: hub.lives.get(new.hex()))
        assert await edge.journal.hids_left() == 0
        await until(lambda: hub.hids_left[-1] == 0)
        await until(lambda: edge.uplink.up)
        standing = await edge.journal.find("H1", "m1")
        assert standing is not None
        assert standing.outcome is Outcome.FINAL, "what was journaled stays"


async def test_two_boxes_with_one_identity_do_not_take_turns_for_ever(hub: SimHub, tmp_path: Path) -> None:
    async with Edge(tmp_path, hub.url) as edge:
        await until(lambda: hub.lives)
        first = edge.journal.life
        hub.over.add(first.hex())
        edge.downlink.look()
        await until(lambda: edge.journal.life != first)
        second = edge.journal.life
        await until(lambda: second.hex() in hub.lives)
        hub.over.add(second.hex())
        edge.downlink.look()
        await until(lambda: edge.uplink.trouble == "life_over")
        assert edge.journal.life == second, "a person has to end one of them"


async def test_polls_say_how_the_edge_is_but_for_the_first_and_not_in_haste(
    hub: SimHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downlink, "REPORT_PAUSE_S", 0.2)
    hub.hold_s = 0.05

    async def report() -> EdgeReport:
        return edge_report()

    began = time.monotonic()
    async with Edge(tmp_path, hub.url, report=report) as edge:
        for n in range(10):
            await hub.publish(Notice(text=f"no. {n}"))
            edge.downlink.look()
        await until(lambda: len(hub.reports) >= 3)
    assert hub.reports[0] == edge_report()
    assert len(hub.reports) <= (time.monotonic() - began) / 0.2 + 1
    assert len(hub.hids_left) > len(hub.reports), "the first poll only looks whether the hub is there"


async def test_a_report_that_cannot_be_made_costs_the_feed_nothing(hub: SimHub, tmp_path: Path) -> None:
    async def report() -> EdgeReport:
        raise RuntimeError("no disk")

    async with Edge(tmp_path, hub.url, report=report) as edge:
        await hub.publish(Notice(text="one"))
        await hub.publish(Notice(text="two"))
        await until(lambda: edge.downlink.cursor == 2)
        await until(lambda: edge.uplink.up)
    assert not hub.reports
