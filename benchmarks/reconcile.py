"""What it costs to find ten differences among a hundred thousand transactions: kilobytes on the line, and the time of both sides.

Both sides build their sets from msgids and digests, as edge and hub do, and talk in packed messages with the shared dictionary. HTTP
headers of each round are counted, TLS and TCP are not.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from benchmarks.figure import Figure, absolute
from benchmarks.wire_size import HEADERS, on_the_line
from central_sync.wire import codec
from central_sync.wire.compare import Comparison, Differences, Items, answered, fingerprint_of, key_of
from central_sync.wire.compression import DICTIONARY
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import CompareAnswer, CompareRequest

TRANSACTIONS = 100_000
QUICK_TRANSACTIONS = 5_000
DIFFERENCES = 10
KILOBYTES_MAX = 100
SECONDS_MAX = 10
FROM = datetime(2025, 3, 20, tzinfo=UTC)
TO = FROM + timedelta(days=1)


def _sides(count: int, seed: int) -> tuple[list[tuple[bytes, bytes]], list[tuple[bytes, bytes]]]:
    """The items of edge and hub: three only at the edge, three only at the hub, the rest of the ten with another confirmation."""
    chance = random.Random(seed)
    edge, hub = [], []
    odd = dict(zip(chance.sample(range(count), DIFFERENCES), range(DIFFERENCES), strict=True))
    for number in range(count):
        key, digest = key_of(f"H11010800123{number:018d}"), hashlib.sha256(number.to_bytes(4)).digest()
        fault = odd.get(number, DIFFERENCES)
        confirmation = "awaited" if 6 <= fault < DIFFERENCES else "confirmed"
        if fault >= 3:
            edge.append((key, fingerprint_of(digest, final=True, confirmation=confirmation)))
        if fault < 3 or fault >= 6:
            hub.append((key, fingerprint_of(digest, final=True, confirmation="confirmed")))
    return edge, hub


def _compared(edge: Items, hub: Items) -> tuple[Differences, int]:
    """What differs, and the bytes that crossed the line."""
    comparison, crossed = Comparison(edge), 0
    while (asked := comparison.questions()) is not None:
        splits, lists = asked
        request = CompareRequest(version=WIRE_VERSION, from_at=FROM, to_at=TO, splits=splits, lists=lists)
        question = codec.pack(request, dictionary=DICTIONARY)
        answer = codec.pack(answered(hub, request, lambda _: None, TO), dictionary=DICTIONARY)
        crossed += on_the_line(question, codec.CONTENT_TYPE) + len(HEADERS) + len(answer)
        comparison.receive(codec.unpack(answer, CompareAnswer))
    return comparison.differences, crossed


def measure(*, quick: bool = False) -> Iterable[Figure]:
    """Kilobytes exchanged, and seconds of both sides together."""
    edge, hub = _sides(QUICK_TRANSACTIONS if quick else TRANSACTIONS, seed=1)
    started = time.perf_counter()
    found, crossed = _compared(Items(edge), Items(hub))
    taken = time.perf_counter() - started
    assert tuple(map(len, found)) == (3, 3, 4), "the difference is exact, or the figure means nothing"
    what = f"{DIFFERENCES} differences among {len(edge):,} transactions"
    yield absolute("reconcile-size", crossed / 1000, "KB", KILOBYTES_MAX, what)
    yield absolute("reconcile-time", taken, "s", SECONDS_MAX, f"{what}, both sides in one thread")
