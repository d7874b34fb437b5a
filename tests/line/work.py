"""What a hospital does over a bad line, and what must be true of it afterwards."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pysqlite3 import dbapi2 as sqlite

from tests.e2e.town import INSTITUTION, Town, settle

RESOLVED_S_MAX = 60
LATE_MS_MAX = 10_000
"""A loaded test machine may be so much slower than an edge: an answer is late beyond that."""


class Day:
    """Calls of many threads, and what each was told."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.told: dict[str, str] = {}
        self.codes: Counter[str] = Counter()
        self._gate = threading.Lock()

    def call(self, number: str, packet: dict[str, Any], deadline_ms: int = 5_000) -> dict[str, Any]:
        """One transaction; never late, and what it was told is kept."""
        with self._gate:
            msgid = self.town.msgid()
        began = time.monotonic()
        body = self.town.handle(number, packet, msgid, deadline_ms=deadline_ms)
        took_ms = (time.monotonic() - began) * 1000
        assert took_ms <= deadline_ms + LATE_MS_MAX, f"{number} took {took_ms:.0f} of {deadline_ms} ms"
        with self._gate:
            self.told[msgid] = body["outcome"]
            self.codes[(body.get("error") or {}).get("code", "")] += 1
        return body

    def fees(self, hid: str, count: int, deadline_ms: int = 5_000, threads: int = 12, first: int = 100) -> None:
        """``count`` bill lines of one case, many at once."""
        serials = [str(first + number) for number in range(count)]
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda serial: self.call("2204", self.town.fees(hid, serial), deadline_ms), serials))

    def settle(self, hid: str, lines: int, deadline_ms: int = 5_000) -> dict[str, Any]:
        """Settle a case of so many lines."""
        return self.call("2207", settle(hid, lines * 920_000), deadline_ms)

    def ends_well(self) -> None:
        """Everything is decided without a person, as it was told, and the hub has each once."""
        for msgid, first in list(self.told.items()):
            last = eventually(lambda msgid=msgid: self._decided(msgid), f"{msgid} is not decided")  # type: ignore[misc]
            assert last == "final" or first in ("refused", "in_doubt"), f"{msgid} was {first}, then {last}"
            assert first != "refused" or last == "refused"
            self.told[msgid] = last
        at_hub = ledger(self.town)
        for msgid, last in self.told.items():
            assert at_hub[msgid] == (1 if last == "final" else 0), (
                f"{msgid} is {last}, at the hub {at_hub[msgid]} times"
            )

    def _decided(self, msgid: str) -> str:
        found = self.town.call("query", original_msgid=msgid)[1].get("answer") or {}
        outcome: str = found.get("outcome", "")
        return outcome if outcome in ("final", "refused") else ""


def ledger(town: Town) -> Counter[str]:
    """How often the hub has carried out each msgid."""
    with contextlib.closing(sqlite.connect(f"{(town.hub_folder / 'hub.db').as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "select msgid from ledger where institution = ? and verdict = 'final'", (INSTITUTION,)
        ).fetchall()
    return Counter(msgid for (msgid,) in rows)


def eventually(look: Callable[[], Any], what: str, within_s: float = RESOLVED_S_MAX) -> Any:
    """What ``look`` finds, as soon as it is something."""
    ends = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < ends, what
        time.sleep(0.1)
    return found
