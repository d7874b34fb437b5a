"""How soon the clerk's desk is on the screen, how soon a name is there after a card was read, and what its page weighs.

A real hub and a real edge as processes, a real browser on loopback, a reader that is a folder. The read itself is the reader's affair: the clock starts when the edge has read
the card (its ``read`` event says when) and stops in the browser, when the name is in the page.
"""

from __future__ import annotations

import http.client
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import Browser, Page

from benchmarks.figure import Figure, absolute, percentile
from tests.browser import chromium
from tests.e2e.desk_town import DeskTown, sign_in

PAINT_MS_MAX = 300.0
NAME_MS_MAX = 150.0
WEIGHT_KB_MAX = 150.0
SEEN_MS_MAX = 20_000
_PAINT = "performance.getEntriesByType('paint').find(one => one.name === 'first-contentful-paint')?.startTime ?? -1"
_WATCH = """
new MutationObserver((_, self) => {
  if (!document.querySelector(".card-sight .person-name")) return;
  self.disconnect();
  window.nameSeen(Date.now());
}).observe(document.querySelector("[data-desk-live]"), {childList: true, subtree: true});
"""


@dataclass(frozen=True)
class _Size:
    loads: int
    cards: int


FULL, QUICK = _Size(loads=30, cards=20), _Size(loads=3, cards=2)


class _Reads(threading.Thread):
    """When the edge has read a card, by its own event stream, in milliseconds since 1970."""

    def __init__(self, town: Any) -> None:
        super().__init__(daemon=True)
        self._connection = http.client.HTTPConnection(urlsplit(town.edge.face).netloc, timeout=600)
        self._connection.request(
            "GET", f"/cards/v1/events?{urlencode(town.context)}", headers={"Authorization": f"Bearer {town.token}"}
        )
        self._answer = self._connection.getresponse()
        self.at_ms: list[float] = []

    def run(self) -> None:
        kind = ""
        for line in self._answer:  # until the edge ends
            name, _, value = line.decode().strip("\r\n").partition(": ")
            kind = value if name == "event" else kind
            if name == "data" and kind == "read":
                self.at_ms.append(datetime.fromisoformat(json.loads(value)["at"]).timestamp() * 1000)


def _paints(page: Page, address: str, loads: int) -> list[float]:
    """First contentful paints of the desk, in milliseconds from the navigation's start."""
    taken: list[float] = []
    for _ in range(loads + 1):
        page.goto(address)
        page.wait_for_selector(".card-sight.empty")
        deadline = time.monotonic() + SEEN_MS_MAX / 1000
        while (painted := float(page.evaluate(_PAINT))) < 0:
            if time.monotonic() > deadline:
                raise RuntimeError("the desk was not painted")
            page.wait_for_timeout(20)
        taken.append(painted)
    return taken[1:]


def _names(page: Page, town: DeskTown, cards: int) -> list[float]:
    """Milliseconds from the read of a card to its name in the page."""
    seen: list[float] = []

    def note(at_ms: float) -> None:
        seen.append(at_ms)

    page.expose_function("nameSeen", note)
    reads = _Reads(town)
    reads.start()
    for done in range(cards):
        page.goto(f"{town.address}desk")
        page.wait_for_selector(".card-sight.empty", timeout=SEEN_MS_MAX)
        page.evaluate(_WATCH)
        town.put()
        page.wait_for_selector(".who-is", timeout=SEEN_MS_MAX)
        town.take()
        deadline = time.monotonic() + SEEN_MS_MAX / 1000
        while len(seen) <= done or len(reads.at_ms) <= done:
            if time.monotonic() > deadline:
                raise RuntimeError("a card's name was not seen")
            page.wait_for_timeout(20)
    return [screen - read for screen, read in zip(seen, reads.at_ms, strict=True)]


def _weight_kb(browser: Browser, town: DeskTown) -> float:
    """What a browser that has nothing loads for the desk's first page."""
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, town)
    state = context.storage_state()
    context.close()
    fresh = browser.new_context(storage_state=state)
    page, weights = fresh.new_page(), list[int]()
    page.on(
        "response",
        lambda answer: weights.append(len(answer.body())) if not answer.url.endswith("/live") and answer.ok else None,
    )
    page.goto(f"{town.address}desk", wait_until="load")
    page.wait_for_selector(".card-sight")
    page.wait_for_timeout(500)
    fresh.close()
    return sum(weights) / 1024


def measure(*, quick: bool) -> Iterable[Figure]:
    """Milliseconds to the first paint and to a name, kilobytes of the page."""
    size = QUICK if quick else FULL
    with tempfile.TemporaryDirectory() as place, DeskTown(Path(place)) as town, chromium() as browser:
        page = browser.new_context(locale="fa").new_page()
        sign_in(page, town)
        paints = _paints(page, f"{town.address}desk", size.loads)
        names = _names(page, town, size.cards)
        weight = _weight_kb(browser, town)
    paint, late = statistics.median(paints), percentile(paints, 0.9)
    yield absolute(
        "desk-paint", paint, "ms", PAINT_MS_MAX, f"first useful paint of the desk, median (p90: {late:.0f} ms)"
    )
    yield absolute(
        "desk-name", percentile(names, 0.9), "ms", NAME_MS_MAX, "from a card's read to the name on the screen, p90"
    )
    yield absolute("desk-weight", weight, "KB", WEIGHT_KB_MAX, "all that the desk's first page loads, without fonts")
