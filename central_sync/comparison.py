"""The hub's side of reconciliation by range digests: what it holds of a hospital and a time, told in kilobytes.

Rules
    * The rounds of one comparison are answered from one look at the database, kept for a short while; the first question of a
      comparison (the whole range) looks anew. Without the kept one (another process, or it had to make room) the hub looks again:
      if something changed meanwhile, the asking side finds that out and begins again.
    * A hospital is told of its own transactions only. What is compared is what is final: see ``wire/compare.py``.
    * One look at a time: it costs a second of processor for 200,000 transactions, which clerks need more.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from central_sync import limits
from central_sync.store import Store, UnitOfWork
from central_sync.wire.compare import Items, answered, fingerprint_of, key_of
from central_sync.wire.limits import WIRE_VERSION, WIRE_VERSION_OLDEST
from central_sync.wire.messages import CompareAnswer, CompareRequest, Named
from central_sync.wire.refusals import Refused


class Window(NamedTuple):
    """Whose transactions, recorded in [``from_at``, ``to_at``)."""

    institution: str
    from_at: datetime
    to_at: datetime


class Comparisons:
    """Answers the questions of comparisons; any number of threads may ask. ``elapsed`` gives seconds of a clock that only grows."""

    def __init__(self, store: Store, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._elapsed = elapsed
        self._looking = threading.Lock()
        self._kept: OrderedDict[Window, tuple[float, Items]] = OrderedDict()

    def answer(self, institution: str, request: CompareRequest, now: datetime) -> CompareAnswer:
        """Answer one question of the edge that proved to be ``institution``'s.

        Raises:
            Refused: ``packet_invalid``, ``packet_too_large`` (compare a shorter time), ``version_unsupported``.
            StoreError: the database.
        """
        window = _window(institution, request)
        with self._looking:
            items = self._items(window, fresh="" in request.splits)
            named = self._named(window, frozenset(request.names)) if request.names else {}
        return answered(items, request, named.get, now)

    def _items(self, window: Window, *, fresh: bool) -> Items:
        now_s = self._elapsed()
        for kept, (made_s, _) in list(self._kept.items()):
            if now_s - made_s > limits.COMPARE_KEPT_S:
                del self._kept[kept]
        if window in self._kept and not fresh:
            self._kept.move_to_end(window)
            return self._kept[window][1]
        self._kept.pop(window, None)
        with self._store.read() as uow:
            items = Items(_pairs(uow, window))
        self._kept[window] = (now_s, items)
        while sum(len(held) for _, held in self._kept.values()) > limits.COMPARE_ROWS_KEPT_MAX and len(self._kept) > 1:
            self._kept.popitem(last=False)
        return items

    def _named(self, window: Window, keys: frozenset[bytes]) -> dict[bytes, Named]:
        found: dict[bytes, Named] = {}
        with self._store.read() as uow:
            for msgid, number, recorded_at in uow.ledger.named(*window):
                if (key := key_of(msgid)) in keys:
                    found[key] = Named(key=key, msgid=msgid, number=number, recorded_at=recorded_at)
        return found


def _window(institution: str, request: CompareRequest) -> Window:
    if not WIRE_VERSION_OLDEST <= request.version <= WIRE_VERSION:
        raise Refused("version_unsupported", f"this end reads {WIRE_VERSION_OLDEST} to {WIRE_VERSION}")
    ends = (request.from_at, request.to_at)
    if any(end.tzinfo is None for end in ends):
        raise Refused("packet_invalid", "an instant carries its zone")
    if any(not limits.RECORDED_YEAR_MIN <= end.year <= limits.RECORDED_YEAR_MAX for end in ends) or ends[0] > ends[1]:
        raise Refused("packet_invalid", "$.from_at, $.to_at")
    return Window(institution, *(end.astimezone(UTC) for end in ends))


def _pairs(uow: UnitOfWork, window: Window) -> Iterator[tuple[bytes, bytes]]:
    for count, (msgid, digest, confirmation) in enumerate(uow.ledger.compared(*window)):
        if count == limits.COMPARE_ROWS_MAX:
            raise Refused("packet_too_large", f"over {limits.COMPARE_ROWS_MAX} transactions: compare a shorter time")
        yield key_of(msgid), fingerprint_of(digest, final=True, confirmation=confirmation)
