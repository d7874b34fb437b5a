"""The sync port over real TLS: who is let in, who is refused and audited, what is answered, and that news wakes."""

import asyncio
import threading
import time
from contextlib import suppress
from datetime import timedelta

import aiohttp
import msgspec
import pytest
import zstandard

from central_sync.api.limits import BACKLOG_PLACES_MAX, REQUEST_BYTES_MAX
from central_sync.app import Hub
from central_sync.config import Config
from central_sync.fleet.authority import Authority
from central_sync.intake import Intake
from central_sync.wire import catalogue, codec
from central_sync.wire.codec import CONTENT_TYPE, pack, unpack
from central_sync.wire.compare import key_of
from central_sync.wire.compression import DICTIONARY
from central_sync.wire.limits import BODY_BYTES_MAX
from central_sync.wire.messages import BatchAnswer, CompareAnswer, CompareRequest, HidBlock, Notice, Verdict
from edge import signers
from tests.central_sync.api.conftest import (
    ANY,
    audited,
    batch,
    certified,
    exchange,
    feed,
    now,
    sign_in,
    soon,
    trusting,
)
from tests.patience import HUNG_S

REFUSED_CONNECTION = (aiohttp.ClientConnectionError, aiohttp.ClientOSError, ConnectionError)


async def test_a_batch_is_taken_once_and_a_copy_gets_the_stored_answer(hub, edge):
    status, first = await exchange(hub.sync, edge, batch(sign_in()))
    assert (status, first.code) == (200, "")
    assert [(a.msgid, a.verdict, a.repeated) for a in first.answers] == [("m-1", Verdict.FINAL, False)]
    _, second = await exchange(hub.sync, edge, batch(sign_in()))
    assert [(a.verdict, a.repeated, a.packet) for a in second.answers] == [
        (Verdict.FINAL, True, first.answers[0].packet)
    ]


@pytest.mark.parametrize(("accept", "dictionary"), [(CONTENT_TYPE, 0), (codec.ACCEPT, DICTIONARY)])
async def test_answers_and_feeds_use_the_dictionary_if_the_edge_has_it(hub, edge, accept, dictionary):
    headers = {"Content-Type": CONTENT_TYPE, "Accept": accept}
    body = pack(batch(sign_in()), dictionary=DICTIONARY)
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(f"{hub.sync}/v1/exchange", data=body, ssl=edge) as response:
            answer = await response.read()
        async with session.get(f"{hub.sync}/v1/feed", ssl=edge) as response:
            page = await response.read()
    assert unpack(answer, BatchAnswer).answers[0].verdict is Verdict.FINAL
    assert {zstandard.get_frame_parameters(frame).dict_id for frame in (answer, page)} == {dictionary}


async def test_a_body_of_an_unknown_dictionary_is_refused_by_its_code(hub, edge):
    other = zstandard.train_dictionary(
        4096, [b"%d %d text" % (n, n * n) for n in range(3000)], k=64, d=8, dict_id=40_009
    )
    frame = zstandard.ZstdCompressor(dict_data=other).compress(msgspec.msgpack.encode(batch(sign_in())))
    status, answer = await exchange(hub.sync, edge, frame)
    assert (status, answer.code) == (400, "dictionary_unknown")


async def test_answers_are_signed_and_the_signers_are_told(hub, edge, authority):
    sent = msgspec.structs.replace(batch(sign_in()), life=bytes(range(16)), head=1)
    _, answer = await exchange(hub.sync, edge, sent)
    async with aiohttp.ClientSession() as session, session.get(f"{hub.sync}/v1/signers", ssl=edge) as response:
        assert response.status == 200
        known = signers.read(await response.read(), authority.pem().encode())
    receipt = signers.verified(sent, answer, known)
    assert receipt is not None
    assert answer.answers[0].digest == codec.digest(
        "9001", codec.request_from_wire(catalogue.BY_NUMBER["9001"], sent.items[0].packet)
    )


async def test_signers_are_told_to_enrolled_edges_alone(hub, edge, fleet):
    fleet.revoke("H01", now())
    async with aiohttp.ClientSession() as session, session.get(f"{hub.sync}/v1/signers", ssl=edge) as response:
        assert response.status == 403


@pytest.mark.parametrize("wrong", [{"life": b"short"}, {"run": b"x"}, {"head": -1}], ids=["life", "run", "head"])
async def test_a_life_that_is_none_is_refused(hub, edge, wrong):
    _, answer = await exchange(hub.sync, edge, msgspec.structs.replace(batch(sign_in()), **wrong))
    assert (answer.code, answer.answers) == ("packet_invalid", [])


