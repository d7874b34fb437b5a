"""The backlog's pace follows the line, fills it, rests when the hub says so, and ten thousand edges do not come back at once."""

from __future__ import annotations

import heapq
import itertools
import random

import pytest

from central_sync.wire.limits import BATCH_BYTES_MAX
from edge.limits import BACKLOG_WORKERS, BATCH_FIRST_BYTES, BUSY_CAP_S, RETURN_SPREAD_S_MAX
from edge.uplink.pace import Pace
from edge.uplink.pulse import Pulse


def drained(rate: float, way_s: float, seconds: float, hub_s: float = 0.02) -> tuple[float, Pace]:
    """Bytes a second through a line of ``rate`` bytes/s and ``way_s`` there and back, over the last half of ``seconds``."""
    pace = Pace()
    now = free_at = 0.0
    ends: list[tuple[float, float, int]] = []
    done = 0.0
    while now < seconds:
        while pace.may_send(now, len(ends)):
            size = pace.batch_bytes
            free_at = max(free_at, now) + size / rate
            heapq.heappush(ends, (free_at + way_s + hub_s, now, size))
        now, began, size = heapq.heappop(ends)
        pace.finished(size, now - began)
        done += size if now > seconds / 2 else 0
    return done / (seconds / 2), pace


@pytest.mark.parametrize(
    ("rate", "way_s"), [(64_000.0, 0.08), (8_000.0, 0.3), (250_000.0, 0.6), (400_000.0, 0.08), (2_000.0, 0.6)]
)
def test_a_line_is_kept_full_whatever_its_rate_and_length(rate: float, way_s: float) -> None:
    reached, pace = drained(rate, way_s, 240)
    assert reached > 0.92 * rate
    assert pace.batch_bytes / rate < 6, "and no batch holds it for long"


def test_a_fast_line_gets_the_largest_batches() -> None:
    _, pace = drained(1e9, 0.001, 20)
    assert pace.batch_bytes == BATCH_BYTES_MAX
    assert pace.parallel == BACKLOG_WORKERS


def test_a_batch_grows_to_twice_the_last_at_most_and_halves_when_it_breaks() -> None:
    pace = Pace()
    pace.finished(BATCH_FIRST_BYTES, 0.001)
    assert pace.batch_bytes == 2 * BATCH_FIRST_BYTES
    pace.broke()
    assert pace.batch_bytes == BATCH_FIRST_BYTES
    assert pace.parallel == 1
    for _ in range(64):
        pace.broke()
    assert pace.batch_bytes == 1


def test_a_small_last_batch_says_nothing_of_the_line() -> None:
    _, pace = drained(1e9, 0.05, 20)
    before = pace.batch_bytes
    pace.finished(100, 0.05)
    assert pace.batch_bytes == before


def test_a_busy_hub_rests_the_backlog_as_long_as_it_says_and_longer_each_time() -> None:
    pace = Pace()
    pace.busy(100.0, 7.0, 0.0)
    assert not pace.may_send(106.9, 0)
    assert pace.may_send(107.0, 0)
    pace.busy(200.0, 10_000.0, 0.0)
    assert pace.may_send(200.0 + BUSY_CAP_S, 0), "no hub may rest us for ever"
    waits = []
    quiet = Pace()
    for _ in range(12):
        quiet.busy(0.0, 0.0, 0.0)
        waits.append(quiet.not_before)
        quiet.not_before = 0.0
    assert waits == sorted(waits)
    assert waits[-1] == BUSY_CAP_S


def test_after_a_long_outage_the_backlog_begins_one_by_one_and_not_at_once() -> None:
    pace = Pace()
    pace.finished(BATCH_FIRST_BYTES, 0.1)
    pace.came_back(1000.0, 86_400.0, 0.5)
    assert pace.parallel == 1
    assert not pace.may_send(1000.0 + RETURN_SPREAD_S_MAX / 2 - 0.1, 0)
    assert pace.may_send(1000.0 + RETURN_SPREAD_S_MAX / 2, 0)
    short = Pace()
    short.came_back(1000.0, 0.4, 0.9)
    assert short.may_send(1000.1, 0), "after a short break there is nothing to spread"


