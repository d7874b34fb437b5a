"""The line between an edge and an agent: bounded both ways, and ended when the other side breaks its rules."""

from __future__ import annotations

import asyncio

from edge.readers import Change
from edge.readers.remote import codec
from edge.readers.remote.limits import (
    MESSAGE_BYTES_MAX,
    OUTBOUND_MESSAGES_MAX,
)
from tests.edge.agent.office import NUMBER, SEEN_S_MAX, Office, put
from tests.edge.readers.remote.played import CARD, WANTED, Played


async def test_an_oversized_message_and_a_text_cut_the_line(office: Office, played: Played) -> None:
    await played.socket.send_bytes(b"x" * (MESSAGE_BYTES_MAX + 1))
    assert await played.cut_off()


async def test_a_text_cuts_the_line(office: Office, played: Played) -> None:
    await played.socket.send_str("hello")
    assert await played.cut_off()


async def test_an_endless_agent_is_heard_slowly_and_holds_nobody_up(office: Office, played: Played) -> None:
    async def flood() -> None:
        while True:
            await played.say(codec.Happened(change=Change.INSERTED, state=CARD))
            await played.socket.ping()

    pc = office.pair("pc-2")
    (pc / "card").mkdir()
    flooding = asyncio.create_task(flood())
    await asyncio.sleep(0.5)
    await office.run(pc)
    async with asyncio.timeout(SEEN_S_MAX):
        while not any(state.name == "pc-2/card" and state.connected for state in office.readers.states()):  # noqa: ASYNC110 - asked, not told
            await asyncio.sleep(0.02)
    put(pc / "card")
    assert (await office.readers.read("pc-2/card", 5, WANTED)).number == NUMBER
    assert office.told.qsize() < 300
    flooding.cancel()
    await asyncio.gather(flooding, return_exceptions=True)


async def test_an_agent_that_does_not_listen_is_cut_off(office: Office, played: Played) -> None:
    session = office.readers._sessions["pc-1"]
    for _ in range(OUTBOUND_MESSAGES_MAX + 1):
        session._link.say(codec.ReadDropped(number=1))
    assert [await office.next(), await office.next()] == ["removed", "reader_lost"]
