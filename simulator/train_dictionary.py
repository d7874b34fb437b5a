"""``python -m simulator.train_dictionary ID FILE``: makes the line's shared zstd dictionary from synthetic traffic.

A seeded world's transactions go through a real intake on a fresh database, one by one as from a desk, and what both sides would write
on the line is what zstd learns from. A dictionary that edges and hubs in the field have is never replaced under its id: a new one gets
the next id, a file beside the others in ``central_sync/wire``, and a line in ``compression.py`` there.
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import zstandard

from central_sync.benefits.parameters import Rulebook
from central_sync.intake import Intake
from central_sync.members.service import import_members
from central_sync.rulebook.load import load
from central_sync.store import Store, migrate
from central_sync.store.records import Institution
from central_sync.terms.hid import from_serial
from central_sync.wire import codec
from central_sync.wire.catalogue import BY_NUMBER
from central_sync.wire.compression import Level
from central_sync.wire.limits import LIFE_BYTES, RUN_BYTES, WIRE_VERSION
from central_sync.wire.messages import Batch, BatchAnswer, ItemAnswer, Transaction
from simulator.books import Entry
from simulator.his import FEES_CANCELS
from simulator.journeys import Step
from simulator.packets import Visit, packet_of
from simulator.people import member_line
from simulator.terms import terms_of
from simulator.world import World, generate

SEED = 40_001
HOSPITALS = 4
PATIENTS = 400
HIDS = 10_000
DAY = date(2025, 6, 2)
NOW = datetime(2025, 6, 2, 8, 0, tzinfo=UTC)
SIGNER, ED25519_BYTES = "00d1c710ab5e9f32", 64
RANDOM_ID = re.compile(rb"[0-9a-f]{32}")
"""Members' keys, which the hub draws by chance: others are put in their place, the same each time."""
DICTIONARY_BYTES = 64 * 1024
SEGMENT_BYTES, MATCH_BYTES = 256, 8
"""zstd's k and d: given, so that the training is the same each time and does not search for them."""


class Desk:
    """One hospital's transactions, handed to the hub's intake without a line between."""

    def __init__(self, intake: Intake, hospital: str, hids: Iterator[str], seed: int) -> None:
        self._intake = intake
        self._hospital = hospital
        self._hids = hids
        self._rng = random.Random(f"{seed} {hospital}")
        self._now = NOW

    def exchange(self, number: str, packet: dict[str, object], hid: str) -> tuple[Batch, BatchAnswer]:
        """One transaction in a batch of its own, and its answer."""
        row = BY_NUMBER[number]
        request = msgspec.json.decode(msgspec.json.encode(packet), type=row.request)
        hid = hid or (next(self._hids) if row.opens_case else "")
        self._now += timedelta(seconds=self._rng.uniform(0.1, 20))
        item = Transaction(
            msgid=str(uuid.UUID(int=self._rng.getrandbits(128), version=4)),
            number=number,
            packet=msgspec.msgpack.encode(request),
            lane=hid or "cycle",
            recorded_at=self._now - timedelta(milliseconds=20),
            business_day=DAY,
            hid=hid,
            operator=f"op{self._rng.randrange(9)}",
            workstation=f"desk-{self._rng.randrange(9)}",
        )
        batch = Batch(
            version=WIRE_VERSION, institution=self._hospital, sent_at=self._now, items=[item],
            life=self._rng.randbytes(LIFE_BYTES), head=self._rng.randrange(100_000), run=self._rng.randbytes(RUN_BYTES),
        )  # fmt: skip
        answer = self._intake.take(self._hospital, batch, self._now + timedelta(milliseconds=30))
        if row.journaled:
            told = msgspec.structs.replace(answer.answers[0], digest=codec.digest(row.number, request))
            answer = msgspec.structs.replace(
                answer, answers=[told], signer=SIGNER, signature=self._rng.randbytes(ED25519_BYTES)
            )
        return batch, answer


def traffic(seed: int = SEED, patients: int = PATIENTS) -> list[bytes]:
    """What a day of ``patients`` puts on the line, message by message, before compression."""
    rulebook = load()
    world = generate(seed, HOSPITALS, patients, 0, 0, terms_of(rulebook, DAY))
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'hub.db'}"
        migrate(url)
        store = Store(url)
        store.open()
        try:
            hids = _populate(store, rulebook, world)
            chance = random.Random(seed)
            return [
                RANDOM_ID.sub(lambda _: b"%032x" % chance.getrandbits(128), text)
                for pair in _day(Intake(store, rulebook), rulebook, world, hids)
                for text in pair
            ]
        finally:
            store.close()


def _populate(store: Store, rulebook: Rulebook, world: World) -> dict[str, Iterator[str]]:
    """Hospitals and people; returns the HIDs that each hospital may give out."""
    hids: dict[str, Iterator[str]] = {}
    with store.write() as uow:
        for place in world.hospitals:
            law = rulebook.regions[place.region]
            uow.institutions.add(
                Institution(
                    place.code, place.name, place.region, place.tier, law.zone, law.currency, str(law.calendar), NOW
                )
            )
            block = uow.leases.grant(place.code, HIDS, NOW)
            hids[place.code] = (from_serial(serial) for serial in range(block.first, block.last + 1))
    import_members(store, rulebook, [msgspec.json.encode(member_line(one)) for one in world.people if one.known], NOW)
    return hids


def _day(
    intake: Intake, rulebook: Rulebook, world: World, hids: dict[str, Iterator[str]]
) -> Iterator[tuple[bytes, bytes]]:
    for place in world.hospitals:
        desk = Desk(intake, place.code, hids[place.code], world.seed)
        for journey in place.journeys:
            visit = Visit(journey, world.people[journey.person])
            for step in journey.steps:
                if step.of and step.of not in visit.labels:
                    continue
                packet = packet_of(visit, step, DAY, rulebook.regions[place.region].currency)
                batch, answer = desk.exchange(step.number, packet, visit.hid)
                yield msgspec.msgpack.encode(batch), msgspec.msgpack.encode(answer)
                _remember(visit, step, batch.items[0].msgid, answer.answers[0])


def _remember(visit: Visit, step: Step, msgid: str, answer: ItemAnswer) -> None:
    """What later steps of the visit refer to."""
    decided = msgspec.msgpack.decode(answer.packet) if answer.packet else {}
    if BY_NUMBER[step.number].opens_case:
        visit.hid = str(decided.get("hid", visit.hid))
    if step.label:
        visit.labels[step.label] = Entry(msgid, step.number, {}, visit.journey.name, answer=decided)
    if step.number in FEES_CANCELS:
        visit.bill = {
            serial: amount for serial, amount in visit.bill.items() if step.serials and serial not in step.serials
        }
    visit.bill.update({line.serial: line.amount for line in step.lines})


def train(samples: Sequence[bytes], number: int) -> bytes:
    """The dictionary, the same for the same samples and the same release of zstd."""
    made = zstandard.train_dictionary(
        DICTIONARY_BYTES, list(samples), k=SEGMENT_BYTES, d=MATCH_BYTES, dict_id=number, level=Level.INTERACTIVE
    )
    return made.as_bytes()


def main(arguments: list[str]) -> int:
    """Write the dictionary of an id to a file; returns the exit status."""
    if len(arguments) != 2 or not arguments[0].isdigit():
        print(__doc__)
        return 2
    Path(arguments[1]).write_bytes(train(traffic(), int(arguments[0])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
