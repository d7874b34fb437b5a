"""SHELL: what the hub has for us, by long poll: leases of HIDs, notices, confirmations decided by people.

The body of an item and the cursor are stored in one commit, then told. The poll says how many HIDs are left; when half of what
was said is used up, it is cut short and said anew, so that a new lease comes before the old one ends. The first poll after a start or a
failure does not wait: what it brings is that the line is up, and the hub's clock.

The poll also says which rulebook we have heard of; the answer may name a newer one (rulebooks.py). The same for the hub's authority (anchors/).

All but the first poll after a break also say how the edge is (report.py): at least as often as a poll ends, which is every ``FEED_WAIT_S`` or
earlier if the hub says so by ending it.

The poll also tells the journal's life and head. If the hub knows a later state of it (``life_over``), the journal begins a new life.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog

from central_sync.wire import reports
from central_sync.wire.limits import PAYERS_TOLD_MAX
from central_sync.wire.messages import EdgeReport, Feed, Notice, PayerWord
from edge.anchors.taking import Anchors
from edge.errors import JournalUnavailable, LineBroken, LineRefused
from edge.events import Event, Events
from edge.journal import Journal
from edge.limits import (
    FEED_PAUSE_S,
    FEED_WAIT_PART_MIN,
    FEED_WAIT_S,
    FEED_WAIT_SKEWED_S,
    LIFE_PAUSE_S,
    REPORT_PAUSE_S,
    RETRY_CAP_S,
    RETRY_FIRST_S,
)
from edge.line import Heads, Line
from edge.log import located
from edge.retry import Backoff
from edge.rulebooks import Rulebooks
from edge.uplink import Uplink
from edge.waiting import outcome_event

LIFE_NOTICE = (
    "The hub has seen a later state of this gateway's journal: it was restored from an old copy, set back, or runs twice. It goes on with"
    " new case numbers. Reconcile the days since that copy, and make sure that no second box runs with this identity."
)
_log = structlog.get_logger(__name__)
_BACKOFF = Backoff(RETRY_FIRST_S, RETRY_CAP_S)


class Downlink:
    """The long poll. ``cursor`` is that of the last item stored; ``report`` makes what the hub is told of the edge, if anything."""

    def __init__(
        self,
        line: Line,
        journal: Journal,
        uplink: Uplink,
        events: Events,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        rulebooks: Rulebooks | None = None,
        report: Callable[[], Awaitable[EdgeReport]] | None = None,
        anchors: Anchors | None = None,
    ) -> None:
        self._line = line
        self._journal = journal
        self._uplink = uplink
        self._events = events
        self._now = now
        self._rulebooks = rulebooks
        if rulebooks is not None:
            rulebooks.look = self.look
        self._report = report
        self._anchors = anchors
        self._reported_at = float("-inf")
        self._anew = asyncio.Event()
        self._hids_told = 0
        self._connected = False
        self._no_life_before = 0.0
        self._task: asyncio.Task[None] | None = None
        self.cursor = 0
        self.payers: tuple[PayerWord, ...] | None = None
        """The payers that the hub waited for when it was last heard; ``None``: it has not said."""

    async def start(self) -> None:
        """Begin to poll.

        Raises:
            JournalUnavailable: the cursor cannot be read.
        """
        self.cursor = await self._journal.feed_cursor()
        self._task = asyncio.create_task(self._run(), name="downlink")

    async def stop(self) -> None:
        """End the poll. Safe to call twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def hids_left(self, left: int) -> None:
        """An HID was taken; when half of what the hub was told is gone, tell it anew."""
        if left * 2 <= self._hids_told:
            self._hids_told = left
            self._anew.set()

    def look(self) -> None:
        """Ask the hub at once: its clock, and what it has for us."""
        self._anew.set()

    async def _run(self) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            try:
                feed = await self._poll()
                if feed is not None:
                    self._uplink.heard()
                    self.payers = None if feed.payers is None else tuple(feed.payers[:PAYERS_TOLD_MAX])
                    await self._store(feed)
                    failures = 0
                    fresh, self._connected = not self._connected, True
                    if not feed.items and not fresh and time.monotonic() - began < FEED_PAUSE_S:
                        await asyncio.sleep(FEED_PAUSE_S)
                continue
            except LineBroken:
                self._uplink.broke(began)
            except LineRefused as error:
                if error.code == "hub_busy":  # it is there, and somebody's turn comes first
                    self._uplink.heard()
                    await asyncio.sleep(min(error.retry_after_s, RETRY_CAP_S))
                else:
                    self._uplink.broke(began, error.code)
                if error.code == "life_over" and await self._new_life():
                    continue
            except JournalUnavailable:
                _log.error("the feed could not be stored")
            except Exception:  # noqa: BLE001 -- a fault of ours in one item must not end the feed for good
                _log.exception("the feed failed inside", cursor=self.cursor)
            failures += 1
            self._connected = False
            await self._pause(failures)

    async def _new_life(self) -> bool:
        """The journal went back in time: go on under a new name, and say so loudly. ``False``: the disk did not take it, or it has
        happened just before, which means that a second box runs with this identity: then a person has to end one of them.
        """
        if time.monotonic() < self._no_life_before:
            _log.error("a second box runs with this identity: end one of them", cursor=self.cursor)
            return False
        now = self._now()
        _log.error("the hub knows a later state of this journal: a new life begins", cursor=self.cursor)
        try:
            await self._journal.begin_life("life_over", now)
        except JournalUnavailable:
            return False
        self._no_life_before = time.monotonic() + LIFE_PAUSE_S
        data = {"text": LIFE_NOTICE, "audience": "technician", "cursor": self.cursor}
        self._events.publish(Event(kind="notice", at=now, data=data))
        return True

    async def _poll(self) -> Feed | None:
        """What the hub has; ``None``: cut short, to be asked anew."""
        self._anew.clear()
        self._hids_told = await self._journal.hids_left()
        heads = Heads(self._journal.life, self._journal.head, self._journal.opened)
        said = (self._rulebooks.said() if self._rulebooks else {}) | await self._reported()
        said |= self._anchors.said() if self._anchors else {}
        poll = self._line.feed(self.cursor, self._wait_s(), self._hids_told, heads, said)
        polling = asyncio.create_task(poll, name="feed")
        bell = asyncio.create_task(self._anew.wait(), name="feed-anew")
        try:
            await asyncio.wait({polling, bell}, return_when=asyncio.FIRST_COMPLETED)
            if not polling.done():
                return None
            feed = await polling
            if self._rulebooks:
                self._rulebooks.told(feed.bundle, said)
            if self._anchors:
                self._anchors.told(feed.handover)
            return feed
        finally:
            for task in (polling, bell):
                task.cancel()
            await asyncio.gather(polling, bell, return_exceptions=True)

    def _wait_s(self) -> float:
        if not self._connected:
            return 0.0
        if self._line.skewed:
            return FEED_WAIT_SKEWED_S
        return FEED_WAIT_S * random.uniform(FEED_WAIT_PART_MIN, 1.0)  # noqa: S311 -- it spreads polls, no more

    async def _reported(self) -> dict[str, str]:
        """What this poll says of the edge; nothing if it cannot be said, for the feed is worth more."""
        if self._report is None or not self._connected or time.monotonic() - self._reported_at < REPORT_PAUSE_S:
            return {}
        try:
            said = reports.encoded(await self._report())
        except Exception as error:  # noqa: BLE001 -- a fault in what is only told must not end the feed
            _log.error("the report to the hub could not be made", **located(error))
            return {}
        self._reported_at = time.monotonic()
        return {"report": said}

    async def _store(self, feed: Feed) -> None:
        if not feed.items:
            return
        cursor = max(item.cursor for item in feed.items)
        now = self._now()
        changed = await self._journal.take_feed(cursor, [(item.cursor, item.body) for item in feed.items], now)
        fresh = [item for item in feed.items if item.cursor > self.cursor]
        self.cursor = max(cursor, self.cursor)
        for item in fresh:
            if isinstance(item.body, Notice):
                data = {"text": item.body.text, "audience": item.body.audience, "cursor": item.cursor}
                self._events.publish(Event(kind="notice", at=now, data=data))
        for standing in changed:
            self._events.publish(outcome_event(standing, now))

    async def _pause(self, failures: int) -> None:
        """Wait for the line to come back, or for the next attempt to be due, or for somebody who asks."""
        due = _BACKOFF.next_at(failures, 0.0, random.random())  # noqa: S311 -- it spreads retries, no more
        waits = [asyncio.create_task(self._anew.wait(), name="feed-anew")]
        if not self._uplink.up:
            waits.append(asyncio.create_task(self._uplink.came_up.wait(), name="line-up"))
        try:
            await asyncio.wait(waits, timeout=due, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
