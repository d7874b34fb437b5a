"""How many bytes a backlog puts on a slow line: batches as the edge sends them, against the same transactions as JSON, one by one.

Both sides count the bodies and the HTTP headers of the requests. TLS, TCP and IP are not counted: they would add to ours what they add
to any stream of bytes, and to the reference some for each of its requests. The hospital is of one's own making, not the one
that the shared dictionary was trained on: 3,000 items of which some are sold far more often than others, each with its
name and price; serials and msgids count up as hospitals' programs do it.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import msgspec

from benchmarks.figure import Figure
from central_sync.terms.hid import from_serial
from central_sync.terms.money import Rounding, rounded
from central_sync.wire import codec, packets
from central_sync.wire.compression import DICTIONARY, Level
from central_sync.wire.limits import BATCH_ITEMS_MAX, LIFE_BYTES, RUN_BYTES, WIRE_VERSION
from central_sync.wire.messages import Batch, BatchAnswer, ItemAnswer, Transaction, Verdict

LINES = 15
ITEMS = 3_000
BATCHES = 4
DAY = date(2025, 3, 20)
AT = datetime(2025, 3, 20, 0, 0, tzinfo=UTC)
HOSPITAL = "H11010800123"
HEADERS = (
    "POST /v1/exchange HTTP/1.1\r\nHost: hub.example:8443\r\nAccept: {kind}\r\nAccept-Encoding: identity\r\n"
    "Content-Type: {kind}\r\nUser-Agent: Python/3.11 aiohttp/3.13.2\r\nContent-Length: {length}\r\n\r\n"
)
WORDS = (
    "头孢", "呋辛", "阿莫西林", "氯化钠", "葡萄糖", "注射液", "胶囊", "片", "缓释", "肠溶", "血", "尿", "常规", "检查", "测定",
    "CT", "平扫", "增强", "静脉", "输液", "护理", "一级", "二级", "床位费", "材料费", "导管", "缝合", "针", "0.25g", "100ml", "12片/盒",
)  # fmt: skip
QUANTITIES = ("1", "1", "1", "1", "2", "2", "3", "6", "0.5", "1.25")
CLASSES = "AABBC"


class Hospital:
    """A seeded hospital's price list, and its transactions of one day."""

    def __init__(self, seed: int) -> None:
        self._chance = chance = random.Random(seed)
        codes = chance.sample(range(10**9), ITEMS)
        self._items = [(f"X{code:09d}", chance.randint(50, 90_000), "".join(chance.sample(WORDS, 3))) for code in codes]
        self._often = list(itertools.accumulate(1 / (rank + 5) for rank in range(ITEMS)))
        self._serial = 4_711_000
        self._at = AT

    def claims(self) -> Iterator[tuple[Transaction, packets.Fees]]:
        """Outpatients' bills without end, each of :data:`LINES` lines."""
        for case in itertools.count(1):
            self._at += timedelta(seconds=self._chance.expovariate(1 / 6))
            hid = from_serial(70_000 + case)
            fees = packets.Fees(hid=hid, currency="CNY", lines=[self._line() for _ in range(LINES)])
            moment = self._at + timedelta(milliseconds=self._chance.randint(2, 40))
            transaction = Transaction(
                msgid=f"{HOSPITAL}{self._at:%Y%m%d%H%M%S}{case % 10_000:04d}",
                number="2204",
                packet=msgspec.msgpack.encode(fees),
                lane=hid,
                recorded_at=moment,
                business_day=DAY,
                hid=hid,
                operator=f"{1000 + self._chance.randrange(40)}",
                workstation=f"desk-{self._chance.randrange(12)}",
            )
            yield transaction, fees

    def _line(self) -> packets.FeeLine:
        (item,) = self._chance.choices(self._items, cum_weights=self._often)
        code, price, name = item
        quantity = self._chance.choice(QUANTITIES)
        self._serial += 1
        return packets.FeeLine(
            serial=str(self._serial),
            item=code,
            quantity=quantity,
            unit_price=format(Decimal(price).scaleb(-2), "f"),
            amount=rounded(Fraction(quantity) * price, Rounding.HALF_UP),
            service_date=DAY,
            name=name,
        )

    def answer(self, batch: Batch, bills: Iterable[packets.Fees]) -> BatchAnswer:
        """What a hub says to it: each line with its class and its parts, a digest an item, a signature."""
        answers = [
            ItemAnswer(
                msgid=item.msgid,
                verdict=Verdict.FINAL,
                packet=msgspec.msgpack.encode(
                    packets.FeesAnswer(hid=bill.hid, lines=[self._priced(line) for line in bill.lines])
                ),
                decided_at=batch.sent_at + timedelta(milliseconds=number),
                digest=codec.digest("2204", bill),
            )
            for number, (item, bill) in enumerate(zip(batch.items, bills, strict=True))
        ]
        return BatchAnswer(
            version=WIRE_VERSION,
            hub_time=batch.sent_at + timedelta(seconds=1),
            answers=answers,
            signer="00d1c710ab5e9f32",
            signature=self._chance.randbytes(64),
        )

    def _priced(self, line: packets.FeeLine) -> packets.PricedLine:
        kind = CLASSES[sum(line.item.encode()) % len(CLASSES)]
        own = line.amount if kind == "C" else 0
        first = line.amount // 10 if kind == "B" else 0
        return packets.PricedLine(
            serial=line.serial, amount=line.amount, catalogue_class=kind, own_pay=own, over_ceiling=0,
            first_self_pay=first, in_scope=line.amount - own - first,
        )  # fmt: skip

    def batch(self, items: list[Transaction], head: int) -> Batch:
        """The items as one batch of the backlog."""
        return Batch(
            version=WIRE_VERSION, institution=HOSPITAL, sent_at=self._at, items=list(items),
            life=bytes(range(LIFE_BYTES)), head=head, run=bytes(range(RUN_BYTES)),
        )  # fmt: skip