async def test_the_institution_comes_from_the_certificate_alone(hub, edge, store):
    _, answer = await exchange(hub.sync, edge, batch(sign_in(), institution="H02"))
    assert (answer.code, answer.answers) == ("institution_wrong", [])
    with store.read() as uow:
        assert uow.ledger.get("H02", "m-1") is None
        assert uow.ledger.get("H01", "m-1") is None


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ("stranger", "certificate_missing"),
        ("foreign", "certificate_of_unknown_authority"),
        ("expired", "certificate_expired"),
        ("server", "certificate_of_wrong_purpose"),
    ],
)
async def test_a_client_without_a_good_certificate_is_refused_in_the_handshake_and_audited(
    hub, edge, authority, folder, store, tmp_path, who, reason
):
    context = trusting(folder)
    if who == "foreign":
        foreign = Authority(tmp_path / "foreign")
        foreign.create([], now())
        context = certified(foreign, folder)
    if who == "expired":
        context = certified(authority, folder, at=now() - timedelta(days=40), days=30, store=store)
    if who == "server":
        context.load_cert_chain(authority.server_certificate)
    with pytest.raises(REFUSED_CONNECTION):
        await exchange(hub.sync, context, batch(sign_in()))
    assert ("sync", reason) in await soon(lambda: audited(store, "connection_refused"))
    with store.read() as uow:
        assert uow.ledger.get("H01", "m-1") is None


async def test_a_revoked_certificate_is_refused_with_a_typed_answer_and_audited(hub, edge, fleet, store):
    assert (await exchange(hub.sync, edge, batch(sign_in())))[0] == 200
    fleet.revoke("H01", now())
    status, answer = await exchange(hub.sync, edge, batch(sign_in("m-2")))
    assert (status, answer.code, answer.detail) == (403, "certificate_refused", "revoked")
    assert await soon(lambda: audited(store, "certificate_refused")) == [("H01", "revoked")]
    with store.read() as uow:
        assert uow.ledger.get("H01", "m-2") is None


async def test_a_revocation_ends_a_connection_that_is_already_open(hub, edge, fleet):
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=edge)) as session:
        async with session.get(f"{hub.sync}/v1/feed") as response:
            assert response.status == 200
            await response.read()
        fleet.revoke("H01", now())
        async with session.get(f"{hub.sync}/v1/feed") as response:
            assert response.status == 403
            assert unpack(await response.read(), BatchAnswer).code == "certificate_refused"


async def test_a_certificate_that_the_hub_never_issued_an_edge_is_refused(hub, authority, folder, fleet, store):
    status, answer = await exchange(hub.sync, certified(authority, folder), batch(sign_in()))
    assert (status, answer.detail) == (403, "unknown")
    assert await soon(lambda: audited(store, "certificate_refused")) == [("H01", "unknown")]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "packet_invalid"),
        (b"not a frame", 400, "packet_invalid"),
        (zstandard.compress(b"\xc1"), 400, "packet_invalid"),
        (zstandard.compress(msgspec.msgpack.encode({"version": 2})), 400, "packet_invalid"),
        (zstandard.compress(msgspec.msgpack.encode({"version": 99})), 400, "version_unsupported"),
        (zstandard.compress(bytes(BODY_BYTES_MAX + 1)), 413, "packet_too_large"),
        (bytes(REQUEST_BYTES_MAX + 1), 413, "packet_too_large"),
        (pack(batch(sign_in()))[:-20], 400, "packet_invalid"),
    ],
    ids=["empty", "no_frame", "no_msgpack", "no_batch", "version", "bomb", "too_long", "cut"],
)
async def test_a_bad_body_gets_a_typed_refusal_and_changes_nothing(hub, edge, store, body, status, code):
    got, answer = await exchange(hub.sync, edge, body)
    assert (got, answer.code, answer.answers) == (status, code, [])
    with store.read() as uow:
        assert uow.ledger.count("H01") == 0


@pytest.mark.parametrize("query", [{"cursor": "x"}, {"cursor": "-1"}, {"wait_s": "1.5"}, {"hids_left": "٣"}])
async def test_a_wrong_query_gets_a_typed_refusal(hub, edge, query):
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{hub.sync}/v1/feed", params=query, ssl=edge) as response,
    ):
        assert response.status == 400
        assert unpack(await response.read(), BatchAnswer).code == "packet_invalid"


