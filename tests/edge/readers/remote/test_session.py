"""One agent that is connected: its reads, its events, and what it cannot do."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import aiohttp
import msgspec
import pytest

from edge.agent import pairing
from edge.agents_port import ensure
from edge.readers import READ_REFUSALS, Change, Wanted
from edge.readers.remote import codec
from edge.readers.remote.limits import (
    MADE_AT_ONCE_MAX,
    READERS_PER_AGENT_MAX,
    READS_UNDER_WAY_MAX,
)
from edge.readers.remote.pairing import LINE_PATH
from edge.readers.remote.session import away, changes
from tests.edge.agent.office import NUMBER, SEEN_S_MAX, Office, clock
from tests.edge.readers.remote.played import CARD, WHO, Played, read, refused


def test_a_change_is_told_in_the_order_in_which_it_can_have_happened() -> None:
    assert [str(one) for one in changes(None, CARD)] == ["reader_back", "inserted"]
    assert [str(one) for one in changes(CARD, away(CARD))] == ["removed", "reader_lost"]
    assert changes(CARD, CARD) == []
    assert away(CARD).trouble == "agent_away"


async def test_an_answer_is_given_as_it_came_but_for_a_photo_that_nobody_asked_for(
    office: Office, played: Played
) -> None:
    for photo in (False, True):
        reading = read(office, 5, Wanted(photo=photo))
        asked = await played.asked()
        assert (asked.reader, asked.photo, asked.deadline_s) == ("card", photo, pytest.approx(5, abs=0.1))
        await played.say(codec.ReadDone(number=asked.number, identity=WHO))
        assert (await reading).photo == (b"face" if photo else b"")


@pytest.mark.parametrize("code", READ_REFUSALS)
async def test_every_refusal_arrives(office: Office, played: Played, code: str) -> None:
    reading = read(office)
    await played.say(codec.ReadFailed(number=(await played.asked()).number, code=code, detail="why"))
    assert await refused(reading) == code


async def test_what_came_before_a_removal_has_ended_when_the_removal_is_told(office: Office, played: Played) -> None:
    reading = read(office)
    asked = await played.asked()
    ended_when_told: list[bool] = []
    office.readers._on_event = lambda _: ended_when_told.append(reading.done())
    gone = msgspec.structs.replace(CARD, card_present=False)
    frames = [codec.ReadDone(number=asked.number, identity=WHO), codec.Happened(change=Change.REMOVED, state=gone)]
    await played.say(*frames)
    await reading
    async with asyncio.timeout(SEEN_S_MAX):
        while not ended_when_told:  # noqa: ASYNC110 - the test's own list
            await asyncio.sleep(0.01)
    assert ended_when_told == [True]


async def test_an_agent_that_is_silent_keeps_a_read_no_longer_than_its_deadline(office: Office, played: Played) -> None:
    began = asyncio.get_running_loop().time()
    assert await refused(read(office, 0.5)) == "reader_lost"
    assert asyncio.get_running_loop().time() - began < SEEN_S_MAX
    asked = await played.asked()
    dropped = await played.hear()
    assert dropped == codec.ReadDropped(number=asked.number)
    await played.say(codec.ReadDone(number=asked.number, identity=WHO))
    assert office.readers.connected() == ["pc-1"]


async def test_a_read_that_is_cancelled_is_dropped_at_the_agent(office: Office, played: Played) -> None:
    reading = read(office)
    asked = await played.asked()
    reading.cancel()
    assert await played.hear() == codec.ReadDropped(number=asked.number)


async def test_only_so_many_reads_are_asked_of_one_agent(office: Office, played: Played) -> None:
    readings = [read(office) for _ in range(READS_UNDER_WAY_MAX)]
    for _ in readings:
        await played.asked()
    assert await refused(read(office)) == "reader_busy"
    for reading in readings:
        reading.cancel()


# -- hostile agents


NONSENSE = {
    "no message": b"hello",
    "an unknown message": msgspec.msgpack.encode({"type": "burn"}),
    "wrong types": msgspec.msgpack.encode({"type": "readers", "readers": "all"}),
    "thousands of readers": codec.frame(codec.ReadersAre(readers=[CARD] * 3_000)),
    "a name of control characters": codec.frame(codec.ReadersAre(readers=[msgspec.structs.replace(CARD, name="\0\n")])),
    "a name without end": codec.frame(codec.ReadersAre(readers=[msgspec.structs.replace(CARD, name="x" * 10_000)])),
}


@pytest.mark.parametrize("content", NONSENSE.values(), ids=NONSENSE.keys())
async def test_an_agent_that_says_nonsense_is_cut_off(office: Office, played: Played, content: bytes) -> None:
    await played.socket.send_bytes(content)
    assert await played.cut_off()
    assert [await office.next(), await office.next()] == ["removed", "reader_lost"]
    assert office.state("pc-1/card").trouble == "agent_away"


async def test_readers_that_grow_one_by_one_are_bounded_too(office: Office, played: Played) -> None:
    for n in range(READERS_PER_AGENT_MAX + 1):
        await played.say(
            codec.Happened(change=Change.READER_BACK, state=msgspec.structs.replace(CARD, name=f"card-{n}"))
        )
    assert await played.cut_off()
    assert len(office.readers.states()) <= READERS_PER_AGENT_MAX


async def test_lies_about_a_card_end_in_a_refusal_and_answers_to_nothing_in_nothing(
    office: Office, played: Played
) -> None:
    reading = read(office)
    asked = await played.asked()
    await played.say(
        codec.ReadDone(number=asked.number + 1, identity=WHO),
        codec.ReadFailed(number=999, code="card_absent"),
        codec.ReadDone(number=asked.number, identity=msgspec.structs.replace(WHO, number="0499370898")),
        codec.ReadDone(number=asked.number, identity=WHO),
    )
    assert await refused(reading) == "card_unreadable"
    reading = read(office)
    await played.say(codec.ReadFailed(number=(await played.asked()).number, code="burn"))
    assert await refused(reading) == "reader_failed"


async def test_a_read_made_at_the_pc_is_told_once_it_can_be_believed(office: Office, played: Played) -> None:
    name = "abcdefghijklmnopqrstuv"
    lie = msgspec.structs.replace(WHO, number="0499370898")
    await played.say(
        codec.ReadMade(read_id=name, reader="card", identity=lie),
        codec.ReadMade(read_id=name, reader="no-such", identity=WHO),
        codec.ReadMade(read_id=name, reader="card", identity=WHO),
    )
    assert await played.hear() == codec.ReadNoted(read_id=name)
    ((read_id, reader, who),) = office.made
    assert (read_id, reader.name, who.number, who.photo) == (name, "pc-1/card", NUMBER, b"")


async def test_readers_that_are_renamed_without_end_cost_no_more_than_a_few_events_a_second(
    office: Office, played: Played
) -> None:
    async def rename() -> None:
        for turn in range(100_000):
            names = [f"card-{turn}-{n}" for n in range(READERS_PER_AGENT_MAX)]
            await played.say(codec.ReadersAre(readers=[msgspec.structs.replace(CARD, name=name) for name in names]))

    renaming = asyncio.create_task(rename())
    await asyncio.sleep(1.5)
    renaming.cancel()
    await asyncio.gather(renaming, return_exceptions=True)
    assert office.told.qsize() < 300
    assert len(office.readers.states()) == READERS_PER_AGENT_MAX


async def test_a_pc_cannot_drive_the_reads_of_others_out_of_memory(office: Office, played: Played) -> None:
    for n in range(3 * MADE_AT_ONCE_MAX):
        await played.say(codec.ReadMade(read_id=f"abcdefghijklmnop{n:04}", reader="card", identity=WHO))
    reading = read(office)
    while not isinstance(asked := await played.hear(), codec.ReadAsked):
        pass
    await played.say(codec.ReadDone(number=asked.number, identity=WHO))
    await reading
    assert MADE_AT_ONCE_MAX <= len(office.made) < 2 * MADE_AT_ONCE_MAX


@pytest.mark.parametrize("lies", [True, False])
async def test_a_read_made_at_the_pc_says_whether_its_card_lies_there_still(
    office: Office, played: Played, lies: bool
) -> None:
    name = "abcdefghijklmnopqrstuv"
    await played.say(codec.ReadMade(read_id=name, reader="card", identity=WHO, lies=lies))
    assert await played.hear() == codec.ReadNoted(read_id=name)
    ((_, state, _),) = office.made
    assert state.card_present is lies


async def test_an_agent_that_connects_again_and_again_gets_no_new_breath_by_it(tmp_path: Path) -> None:
    async with Office(tmp_path) as office:
        paired = pairing.load(office.pair("pc-1"))
        assert paired is not None
        pin = aiohttp.Fingerprint(hashlib.sha256(ensure(office.folder, clock())).digest())
        token = {"Authorization": f"Bearer pc-1:{paired.key}"}
        names = [f"card-{n}" for n in range(READERS_PER_AGENT_MAX)]
        readers = codec.ReadersAre(readers=[msgspec.structs.replace(CARD, name=name) for name in names])
        for _ in range(30):
            async with (
                aiohttp.ClientSession(office.port.url) as client,
                client.ws_connect(LINE_PATH, headers=token, ssl=pin) as socket,
            ):
                await socket.send_bytes(codec.frame(readers))
                await asyncio.sleep(0.02)
                connection = socket._response.connection
                assert connection is not None
                assert connection.transport is not None
                connection.transport.abort()  # as rudely as a thief would
        assert office.told.qsize() < 500