class Fleet:
    """Ten thousand edges, each with a pulse, a pace and desks that call, and a hub that was away for an hour."""

    def __init__(self, seed: int, edges: int, back_at: float, busy: float) -> None:
        self.chance = random.Random(seed)
        self.back_at = back_at
        self.busy = busy
        self.pulses = [Pulse(failures=12, down_since=0.0) for _ in range(edges)]
        self.paces = [Pace() for _ in range(edges)]
        self.arrivals: dict[int, int] = {}
        self.events: list[tuple[float, int, str]] = []
        for edge, pulse in enumerate(self.pulses):
            began = self.back_at - 40 + self.chance.random()
            pulse.probed_at = pulse.failed_at = began
            due = pulse.backoff.next_at(12, began, self.chance.random())
            assert due is not None
            pulse.due_at = due
            self.push(due, edge, "probe")
            self.push(began + self.chance.random() * 20, edge, "call")

    def push(self, at: float, edge: int, kind: str) -> None:
        heapq.heappush(self.events, (at, edge, kind))

    def run(self, until: float) -> None:
        while self.events and self.events[0][0] < until:
            now, edge, kind = heapq.heappop(self.events)
            getattr(self, kind)(now, edge)

    def arrive(self, now: float) -> None:
        self.arrivals[int(now)] = self.arrivals.get(int(now), 0) + 1

    def call(self, now: float, edge: int) -> None:
        """A desk wants something, about every twenty seconds in each hospital."""
        self.push(now + self.chance.expovariate(1 / 20), edge, "call")
        pulse = self.pulses[edge]
        if pulse.up:
            self.arrive(now)
            return
        pulse.hurry(now)
        self.push(max(now, pulse.next_probe_at()), edge, "probe")

    def probe(self, now: float, edge: int) -> None:
        pulse = self.pulses[edge]
        if pulse.up or not pulse.may_send(now):
            return
        self.arrive(now)
        pulse.began(now)
        if now < self.back_at:
            pulse.failed(now, self.chance.random())
            self.push(pulse.next_probe_at(), edge, "probe")
            return
        down_s = pulse.down_s(now)
        pulse.succeeded()
        self.paces[edge].came_back(now, down_s, self.chance.random())
        self.push(self.paces[edge].not_before, edge, "backlog")

    def backlog(self, now: float, edge: int) -> None:
        pace = self.paces[edge]
        if not pace.may_send(now, 0):
            self.push(pace.not_before, edge, "backlog")
            return
        self.arrive(now)
        if self.chance.random() < self.busy:
            pace.busy(now, 5.0, self.chance.random())
        else:
            pace.finished(pace.batch_bytes, 1.0)
        self.push(max(now + 1.0, pace.not_before), edge, "backlog")


@pytest.mark.parametrize("busy", [0.0, 0.8])
def test_ten_thousand_edges_do_not_come_back_in_the_same_second(busy: float) -> None:
    fleet = Fleet(7, 10_000, back_at=3600.0, busy=busy)
    fleet.run(3600.0 + 25)
    first = [fleet.arrivals.get(3600 + second, 0) for second in range(3)]
    before = max(count for second, count in fleet.arrivals.items() if 3590 <= second < 3600)
    assert before < 2500, "a hub that is away is not hammered"
    assert max(first) < 2500, "nor one that has just come back"
    ramp = [fleet.arrivals.get(3600 + second, 0) for second in range(24)]
    assert all(later - earlier < 1200 for earlier, later in itertools.pairwise(ramp)), (
        "the load grows, it does not jump"
    )
    up = sum(pulse.up for pulse in fleet.pulses)
    assert up > 9_900, "and after twenty-five seconds nearly all have found it again"