@pytest.mark.parametrize(
    "query", [{"life": "x"}, {"life": "00"}, {"life": "00" * 16, "run": "00"}, {"head": "-1"}, {"opened": "x"}]
)
async def test_a_life_that_is_none_is_refused_on_a_poll(hub, edge, query):
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{hub.sync}/v1/feed", params=query, ssl=edge) as response,
    ):
        assert response.status == 400
        assert unpack(await response.read(), BatchAnswer).code == "packet_invalid"


async def test_a_journal_that_went_back_in_time_is_told_so(hub, edge, store):
    life, run = "01" * 16, "02" * 8
    page = await feed(hub.sync, edge, cursor=0, life=life, run=run, head=100, opened=0)
    assert page.items == []
    async with (
        aiohttp.ClientSession() as session,
        session.get(
            f"{hub.sync}/v1/feed", params={"life": life, "run": "03" * 8, "head": 99, "opened": 99}, ssl=edge
        ) as response,
    ):
        assert response.status == 409
        assert unpack(await response.read(), BatchAnswer).code == "life_over"
    await feed(hub.sync, edge, cursor=0, life="09" * 16, run="03" * 8, head=100, opened=99)
    assert len(audited(store, "life_begun")) == 2
    sent = msgspec.structs.replace(batch(sign_in()), life=bytes.fromhex(life), run=bytes.fromhex(run), head=100)
    status, answer = await exchange(hub.sync, edge, sent)
    assert (status, answer.code, answer.answers) == (409, "life_over", [])


async def test_another_content_type_is_refused(hub, edge):
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{hub.sync}/v1/exchange", ssl=edge, json={}) as response,
    ):
        assert response.status == 400
        assert response.content_type == CONTENT_TYPE


async def test_a_poll_without_news_waits_and_comes_back_empty(hub, edge):
    began = time.monotonic()
    page = await feed(hub.sync, edge, cursor=0, wait_s=1)
    assert page.items == []
    assert 0.9 < time.monotonic() - began < HUNG_S


async def test_a_poll_wakes_when_news_is_written(hub, edge, fleet):
    waiting = asyncio.create_task(feed(hub.sync, edge, cursor=0, wait_s=50))
    await asyncio.sleep(0.5)
    assert not waiting.done()
    await asyncio.to_thread(fleet.notice, "H02", "not for us", now())
    await asyncio.to_thread(fleet.notice, "H01", "Hello", now())
    began = time.monotonic()
    page = await waiting
    assert time.monotonic() - began < HUNG_S
    assert [item.body for item in page.items] == [Notice(text="Hello")]
    assert (await feed(hub.sync, edge, cursor=page.items[-1].cursor)).items == []


async def test_many_polls_wait_at_once_and_all_wake(hub, edge, fleet):
    polls = [asyncio.create_task(feed(hub.sync, edge, cursor=0, wait_s=50)) for _ in range(20)]
    await asyncio.sleep(0.5)
    await asyncio.to_thread(fleet.notice, "all", "Hello", now())
    pages = await asyncio.wait_for(asyncio.gather(*polls), HUNG_S)
    assert all(len(page.items) == 1 for page in pages)


async def test_an_edge_that_runs_low_is_leased_hids_through_the_feed(hub, edge):
    page = await feed(hub.sync, edge, cursor=0, hids_left=0, wait_s=5)
    (item,) = page.items
    assert isinstance(item.body, HidBlock)
    assert (await feed(hub.sync, edge, cursor=item.cursor, hids_left=5000)).items == []


async def test_a_poll_that_waits_finds_out_that_it_was_revoked_when_it_wakes(hub, edge, fleet):
    waiting = asyncio.create_task(feed(hub.sync, edge, cursor=0, wait_s=50))
    await asyncio.sleep(0.3)
    await asyncio.to_thread(fleet.revoke, "H01", now())
    await asyncio.to_thread(fleet.notice, "H01", "secret", now())
    with pytest.raises(AssertionError, match="certificate_refused"):
        await asyncio.wait_for(waiting, HUNG_S)


async def test_work_begun_is_finished_when_the_client_hangs_up(hub, edge, store):
    items = [sign_in(f"m-{n}", f"desk {n}") for n in range(40)]
    sending = asyncio.create_task(exchange(hub.sync, edge, batch(*items)))
    assert await soon(lambda: count(store))
    sending.cancel()
    assert await soon(lambda: count(store) == 40)


def count(store) -> int:
    with store.read() as uow:
        return uow.ledger.count("H01")


