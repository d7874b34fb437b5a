"""A SAM-V reader at the real pace of its line: what hands, cables and bad cards do to it."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from edge.readers import Wanted
from tests.cards_played import cn_resident as played
from tests.cards_played.cn_resident import FIND, NEW_ADDRESS, READ, SELECT, Card
from tests.edge.readers.serial_line.desks import SamDesk
from tests.patience import HUNG_S

DOWN = ("reader_back", "inserted")
LIFTED = (*DOWN, "removed")
QUIET_S = 1.2
FRAME_S = 1295 * 10 / 115_200
"""How long the frame with text and photo is on the line."""


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[SamDesk]:
    made = SamDesk(tmp_path)
    await made.start()
    yield made
    await made.close()


async def test_a_card_that_is_put_down_is_told_and_read_at_the_pace_of_the_line(desk: SamDesk) -> None:
    desk.put()
    await desk.until(*DOWN)
    began = time.monotonic()
    found = await desk.read(wanted=Wanted(photo=True))
    assert (found.number, found.name, found.photo) == (played.NUMBER, "张三", played.PHOTO)
    assert time.monotonic() - began > FRAME_S


async def test_a_read_asks_for_nothing_twice(desk: SamDesk) -> None:
    """What it costs beside is a figure: ``python -m benchmarks card-serial``."""
    desk.put()
    await desk.until(*DOWN)
    await desk.read()
    assert (desk.sam.asked.count(SELECT), desk.sam.asked.count(READ)) == (1, 1)


async def test_a_card_that_is_left_lying_after_its_read_is_not_told_again_and_its_lifting_is(desk: SamDesk) -> None:
    desk.put()
    await desk.read()
    await asyncio.sleep(QUIET_S)
    assert desk.changes == list(DOWN)
    assert desk.state.card_present
    desk.sam.lift()
    await desk.until(*LIFTED)
    desk.put()
    await desk.until(*LIFTED, "inserted")


async def test_a_card_that_is_left_lying_has_to_be_lifted_to_be_read_again(desk: SamDesk) -> None:
    desk.put()
    await desk.read()
    assert (await desk.refusal(0.8))[0] == "card_lying"
    reading = asyncio.create_task(desk.read())
    await asyncio.sleep(0.5)
    desk.sam.lift()
    await desk.until(*LIFTED)
    desk.put(Card(played.hmt_resident()))
    assert (await reading).number == played.RESIDENT_OF_TAIWAN
    assert desk.changes == [*LIFTED, "inserted"]


async def test_where_a_reader_cannot_tell_lying_from_gone_the_card_lies_until_another_comes(desk: SamDesk) -> None:
    desk.sam.forgetful = True
    desk.put()
    await desk.read()
    await asyncio.sleep(QUIET_S)
    assert desk.changes == list(DOWN)
    assert (await desk.refusal(0.8))[0] == "card_lying"
    desk.sam.lift()
    await asyncio.sleep(QUIET_S)
    assert desk.changes == list(DOWN)
    desk.put()
    await desk.until(*LIFTED, "inserted")
    assert (await desk.read()).number == played.NUMBER


@pytest.mark.parametrize(
    ("card", "number", "address"),
    [
        (Card(new_address="天津市和平区南京路3号"), played.NUMBER, "天津市和平区南京路3号"),
        (Card(played.hmt_resident()), played.RESIDENT_OF_TAIWAN, "上海市浦东新区世纪大道2号"),
        (Card(played.foreigner_2017()), played.FOREIGNER_2017, ""),
    ],
)
async def test_every_sister_of_the_card_is_read_over_the_line(
    desk: SamDesk, card: Card, number: str, address: str
) -> None:
    desk.put(dataclasses.replace(card))
    found = await desk.read()
    assert (found.number, found.address) == (number, address)


async def test_a_card_swapped_between_two_looks_is_removed_and_inserted(desk: SamDesk) -> None:
    desk.put()
    await desk.read()
    desk.put(Card(played.hmt_resident()))
    await desk.until(*LIFTED, "inserted")
    assert (await desk.read()).number == played.RESIDENT_OF_TAIWAN


async def test_a_reader_that_finds_a_card_every_other_time_tells_of_it_once(desk: SamDesk) -> None:
    desk.sam.spoil[FIND] = [lambda said: said, lambda _: bytes.fromhex(played.NOT_FOUND)] * 4
    desk.put()
    await asyncio.sleep(2.2)
    assert desk.changes == list(DOWN)
    assert (await desk.read()).number == played.NUMBER


@pytest.mark.parametrize("request_", [SELECT, READ])
async def test_a_card_that_is_pulled_at_any_frame_was_removed(desk: SamDesk, request_: str) -> None:
    desk.sam.before[request_] = desk.sam.lift
    desk.put()
    assert await desk.refusal() == ("card_removed", "during the read")
    await desk.until(*LIFTED)
    desk.put()
    assert (await desk.read()).number == played.NUMBER


async def test_a_card_that_is_pulled_after_its_data_came_is_read_and_removed(desk: SamDesk) -> None:
    desk.sam.before[NEW_ADDRESS] = desk.sam.lift
    desk.put()
    assert (await desk.read()).number == played.NUMBER
    await asyncio.sleep(QUIET_S)
    assert desk.changes[:2] == list(DOWN)


async def test_unplugged_in_mid_read_the_read_fails_at_once_and_the_reader_comes_back(desk: SamDesk) -> None:
    def pull() -> None:
        desk.far._stopping.set()
        desk.cable.unplug()

    desk.sam.before[READ] = pull
    desk.put()
    began = time.monotonic()
    assert (await desk.refusal(HUNG_S))[0] == "reader_lost"
    assert time.monotonic() - began < HUNG_S
    await desk.until(*LIFTED, "reader_lost")
    assert desk.state.trouble == "reader_absent"
    desk.sam.lift()
    desk.plug()
    await desk.until(*LIFTED, "reader_lost", "reader_back")
    desk.put()
    assert (await desk.read()).number == played.NUMBER


@pytest.mark.parametrize(
    "noise", [b"\0" * 200, b"\xaa" * 50, bytes.fromhex("AAAAAA9669FFFF"), bytes.fromhex(played.SELECTED) * 3]
)
async def test_noise_before_a_frame_changes_nothing(desk: SamDesk, noise: bytes) -> None:
    desk.sam.spoil[READ] = [lambda said: noise + said]
    desk.put()
    assert (await desk.read()).number == played.NUMBER


async def test_a_frame_that_began_and_never_ended_costs_time_and_no_data(desk: SamDesk) -> None:
    desk.sam.spoil[READ] = [lambda said: bytes.fromhex("AAAAAA96690900000090") + said]
    desk.put()
    assert (await desk.read()).number == played.NUMBER


async def test_a_slow_answer_to_an_earlier_question_is_not_taken_for_this_one(desk: SamDesk) -> None:
    def late(said: bytes) -> bytes:
        time.sleep(1.3)
        return said

    desk.sam.spoil[FIND] = [late]
    desk.put()
    assert (await desk.read()).number == played.NUMBER


Spoiled = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    ("spoiled", "code"),
    [
        pytest.param(lambda said: said[:700] + b"?" + said[701:], "card_unreadable", id="wrong checksum"),
        pytest.param(lambda said: said[:5] + b"\x05\x07" + said[7:], "card_unreadable", id="length too short"),
        pytest.param(lambda said: said[:5] + b"\x06\x00" + said[7:], "card_slow", id="length too long"),
        pytest.param(lambda said: said[:900], "card_slow", id="broken off"),
        pytest.param(lambda _: b"", "card_slow", id="silence"),
        pytest.param(
            lambda _: played.answer_frame(0x90, b"\1\0\4\1" + played.citizen() + played.PHOTO),
            "card_unreadable",
            id="lengths inside that lie",
        ),
        pytest.param(
            lambda _: played.answer_frame(0x90, b"\1\0\4\0" + b"\0\xd8" * 128 + played.PHOTO),
            "card_unreadable",
            id="undecodable text",
        ),
        pytest.param(lambda _: played.answer_frame(0x33), "card_unreadable", id="refused by the card"),
        pytest.param(lambda _: played.answer_frame(0x40), "card_unknown", id="a wrong kind of card"),
    ],
)
async def test_bad_data_end_the_read_with_the_right_word_and_the_next_card_is_read(
    desk: SamDesk, spoiled: Spoiled, code: str
) -> None:
    desk.sam.spoil[READ] = [spoiled]
    desk.put()
    assert (await desk.refusal())[0] == code
    assert desk.changes == list(DOWN)
    desk.sam.lift()
    await desk.until(*LIFTED)
    desk.put()
    assert (await desk.read()).number == played.NUMBER


async def test_an_endless_stream_ends_with_the_deadline_and_blocks_nobody(desk: SamDesk) -> None:
    def flood(_said: bytes) -> bytes:
        ends = time.monotonic() + HUNG_S
        while not reading.done() and time.monotonic() < ends:
            os.write(desk.cable.far, bytes.fromhex("AAAAAA9669") * 20)
            time.sleep(0.01)
        return b""

    desk.put()
    await desk.until(*DOWN)
    desk.sam.spoil[READ] = [flood]
    began, turns = time.monotonic(), 0
    reading = asyncio.create_task(desk.refusal(1))
    while not reading.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert (await reading)[0] == "card_slow"
    assert time.monotonic() - began < HUNG_S
    assert turns > 5, "others have their turns meanwhile"


async def test_a_read_that_was_given_up_when_the_card_was_already_read_serves_the_next_one(desk: SamDesk) -> None:
    reading = asyncio.create_task(desk.read())
    await desk.until("reader_back")
    desk.sam.before[READ] = reading.cancel
    desk.put()
    await asyncio.wait([reading])
    assert reading.cancelled()
    assert (await desk.read()).number == played.NUMBER
    assert desk.changes == list(DOWN)


async def test_what_nobody_took_goes_with_the_card(desk: SamDesk) -> None:
    reading = asyncio.create_task(desk.read())
    desk.sam.before[READ] = reading.cancel
    desk.put()
    await asyncio.wait([reading])
    await asyncio.sleep(0.5)
    desk.sam.lift()
    await desk.until(*LIFTED)
    assert (await desk.refusal(0.6))[0] == "card_absent"


async def test_a_photo_is_given_only_to_who_wants_one_even_when_two_read_at_once(desk: SamDesk) -> None:
    reads = asyncio.gather(desk.read(), desk.read(wanted=Wanted(photo=True)))
    await asyncio.sleep(0.05)
    desk.put()
    plain, full = await reads
    assert (plain.photo, full.photo) == (b"", played.PHOTO)


async def test_a_reader_that_does_not_answer_has_failed_and_is_found_when_it_does(tmp_path: Path) -> None:
    desk = SamDesk(tmp_path)
    desk.cable.plug()
    await desk.reader.start()
    async with asyncio.timeout(HUNG_S):
        while desk.state.trouble != "reader_failed":  # noqa: ASYNC110 - a trouble is a state, and no event
            await asyncio.sleep(0.05)
    desk.far.start()
    await desk.until("reader_back")
    await desk.close()


async def test_a_card_of_2023_is_read_where_the_address_says_so(tmp_path: Path) -> None:
    desk = SamDesk(tmp_path, "kind=sdt&y2023=yes")
    await desk.start()
    desk.put(Card(played.foreigner_2023()))
    assert (await desk.read()).number == played.FOREIGNER_2023
    await desk.close()
