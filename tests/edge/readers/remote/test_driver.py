"""The readers of agents at the edge, beyond what the contract suite holds every driver to: away and back, removed, replaced."""

from __future__ import annotations

import asyncio

import msgspec

from edge.readers.remote import codec
from tests.edge.agent.office import NUMBER, SEEN_S_MAX, Office, put
from tests.edge.readers.remote.played import CARD, WHO, Played, read, refused


async def test_a_pc_that_goes_and_comes_back_is_told_and_stays_in_the_list(office: Office) -> None:
    pc = office.pair("pc-1")
    (pc / "card").mkdir()
    agent = await office.run(pc)
    assert await office.next() == "reader_back"
    put(pc / "card")
    assert await office.next() == "inserted"
    await agent.stop()
    assert [await office.next(), await office.next()] == ["removed", "reader_lost"]
    gone = office.state("pc-1/card")
    assert (gone.connected, gone.card_present, gone.trouble) == (False, False, "agent_away")
    await office.run(pc)
    assert [await office.next(), await office.next()] == ["reader_back", "inserted"]
    assert office.state("pc-1/card").trouble == ""


async def test_a_read_on_a_pc_that_is_away_waits_for_it_and_says_so_at_its_deadline(office: Office) -> None:
    pc = office.pair("pc-1")
    (pc / "card").mkdir()
    put(pc / "card")
    agent = await office.run(pc)
    assert [await office.next(), await office.next()] == ["reader_back", "inserted"]
    await agent.stop()
    assert [await office.next(), await office.next()] == ["removed", "reader_lost"]
    began = asyncio.get_running_loop().time()
    assert await refused(read(office, 0.5)) == "reader_lost"
    assert 0.5 <= asyncio.get_running_loop().time() - began < SEEN_S_MAX
    reading = read(office)
    await asyncio.sleep(0.1)
    await office.run(pc)
    assert (await reading).number == NUMBER


async def test_after_a_restart_of_the_edge_the_readers_are_known_and_come_back_by_themselves(office: Office) -> None:
    pc = office.pair("pc-1")
    (pc / "card").mkdir()
    agent = await office.run(pc)
    assert await office.next() == "reader_back"
    await office.restart()
    assert office.state("pc-1/card").trouble == "agent_away"
    assert await office.next() == "reader_back"
    await agent.stop()
    assert await office.next() == "reader_lost"
    await office.restart()
    assert office.state("pc-1/card").trouble == "agent_away"
    assert await refused(read(office, 0.2)) == "reader_lost"


async def test_an_agent_that_connects_anew_takes_the_place_of_what_was_left_of_it(
    office: Office, played: Played
) -> None:
    reading = read(office)
    await played.asked()
    pc = office.pcs / "pc-1"
    (pc / "card").mkdir()
    put(pc / "card")
    await office.run(pc)
    told = [await office.next() for _ in range(4)]
    assert told == ["removed", "reader_lost", "reader_back", "inserted"]
    assert (await reading).number == NUMBER
    assert await played.cut_off()
    assert office.readers.connected() == ["pc-1"]


async def test_a_removed_agent_is_cut_off_at_once_and_its_readers_leave_the_list(
    office: Office, played: Played
) -> None:
    reading = read(office)
    await played.asked()
    office.agents.remove("pc-1")
    assert office.readers.states() == []
    async with asyncio.timeout(SEEN_S_MAX / 2):
        assert await played.cut_off()
        assert await refused(reading) == "reader_lost"
    assert await refused(read(office)) == "reader_unknown"


async def test_what_a_removed_agent_still_says_is_not_heard(office: Office, played: Played) -> None:
    reading = read(office)
    asked = await played.asked()
    office.agents.remove("pc-1")
    await played.say(codec.ReadDone(number=asked.number, identity=WHO))
    assert await refused(reading) == "reader_lost"


async def test_a_reader_that_its_agent_names_no_longer_is_lost_and_leaves_the_list(
    office: Office, played: Played
) -> None:
    await played.say(codec.ReadersAre(readers=[msgspec.structs.replace(CARD, name="renamed")]))
    told = [await office.told.get() for _ in range(4)]
    assert [(str(one.change), one.state.name) for one in told] == [
        ("removed", "pc-1/card"), ("reader_lost", "pc-1/card"), ("reader_back", "pc-1/renamed"), ("inserted", "pc-1/renamed"),
    ]  # fmt: skip
    assert [state.name for state in office.readers.states()] == ["pc-1/renamed"]
