"""PURE: a seeded plan of a hospital day: hospitals, people, journeys, and what goes wrong when.

The same seed, sizes and catalogues give the same plan (:func:`digest`). Days are written as days before the business day, so
the plan is the same tomorrow; only birth dates and the start of covers are absolute. Faults come at points of progress
(the part of all steps that is done), not at seconds, so that a slow machine meets them in the same places.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from simulator.journeys import Goods, Item, Journey, journey
from simulator.people import COVER_ENDED, Cover, Person, person

REGIONS = ("cn", "ir")
REVISITS_PERCENT = 12
HEAVY_VISITS = 4
PROGRESS_FIRST = 0.06
PROGRESS_LAST = 0.92
OUTAGE_S = (0.4, 2.2)
KILLED_S = (0.05, 0.8)
ILL_LINE_PART = 0.5
ILL_LINE_S = (0.05, 0.5)
RESET_AFTER_BYTES = (1, 4000)
SLOW_DISK_S = (0.5, 3.0)
SLOW_DISK_MS = (5, 120)


class LineFault(StrEnum):
    """How a line fails. ``cut``: connections are closed and refused. ``freeze``: bytes vanish, nothing is closed.
    ``stall``: bytes are held back and arrive late, after the line is back. ``reset``: connections die after so many more
    bytes of answers, the next ones too. ``deaf``: requests arrive, answers vanish. ``slow``: everything takes its time.
    """

    CUT = "cut"
    FREEZE = "freeze"
    STALL = "stall"
    RESET = "reset"
    DEAF = "deaf"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the generator needs to know of a region's rulebook: its items (``dearest``: one that is wholly in scope), the covers
    and groups people may have, the tiers of its hospitals, and by kind of care what a bill that presses on caps comes to.
    """

    items: tuple[Item, ...]
    dearest: Item
    covers: tuple[tuple[tuple[str, str], ...], ...]
    groups: tuple[str, ...]
    tiers: tuple[str, ...]
    heavy_bills: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Hospital:
    """A hospital and the journeys of its day, in the order in which they come to the desks."""

    code: str
    name: str
    region: str
    tier: str
    journeys: tuple[Journey, ...]


@dataclass(frozen=True, slots=True)
class Outage:
    """A line fault at a point of progress; ``hospital`` empty: every line."""

    at: float
    hospital: str
    fault: LineFault
    seconds: float
    after_bytes: int


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL of a program ``after_s`` seconds behind a point of progress: ``target`` is ``hub`` or a hospital's code."""

    at: float
    target: str
    seconds: float
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SlowDisk:
    """A disk that takes ``delay_ms`` longer for each sync, from a point of progress on for ``seconds``; ``target`` as of a kill."""

    at: float
    target: str
    seconds: float
    delay_ms: int


@dataclass(frozen=True, slots=True)
class World:
    """The whole plan."""

    seed: int
    hospitals: tuple[Hospital, ...]
    people: tuple[Person, ...]
    outages: tuple[Outage, ...]
    kills: tuple[Kill, ...]
    slow_disks: tuple[SlowDisk, ...] = ()

    @property
    def steps(self) -> int:
        """How many transactions the HISes mean to send."""
        return sum(len(visit.steps) for hospital in self.hospitals for visit in hospital.journeys)


def digest(world: World) -> str:
    """SHA-256 of the plan, in hexadecimal."""
    return hashlib.sha256(msgspec.json.encode(world)).hexdigest()