def on_the_line(body: bytes, kind: str) -> int:
    """Bytes of a request with ``body``."""
    return len(HEADERS.format(kind=kind, length=len(body)).encode()) + len(body)


def as_json(transaction: Transaction, fees: packets.Fees) -> bytes:
    """The transaction as JSON, its packet written out."""
    return msgspec.json.encode({**msgspec.to_builtins(transaction), "packet": msgspec.to_builtins(fees)})


def measure(*, quick: bool = False) -> Iterable[Figure]:
    """Bytes a claim, of whole batches at the backlog's level, and at the level for thin lines; and of the answers."""
    hospital = Hospital(seed=1)
    count = BATCH_ITEMS_MAX * (1 if quick else BATCHES)
    claims = list(itertools.islice(hospital.claims(), count))
    reference = sum(on_the_line(as_json(*claim), "application/json") for claim in claims) / count
    parts = [claims[at : at + BATCH_ITEMS_MAX] for at in range(0, count, BATCH_ITEMS_MAX)]
    batches = [hospital.batch([item for item, _ in part], 70_000) for part in parts]
    answers = [hospital.answer(batch, [fees for _, fees in part]) for batch, part in zip(batches, parts, strict=True)]
    what, against = "a claim of 15 lines in the backlog", "the same as JSON, one by one, with HTTP headers"
    for name, messages, level, goal in (
        ("wire-size", batches, Level.BACKLOG, 1 / 12),
        ("wire-size-thin", batches, Level.THIN, 1 / 12),
        ("wire-size-answers", answers, Level.BACKLOG, 1 / 12),
    ):
        bodies = [codec.pack(message, level=level, dictionary=DICTIONARY) for message in messages]
        value = sum(on_the_line(body, codec.CONTENT_TYPE) for body in bodies) / count
        told = what if messages is batches else "the answer to it, of which nothing is counted above"
        yield Figure(name, value, "bytes", reference, goal, at_most=True, what=told, against=against)
    alone = codec.pack(hospital.batch([claims[0][0]], 1), dictionary=DICTIONARY)
    yield Figure(
        "wire-size-alone", float(on_the_line(alone, codec.CONTENT_TYPE)), "bytes", reference, 0.4, at_most=True,
        what="one claim that somebody waits for", against=against,
    )  # fmt: skip
