"""Journal, uplink and the hub's real intake against a reference of a few lines, driven by a state machine.

The hub is a real :class:`central_sync.intake.Intake` on SQLite behind a real socket; the edge is the whole core on a real journal. Rules
append, cut and mend the line, lose answers, restart, kill, park and let go. Whatever the order: nothing is lost, nothing happens twice, and
the hub applied each case's transactions in the order of the journal.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from central_sync.intake import Intake
from central_sync.store import Store, migrate
from central_sync.wire.messages import Batch, BatchAnswer, Verdict
from edge.calls import Reply
from edge.journal import Block
from edge.retry import Backoff
from edge.uplink import answers, loading, pulse, sending
from tests.central_sync.hospital import RULEBOOK, populate
from tests.edge.world import Edge, fees, settle, until
from tests.sim.hub import SimHub

DEADLINE_MS = 250
HIDS = 40
PERSON = {"kind": "cn_resident_number", "number": "11010519491231002X"}
OPENING = {"person": PERSON, "service_date": "2025-06-01", "department": "eye"}


class RealHub(SimHub):
    """The simulator's socket and faults around the hub's own intake. ``applied`` is what it decided, in its order."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.intake = Intake(store, RULEBOOK)
        self.decided: list[tuple[str, str, Verdict]] = []

    def _taken(self, batch: Batch) -> BatchAnswer:
        answer = self.intake.take("H1", batch, datetime.now(UTC))
        for item, said in zip(batch.items, answer.answers, strict=True):
            if said.verdict is not Verdict.AGAIN and not said.repeated:
                self.decided.append((item.lane, item.msgid, said.verdict))
        return answer

    def verdict(self, msgid: str) -> str:
        with self.store.read() as uow:
            row = uow.ledger.get("H1", msgid)
        return "" if row is None else str(row.verdict)


class Reference:
    """What must be true: the transactions in the order of their cases, and what was told of each."""

    def __init__(self) -> None:
        self.order: dict[str, list[str]] = {}
        self.told: dict[str, Reply] = {}

    def told_of(self, msgid: str, lane: str, reply: Reply) -> None:
        self.order.setdefault(lane, []).append(msgid)
        self.told[msgid] = reply


