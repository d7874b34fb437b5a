"""One ear for all pages: who is woken, and that nobody listens for nobody."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from edge.console.desk.bells import Bells
from edge.events import Event, Events
from tests.patience import HUNG_S

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def outcome(hid: str) -> Event:
    return Event(kind="outcome", at=NOW, data={"hid": hid})


async def test_a_page_that_waits_is_woken_by_its_case_and_not_by_another() -> None:
    events = Events()
    bells = Bells(events)
    await bells.start()
    page = asyncio.create_task(bells.wait("case-1", HUNG_S))
    await asyncio.sleep(0)
    events.publish(outcome("case-2"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not page.done()
    events.publish(outcome("case-1"))
    await asyncio.wait_for(page, HUNG_S / 2)
    await bells.stop()


async def test_nobody_listens_while_no_page_waits() -> None:
    events = Events()
    bells = Bells(events)
    await bells.start()
    assert not events.watched
    for _ in range(3):
        page = asyncio.create_task(bells.wait("case-1", HUNG_S))
        await asyncio.sleep(0)
        assert events.watched
        events.publish(outcome("case-1"))
        await asyncio.wait_for(page, HUNG_S / 2)
        assert not events.watched
    await bells.stop()


async def test_who_is_to_be_told_of_everything_is_told_from_the_start_to_the_stop() -> None:
    events, heard, both = Events(), list[str](), asyncio.Event()
    bells = Bells(events)

    def told(event: Event) -> None:
        heard.append(event.data["hid"])
        if len(heard) == 2:
            both.set()

    bells.tell(told)
    assert not events.watched
    await bells.start()
    events.publish(outcome("case-1"))
    events.publish(outcome("case-2"))
    await asyncio.wait_for(both.wait(), HUNG_S)
    await bells.stop()
    assert not events.watched
    assert heard == ["case-1", "case-2"]


async def test_pages_that_wait_are_let_go_at_the_stop() -> None:
    bells = Bells(Events())
    await bells.start()
    pages = [asyncio.create_task(bells.wait("case-1", HUNG_S)) for _ in range(2)]
    await asyncio.sleep(0)
    await bells.stop()
    await asyncio.wait_for(asyncio.gather(*pages), HUNG_S / 2)
