"""Whole hub processes: several on one database, killed without warning, and stopped with work in progress."""

import asyncio
import socket
import time

import aiohttp
import pytest

from central_sync.app import AUTHORITY_FOLDER
from central_sync.fleet.authority import Authority
from central_sync.fleet.service import Fleet
from central_sync.rulebook.load import load
from central_sync.wire.messages import Notice, Verdict
from tests.central_sync.api.conftest import batch, certified, exchange, feed, now, sign_in, soon
from tests.programs import hub_command, start_hub


@pytest.fixture
def place(tmp_path, url, store):
    """A set-up hub on ``url``: (folder, database address, store), with hospital H01."""
    folder = tmp_path / "data"
    authority = Authority(folder / AUTHORITY_FOLDER)
    authority.create([], now())
    Fleet(store, authority, load()).add_hospital("H01", "A Hospital", "cn", "tier_3", now())
    return folder, url, store


def client(folder, store):
    authority = Authority(folder / AUTHORITY_FOLDER)
    authority.open()
    return certified(authority, folder, store=store)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_two_processes_share_one_database_and_news_written_by_one_wakes_the_other(place):
    folder, url, store = place
    context = client(folder, store)
    with start_hub(folder, database=url) as first, start_hub(folder, database=url) as second:
        _, answer = await exchange(first.sync, context, batch(sign_in()))
        _, copy = await exchange(second.sync, context, batch(sign_in()))
        assert [a.repeated for a in answer.answers + copy.answers] == [False, True]
        waiting = asyncio.create_task(feed(second.sync, context, cursor=0, wait_s=50))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        began = time.monotonic()
        await asyncio.to_thread(hub_command, folder, "notice", "H01", "Hello", database=url)
        page = await waiting
        assert [item.body for item in page.items] == [Notice(text="Hello")]
        assert time.monotonic() - began < 40
        waiting = asyncio.create_task(feed(second.sync, context, cursor=1, wait_s=50, hids_left=9999))
        await asyncio.sleep(0.3)
        await feed(first.sync, context, cursor=1, hids_left=0)  # leases a block: written by the first process
        assert len((await asyncio.wait_for(waiting, 40)).items) == 1
        assert {first.stop(), second.stop()} == {0}


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_copies_sent_to_two_processes_at_once_are_applied_once(place):
    folder, url, store = place
    context = client(folder, store)
    items = [sign_in(f"m-{n}", f"desk {n}") for n in range(20)]
    with start_hub(folder, database=url) as first, start_hub(folder, database=url) as second:
        answers = await asyncio.gather(*(exchange(hub.sync, context, batch(*items)) for hub in (first, second) * 3))
    for place_in_batch in range(20):
        copies = [answer.answers[place_in_batch] for _, answer in answers]
        assert {copy.verdict for copy in copies} == {Verdict.FINAL}
        assert len({copy.packet for copy in copies}) == 1
        assert [copy.repeated for copy in copies].count(False) == 1


async def test_a_hub_killed_during_an_exchange_answers_the_copy_as_repeated(place):
    folder, url, store = place
    context = client(folder, store)
    sent, acknowledged = [], []

    async def work():
        for number in range(1_000):
            sent.append([sign_in(f"m-{number}-{n}", f"desk {n}") for n in range(50)])
            _, answer = await exchange(hub.sync, context, batch(*sent[-1]))
            acknowledged.append([a.packet for a in answer.answers])

    hub = start_hub(folder, database=url)
    working = asyncio.create_task(work())
    applied = await soon(lambda: _count(store))
    hub.kill()
    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        await working
    assert applied
    with start_hub(folder, database=url) as hub:
        again = [(await exchange(hub.sync, context, batch(*items)))[1].answers for items in sent]
    assert {a.verdict for answers in again for a in answers} == {Verdict.FINAL}
    repeated = [a.repeated for answers in again for a in answers]
    assert repeated == sorted(repeated, reverse=True)  # what was committed, in order, and then the rest
    assert repeated.count(True) >= max(applied, 50 * len(acknowledged))
    assert [[a.packet for a in answers] for answers in again[: len(acknowledged)]] == acknowledged
    assert _count(store) == 50 * len(sent)


async def test_a_hub_that_is_asked_to_stop_finishes_what_it_began_and_sends_polls_home(place):
    folder, url, store = place
    context = client(folder, store)
    items = [sign_in(f"m-{n}", f"desk {n}") for n in range(60)]
    hub = start_hub(folder, database=url)
    poll = asyncio.create_task(feed(hub.sync, context, cursor=0, wait_s=40))
    await asyncio.sleep(0.3)
    sending = asyncio.create_task(exchange(hub.sync, context, batch(*items)))
    assert await soon(lambda: _count(store))
    status = await asyncio.to_thread(hub.stop)
    assert status == 0
    assert (await poll).items == []
    _, answer = await sending
    assert [a.verdict for a in answer.answers] == [Verdict.FINAL] * 60
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(hub.sync.rpartition(":")[2])), 1).close()


async def test_nothing_of_a_transaction_stands_in_the_log(place):
    folder, url, store = place
    context = client(folder, store)
    with start_hub(folder, database=url) as hub:
        await exchange(hub.sync, context, batch(sign_in("planted-msgid", "planted-workstation")))
        await exchange(hub.sync, context, b"planted-body")
        hub.stop()
        assert "planted" not in hub.log


async def test_a_server_certificate_near_its_end_is_renewed_at_start(place):
    folder, url, store = place
    authority = Authority(folder / AUTHORITY_FOLDER)
    authority.open()
    authority.make_server_certificate(now(), days=20)
    context = client(folder, store)
    with start_hub(folder, database=url) as hub:
        assert (authority.server_expires_at() - now()).days > 300
        assert (await feed(hub.sync, context, cursor=0)).items == []


def _count(store) -> int:
    with store.read() as uow:
        return uow.ledger.count("H01")