class Machine(RuleBasedStateMachine):
    """One edge, one hub, one line."""

    cases = Bundle("cases")
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(prefix="model-"))
        self.reference = Reference()
        self.count = 0
        self.parked: set[str] = set()
        self.up = True

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize()
    def begin(self) -> None:
        shutil.copy(self.template, self.folder / "hub.db")
        self.store = Store(f"sqlite:///{self.folder / 'hub.db'}")
        self.store.open()
        with self.store.write() as uow:
            block = uow.leases.grant("H1", HIDS, datetime.now(UTC))

        async def start() -> None:
            self.hub = RealHub(self.store)
            await self.hub.start()
            self.edge = Edge(self.folder, self.hub.url, hids=0)
            await self.edge.__aenter__()
            await self.edge.journal.add_block(Block(block.first, block.last))

        self.run(start())

    def call(self, number: str, packet: dict[str, Any], lane: str = "") -> Reply:
        self.count += 1
        msgid = f"m{self.count}"
        reply: Reply = self.run(self.edge.call(number, packet, msgid, DEADLINE_MS))
        hid = lane or (reply.answer or {}).get("hid", "")
        if reply.code != "journal_unavailable":
            self.reference.told_of(msgid, hid or msgid, reply)
        return reply

    @rule(target=cases)
    def open_a_case(self) -> str:
        reply = self.call("2201", OPENING)
        return str((reply.answer or {}).get("hid", "")) or "0000000000000195"

    @rule(case=cases, amount=st.integers(1, 5))
    def charge(self, case: str, amount: int) -> None:
        self.call("2204", fees(case, str(self.count), 100 * amount), case)

    @rule(case=cases)
    def settle_a_case(self, case: str) -> None:
        self.call("2207", settle(case, 100), case)

    @rule(cases=st.lists(cases, min_size=1, max_size=6))
    def charge_many_at_once(self, cases: list[str]) -> None:
        names = [(f"m{self.count + n}", case) for n, case in enumerate(cases, 1)]
        self.count += len(cases)

        async def all_of_them() -> list[Reply]:
            return await asyncio.gather(
                *[self.edge.call("2204", fees(case, msgid), msgid, DEADLINE_MS) for msgid, case in names]
            )

        for (msgid, case), reply in zip(names, self.run(all_of_them()), strict=True):
            if reply.code != "journal_unavailable":
                self.reference.told_of(msgid, case, reply)

    @rule()
    def cut(self) -> None:
        self.run(self.hub.stop())
        self.up = False

    @rule()
    def mend(self) -> None:
        if not self.up:
            self.run(self.hub.start())
            self.up = True

    @rule(count=st.integers(1, 3))
    def lose_answers(self, count: int) -> None:
        self.hub.faults.lose_next = count

    @rule(count=st.integers(1, 3))
    def lose_batches(self, count: int) -> None:
        self.hub.faults.ignore_next = count

    @rule(gently=st.booleans())
    def restart(self, gently: bool) -> None:
        async def again() -> None:
            if gently:
                await self.edge.__aexit__(None, None, None)
            else:
                await self.edge.halt()
            self.edge = Edge(self.folder, self.hub.url, hids=0)
            await self.edge.__aenter__()

        self.run(again())

    @rule(data=st.data())
    def park_one(self, data: st.DataObject) -> None:
        async def park() -> None:
            rows = [row for row in await self.edge.journal.waiting(0, 50) if not row.parked]
            if not rows:
                return
            row = data.draw(st.sampled_from(rows))
            standing = await self.edge.journal.park(row.seq, "by_hand", self.edge.now())
            if standing is not None and not standing.outcome.decided:
                self.edge.uplink.parked(standing)
                self.parked.add(standing.msgid)

        self.run(park())

    @rule()
    def release_all(self) -> None:
        self.run(self._release())

    async def _release(self) -> None:
        for msgid in sorted(self.parked):
            standing = await self.edge.journal.find("H1", msgid)
            assert standing is not None
            if not standing.outcome.decided:
                released = await self.edge.journal.release(standing.seq, self.edge.now())
                assert released is not None
                self.edge.uplink.released(released)
        self.parked.clear()

    @rule(ms=st.integers(1, 60))
    def pass_time(self, ms: int) -> None:
        self.run(asyncio.sleep(ms / 1000))

    @invariant()
    def nothing_happens_twice(self) -> None:
        if hasattr(self, "hub"):
            msgids = [msgid for _, msgid, _ in self.hub.decided]
            assert len(msgids) == len(set(msgids))

    def teardown(self) -> None:
        try:
            if hasattr(self, "edge"):
                self.run(self._judge())
        finally:
            self.loop.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    async def _judge(self) -> None:
        self.hub.faults.lose_next = self.hub.faults.ignore_next = 0
        if not self.up:
            await self.hub.start()
        await self._release()
        await until(lambda: self.edge.uplink.in_hand == 0, 30)
        assert self.edge.uplink.contradictions == 0
        for msgid, reply in self.reference.told.items():
            standing = await self.edge.journal.find("H1", msgid)
            assert standing is not None, "what was told is kept"
            assert standing.outcome.decided, "and every doubt ends"
            held = self.hub.verdict(msgid)
            if reply.outcome.decided:
                assert standing.outcome is reply.outcome, "the last word stays"
            if standing.code in ("line_down", "case_held"):
                assert held != "final", "what was withdrawn never happened"
            else:
                assert held == str(standing.outcome), "both sides say the same"
        for lane, order in self.reference.order.items():
            seqs = {m: s.seq for m in order if (s := await self.edge.journal.find("H1", m)) is not None}
            decided = [seqs[m] for where, m, _ in self.hub.decided if where == lane and m in seqs]
            assert decided == sorted(decided), "in the order of the journal"
        await self.edge.__aexit__(None, None, None)
        await self.hub.stop()
        self.store.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hub") / "hub.db"
    migrate(f"sqlite:///{path}")
    store = Store(f"sqlite:///{path}")
    store.open()
    populate(store)
    store.close()
    return path


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, template: Path) -> None:
    """Short waits and a small window, so that much happens in a short time."""
    monkeypatch.setattr(Machine, "template", template, raising=False)
    for place in (answers, sending):
        monkeypatch.setattr(place, "_BACKOFF", Backoff(0.01, 0.05))
    for name, value in (
        ("RETRY_FIRST_S", 0.02),
        ("RETRY_CAP_S", 0.1),
        ("PROBE_GAP_S", 0.02),
        ("PROBE_GAP_S_MAX", 0.05),
    ):
        monkeypatch.setattr(pulse, name, value)
    for name, value in (("WINDOW_ENTRIES_MAX", 8), ("WINDOW_READ_ENTRIES", 4), ("LANE_WINDOW_MAX", 3)):
        monkeypatch.setattr(loading, name, value)


def hold(examples: int, steps: int) -> None:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=checks, derandomize=True,
                print_blob=False,
            ),
        )  # fmt: skip


def test_journal_uplink_and_hub_agree_with_the_reference(quick: None) -> None:
    hold(examples=4, steps=14)


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_journal_uplink_and_hub_agree_with_the_reference_for_long(quick: None) -> None:
    hold(examples=60, steps=30)