async def test_a_scanner_that_knocks_a_thousand_times_fills_no_disk(hub, edge, folder, store):
    port = int(hub.sync.rpartition(":")[2])

    async def knock():
        with pytest.raises(REFUSED_CONNECTION):
            await exchange(hub.sync, trusting(folder), batch())

    for _ in range(10):
        await asyncio.gather(*(knock() for _ in range(10)))
    for _ in range(50):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        writer.close()
    assert await soon(lambda: audited(store, "connection_refused"))
    await asyncio.sleep(0.2)
    assert len(audited(store, "connection_refused")) == 1
    assert (await exchange(hub.sync, edge, batch(sign_in())))[0] == 200


async def test_a_batch_that_waited_too_long_for_a_thread_is_not_begun(hub, edge, store, monkeypatch):
    gate, begun = threading.Event(), []
    taken = Intake.take

    def slow(self, *arguments, **more):
        begun.append(1)
        gate.wait(HUNG_S)
        return taken(self, *arguments, **more)

    monkeypatch.setattr(Intake, "take", slow)
    held = [asyncio.create_task(exchange(hub.sync, edge, batch(sign_in(f"held-{n}", f"d{n}")))) for n in range(8)]
    assert await soon(lambda: len(begun) == 8)
    monkeypatch.setattr("central_sync.api.rooms.QUEUED_S_MAX", 0.05)
    status, answer = await exchange(hub.sync, edge, batch(sign_in()))
    assert (status, answer.code, answer.answers, answer.retry_after_s) == (503, "hub_busy", [], 2)
    gate.set()
    assert {status for status, _ in await asyncio.gather(*held)} == {200}
    with store.read() as uow:
        assert uow.ledger.get("H01", "m-1") is None
    assert (await exchange(hub.sync, edge, batch(sign_in())))[1].answers[0].repeated is False


async def test_backlogs_wait_in_a_room_of_their_own_and_are_told_when_to_come_again(hub, edge, store, monkeypatch):
    gate = threading.Event()
    taken = Intake.take

    def slow_backlog(self, institution, items, now, *, urgent):
        if not urgent:
            gate.wait(HUNG_S)
        return taken(self, institution, items, now, urgent=urgent)

    monkeypatch.setattr(Intake, "take", slow_backlog)
    backlogs = [
        asyncio.create_task(exchange(hub.sync, edge, batch(sign_in(f"b-{n}", f"d{n}")), backlog=1))
        for n in range(BACKLOG_PLACES_MAX + 6)
    ]
    large = asyncio.create_task(exchange(hub.sync, edge, batch(*(sign_in(f"l-{n}", f"d{n}") for n in range(40)))))
    people = [await exchange(hub.sync, edge, batch(sign_in(f"p-{n}", f"d{n}"))) for n in range(10)]
    assert {status for status, _ in people} == {200}
    assert not large.done()
    gate.set()
    assert (await large)[0] == 200
    refused = [answer for status, answer in await asyncio.gather(*backlogs) if status == 503]
    assert [(answer.code, answer.retry_after_s >= 2) for answer in refused] == [("hub_busy", True)] * 6


async def test_a_connection_that_asks_for_nothing_is_closed_and_one_that_asks_is_kept(
    folder, url, fleet, edge, monkeypatch
):
    monkeypatch.setattr("central_sync.api.connections.FIRST_REQUEST_S_MAX", 0.5)
    made = Hub(folder, Config(database=url, sync=ANY, enrol=ANY))
    faces = await made.start()
    host, port = faces.sync.removeprefix("https://").split(":")
    try:
        reader, writer = await asyncio.open_connection(host, int(port), ssl=edge, server_hostname=host)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=edge, limit=1)) as session:
            for _ in range(2):
                async with session.get(f"{faces.sync}/v1/feed") as response:
                    assert response.status == 200
                    await response.read()
                await asyncio.sleep(0.8)
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
    finally:
        await made.stop()


async def test_a_comparison_is_answered_for_the_certificates_hospital(hub, edge, store):
    await exchange(hub.sync, edge, batch(sign_in()))
    asked = CompareRequest(version=3, from_at=now() - timedelta(days=1), to_at=now() + timedelta(days=1), lists=[""])
    async with aiohttp.ClientSession() as session:
        headers = {"Content-Type": CONTENT_TYPE}
        async with session.post(f"{hub.sync}/v1/compare", data=pack(asked), ssl=edge, headers=headers) as response:
            assert response.status == 200
            answer = unpack(await response.read(), CompareAnswer)
        wrong = pack(msgspec.structs.replace(asked, lists=["x"]))
        async with session.post(f"{hub.sync}/v1/compare", data=wrong, ssl=edge, headers=headers) as response:
            assert unpack(await response.read(), CompareAnswer).code == "packet_invalid"
    assert [listed[:8] for listed in answer.lists] == [key_of("m-1")]