def generate(
    seed: int, hospitals: int, patients: int, outages: int, kills: int, terms: Mapping[str, Terms], slow_disks: int = 0
) -> World:
    """The world of ``seed``: ``patients`` is the number of journeys over all hospitals, heavy people's extra visits included.

    Raises:
        ValueError: a size is negative, or there is no hospital.
    """
    if hospitals < 1 or min(patients, outages, kills, slow_disks) < 0:
        raise ValueError("a world has at least one hospital and no negative sizes")
    rng = random.Random(seed)
    codes = [f"H{n + 1:03d}" for n in range(hospitals)]
    regions = {code: REGIONS[n % len(REGIONS)] for n, code in enumerate(codes)}
    people: list[Person] = []
    queues: dict[str, list[tuple[float, Journey]]] = {code: [] for code in codes}
    while sum(map(len, queues.values())) < patients:
        left = patients - sum(map(len, queues.values()))
        code = codes[sum(map(len, queues.values())) % hospitals]
        region = regions[code]
        alike = [c for c in codes if regions[c] == region]
        market = terms[region]
        one = _newcomer(rng, region, market)
        people.append(one)
        visits = _visits(rng, one, left)
        when = rng.random()
        for number in range(visits):
            where = code if number == 0 else rng.choice(alike)
            name = f"{where}-{len(queues[where]) + 1:04d}"
            visit = journey(rng, name, len(people) - 1, one, Goods(market.items, market.dearest, market.heavy_bills))
            queues[where].append((when + number * 0.01 if one.heavy else rng.random(), visit))
    faults = _outages(rng, outages, codes)
    return World(
        seed=seed,
        hospitals=tuple(
            Hospital(
                code, f"Hospital {code}", regions[code], rng.choice(terms[regions[code]].tiers), _ordered(queues[code])
            )
            for code in codes
        ),
        people=tuple(people),
        outages=faults,
        kills=_kills(rng, kills, codes, faults),
        slow_disks=tuple(
            SlowDisk(at, rng.choice(["hub", *codes]), round(rng.uniform(*SLOW_DISK_S), 2), rng.randint(*SLOW_DISK_MS))
            for at in _points(rng, slow_disks)
        ),
    )


def _newcomer(rng: random.Random, region: str, terms: Terms) -> Person:
    """One more person: most with full cover, some without any or with one that has ended, a few unknown or heavy."""
    layers = rng.choice(terms.covers)
    chance = rng.random()
    covers = tuple(
        Cover(layer, scheme, f"{scheme}-{rng.randrange(1, 4)}", to_day=COVER_ENDED if 0.05 < chance < 0.08 else None)
        for layer, scheme in layers
    )
    if chance < 0.05:
        covers = ()
    heavy = rng.random() < 0.05
    group = terms.groups[0] if rng.random() < 0.7 else rng.choice(terms.groups)
    return person(rng, region, covers, group, rng.random() >= 0.02, heavy)


def _visits(rng: random.Random, one: Person, left: int) -> int:
    if not one.known:
        return 1
    if one.heavy:
        return min(HEAVY_VISITS, left)
    return min(1 + (rng.randrange(100) < REVISITS_PERCENT), left)


def _ordered(queue: list[tuple[float, Journey]]) -> tuple[Journey, ...]:
    return tuple(visit for _, visit in sorted(queue, key=lambda pair: (pair[0], pair[1].name)))


def _points(rng: random.Random, count: int) -> list[float]:
    """``count`` points of progress, spread over the day and jittered."""
    width = (PROGRESS_LAST - PROGRESS_FIRST) / max(count, 1)
    return [round(PROGRESS_FIRST + width * (n + rng.random()), 4) for n in range(count)]


def _outages(rng: random.Random, count: int, codes: Sequence[str]) -> tuple[Outage, ...]:
    faults = list(LineFault)
    first = rng.randrange(len(faults))
    return tuple(
        Outage(
            at=at,
            hospital="" if rng.random() < 0.25 else rng.choice(codes),
            fault=faults[(first + n) % len(faults)],
            seconds=round(rng.uniform(*OUTAGE_S), 2),
            after_bytes=rng.randint(*RESET_AFTER_BYTES),
        )
        for n, at in enumerate(_points(rng, count))
    )


def _kills(rng: random.Random, count: int, codes: Sequence[str], outages: Sequence[Outage]) -> tuple[Kill, ...]:
    """Spread over the day; some edges are killed while their line is ill, so that they come back with questions about what the
    line still holds.
    """
    ill = [one for one in outages if one.fault is LineFault.STALL] or outages
    kills = []
    for n, at in enumerate(_points(rng, count)):
        seconds = round(rng.uniform(*KILLED_S), 2)
        if n % 3 == 2:
            kills.append(Kill(at, "hub", seconds))
        elif ill and rng.random() < ILL_LINE_PART:
            outage = rng.choice(ill)
            target = outage.hospital or rng.choice(codes)
            kills.append(Kill(outage.at, target, KILLED_S[0], round(rng.uniform(*ILL_LINE_S), 2)))
        else:
            kills.append(Kill(at, rng.choice(codes), seconds))
    return tuple(sorted(kills, key=lambda kill: (kill.at, kill.target)))
