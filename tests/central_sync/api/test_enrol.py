"""Enrolment over real TLS: with the edge's own client, with right, wrong, used and expired codes, and with a stranger between."""

import asyncio
import ssl
from datetime import timedelta

import aiohttp
import pytest
import zstandard

from central_sync.api.limits import ENROL_BODY_BYTES_MAX, ENROL_FAILURES_PER_MINUTE_MAX
from central_sync.fleet.authority import Authority
from central_sync.wire.codec import CONTENT_TYPE, pack, unpack
from central_sync.wire.enrolment import make_code, read_code, secret_text
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import BatchAnswer, EnrolRequest, HidBlock, Renewal
from edge import identity
from tests.central_sync.api.conftest import audited, batch, exchange, feed, now, sign_in, soon, trusting
from tests.central_sync.fleet.test_authority import request_for


async def enrol(folder, base, code):
    return await asyncio.to_thread(identity.enrol, folder, base, code)


async def test_an_edge_enrols_with_its_code_and_then_speaks(hub, fleet, tmp_path, store):
    own = await enrol(tmp_path / "edge", hub.enrol, fleet.invite("H01", 24, now()))
    assert (own.institution, own.zone, own.sync_url) == ("H01", "Asia/Shanghai", hub.sync)
    context = identity.client_context(own)
    status, answer = await exchange(own.sync_url, context, batch(sign_in()))
    assert (status, answer.code) == (200, "")
    page = await feed(own.sync_url, context, cursor=0)
    assert isinstance(page.items[0].body, HidBlock)
    assert len(audited(store, "enrolled")) == 1


async def test_a_code_works_once(hub, fleet, tmp_path, store):
    code = fleet.invite("H01", 24, now())
    await enrol(tmp_path / "first", hub.enrol, code)
    with pytest.raises(identity.EnrolmentFailed):
        await enrol(tmp_path / "second", hub.enrol, code)
    assert await soon(lambda: audited(store, "enrolment_refused")) == [("enrol", "enrolment_refused")]


async def test_an_expired_code_is_refused(hub, fleet, tmp_path):
    code = fleet.invite("H01", 1, now() - timedelta(hours=2))
    with pytest.raises(identity.EnrolmentFailed):
        await enrol(tmp_path / "edge", hub.enrol, code)


async def test_a_code_that_was_never_made_is_refused(hub, authority, tmp_path):
    with pytest.raises(identity.EnrolmentFailed):
        await enrol(tmp_path / "edge", hub.enrol, make_code(b"0123456789", authority.der()))


async def test_a_code_of_another_hub_never_leaves_the_edge(hub, fleet, tmp_path, store):
    other = Authority(tmp_path / "other")
    other.create([], now())
    secret, _ = read_code(fleet.invite("H01", 24, now()))
    with pytest.raises(identity.EnrolmentFailed, match="Nothing was sent"):
        await enrol(tmp_path / "edge", hub.enrol, make_code(secret, other.der()))
    assert audited(store, "enrolment_refused") == []


async def post(base, folder, content, route="enrol"):
    async with aiohttp.ClientSession() as session:
        url, headers = f"{base}/v1/{route}", {"Content-Type": CONTENT_TYPE}
        async with session.post(url, data=content, ssl=trusting(folder), headers=headers) as response:
            return response.status, unpack(await response.read(), BatchAnswer)


async def test_a_refusal_does_not_say_whether_the_code_was_unknown_used_or_expired(hub, fleet, folder):
    secret, _ = read_code(fleet.invite("H01", 1, now() - timedelta(hours=2)))
    answers = set()
    for text in (secret_text(secret), "00" * 10, "nonsense"):
        message = EnrolRequest(version=WIRE_VERSION, secret=text, signing_request=request_for())
        status, answer = await post(hub.enrol, folder, pack(message))
        answers.add((status, answer.code, answer.detail))
    assert answers == {(403, "enrolment_refused", "")}


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"damaged", 400, "packet_invalid"),
        (bytes(ENROL_BODY_BYTES_MAX + 1), 413, "packet_too_large"),
        (zstandard.ZstdCompressor().compress(b"\x90" * (ENROL_BODY_BYTES_MAX + 1)), 413, "packet_too_large"),
        (pack(EnrolRequest(version=WIRE_VERSION, secret="00" * 10, signing_request="none")), 400, "packet_invalid"),
    ],
    ids=["damaged", "too_long", "too_long_when_decompressed", "no_signing_request"],
)
async def test_a_bad_body_gets_a_typed_refusal(hub, folder, content, status, code):
    got, answer = await post(hub.enrol, folder, content)
    assert (got, answer.code) == (status, code)


async def test_guessing_is_stopped_and_does_not_flood_the_audit_trail(hub, fleet, folder, store, tmp_path):
    code = fleet.invite("H01", 24, now())
    guess = pack(EnrolRequest(version=WIRE_VERSION, secret="00" * 10, signing_request=request_for()))
    details = [(await post(hub.enrol, folder, guess))[1].detail for _ in range(ENROL_FAILURES_PER_MINUTE_MAX + 5)]
    assert details == [""] * ENROL_FAILURES_PER_MINUTE_MAX + ["too many attempts; wait a minute"] * 5
    with pytest.raises(identity.EnrolmentFailed):
        await enrol(tmp_path / "edge", hub.enrol, code)  # the right code from the same address has to wait, too
    assert len(await soon(lambda: audited(store, "enrolment_refused"))) <= 2


async def test_a_stranger_renews_nothing_is_audited_and_stopped(hub, authority, folder, store):
    own = authority.sign_edge(request_for(), "H01", now()).certificate
    ask = Renewal(version=WIRE_VERSION, signing_request=request_for(), certificate=own, signature=bytes(70))
    answers = [await post(hub.enrol, folder, pack(ask), "renew") for _ in range(ENROL_FAILURES_PER_MINUTE_MAX + 2)]
    assert {(status, answer.code) for status, answer in answers} == {(403, "certificate_refused")}
    details = [answer.detail for _, answer in answers]
    assert details == [""] * ENROL_FAILURES_PER_MINUTE_MAX + ["too many attempts; wait a minute"] * 2
    assert 1 <= len(await soon(lambda: audited(store, "renewal_refused"))) <= 2


async def test_the_enrol_port_asks_no_certificate_and_offers_nothing_else(hub, folder):
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{hub.enrol}/v1/authority", ssl=trusting(folder)) as response:
            assert "BEGIN CERTIFICATE" in await response.text()
        async with session.get(f"{hub.enrol}/v1/feed", ssl=trusting(folder)) as response:
            assert response.status == 404


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_neither_port_speaks_tls_before_1_2(hub, folder):
    old = trusting(folder)
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    for base in (hub.enrol, hub.sync):
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get(f"{base}/v1/authority", ssl=old)
