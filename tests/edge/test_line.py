"""The line: mutual TLS, one interface, bounded answers, and the truth about what may have left."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import zstandard
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from central_sync.wire import codec
from central_sync.wire.compression import DICTIONARY, OLDEST, Level
from central_sync.wire.limits import BODY_BYTES_MAX, WIRE_VERSION
from central_sync.wire.messages import Batch, BatchAnswer
from edge.errors import LineBroken, LineRefused
from edge.line import Attempt, Line
from edge.outcome import Outcome
from tests.edge.world import HID, Edge, settle
from tests.sim.hub import SimHub


def batch() -> Batch:
    return Batch(version=WIRE_VERSION, institution="H1", sent_at=datetime.now(UTC), items=[])


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    line = Line("http://127.0.0.1:1", None)
    await line.start()
    yield line
    await line.stop()
    await line.stop()


async def test_a_refused_connection_has_certainly_not_left(line: Line) -> None:
    attempt = Attempt()
    with pytest.raises(LineBroken) as caught:
        await line.exchange(batch(), attempt)
    assert not caught.value.left
    assert not attempt.left


async def test_a_line_that_is_closed_says_so() -> None:
    with pytest.raises(LineBroken):
        await Line("http://127.0.0.1:1", None).exchange(batch(), Attempt())


@pytest.mark.parametrize(
    ("status", "body", "refused"),
    [(500, b"", ""), (302, b"", ""), (200, b"nonsense", ""), (200, b"x" * (BODY_BYTES_MAX + 1), ""), (403, b"go away", "certificate_refused")],
)  # fmt: skip
async def test_an_answer_that_is_none_is_unknown_but_a_clear_no_is_a_no(status: int, body: bytes, refused: str) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(
            status=status, body=body, headers={"Location": "http://127.0.0.1:1/"} if status == 302 else {}
        )

    app = web.Application()
    app.router.add_post("/v1/exchange", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    line = Line(f"http://127.0.0.1:{runner.addresses[0][1]}", None)
    await line.start()
    attempt = Attempt()
    with pytest.raises(LineRefused if refused else LineBroken) as caught:
        await line.exchange(batch(), attempt)
    if refused:
        assert str(caught.value) == refused
    else:
        assert attempt.left
    await line.stop()
    await runner.cleanup()


async def test_a_hub_without_the_dictionary_gets_frames_without_it_from_then_on() -> None:
    seen = []

    async def answer(request: web.Request) -> web.Response:
        dictionary = zstandard.get_frame_parameters(await request.read()).dict_id
        seen.append((dictionary, request.headers["Accept"]))
        code = "dictionary_unknown" if dictionary else ""
        told = BatchAnswer(version=WIRE_VERSION, hub_time=datetime.now(UTC), answers=[], code=code)
        return web.Response(body=codec.pack(told), status=400 if code else 200)

    app = web.Application()
    app.router.add_post("/v1/exchange", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    line = Line(f"http://127.0.0.1:{runner.addresses[0][1]}", None)
    await line.start()
    with pytest.raises(LineBroken):
        await line.exchange(batch(), Attempt())
    assert (await line.exchange(batch(), Attempt())).code == ""
    assert seen == [(OLDEST, codec.ACCEPT), (0, codec.ACCEPT)]
    await line.stop()
    await runner.cleanup()


async def test_the_best_dictionary_that_a_hub_writes_is_written_to_it_and_given_up_when_it_is_refused() -> None:
    """A hub with processes of an older release refuses the newer dictionary: then the older one is used."""
    seen, reads, writes = [], {OLDEST}, [OLDEST]

    async def answer(request: web.Request) -> web.Response:
        dictionary = zstandard.get_frame_parameters(await request.read()).dict_id
        seen.append(dictionary)
        code = "" if dictionary in reads else "dictionary_unknown"
        told = BatchAnswer(version=WIRE_VERSION, hub_time=datetime.now(UTC), answers=[], code=code)
        frame = codec.pack(told, dictionary=codec.dictionary_for(request.headers["Accept"]) if writes[0] else 0)
        frame = codec.pack(told, dictionary=OLDEST) if writes[0] == OLDEST else frame
        return web.Response(body=frame, status=400 if code else 200)

    app = web.Application()
    app.router.add_post("/v1/exchange", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    line = Line(f"http://127.0.0.1:{runner.addresses[0][1]}", None)
    await line.start()
    await line.exchange(batch(), Attempt())
    await line.exchange(batch(), Attempt())
    assert seen == [OLDEST, OLDEST], "an older hub goes on with the first"
    reads.add(DICTIONARY)
    writes[0] = DICTIONARY
    await line.exchange(batch(), Attempt())
    await line.exchange(batch(), Attempt())
    assert seen[2:] == [OLDEST, DICTIONARY]
    reads.remove(DICTIONARY)
    with pytest.raises(LineBroken):
        await line.exchange(batch(), Attempt())
    await line.exchange(batch(), Attempt())
    await line.exchange(batch(), Attempt())
    assert seen[4:] == [DICTIONARY, OLDEST, OLDEST], "what was refused once is not tried again"
    await line.stop()
    await runner.cleanup()


async def test_skew_is_read_off_every_answer() -> None:
    hub = SimHub()
    hub.faults.clock_ahead_s = 86_400
    await hub.start()
    line = Line(hub.url, None)
    await line.start()
    assert not line.skewed
    with pytest.raises(LineRefused, match="clock_wrong"):
        await line.exchange(batch(), Attempt())
    assert line.skewed
    hub.faults.clock_ahead_s = 0
    await line.exchange(batch(), Attempt())
    assert not line.skewed
    await line.stop()
    await hub.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="binding to an interface may need a privilege here")
async def test_a_line_bound_to_another_interface_does_not_reach_the_hub() -> None:
    hub = SimHub()
    await hub.start()
    here, elsewhere = Line(hub.url, None, device="lo"), Line(hub.url, None, device="none0")
    for line in (here, elsewhere):
        await line.start()
    await here.exchange(batch(), Attempt())
    with pytest.raises(LineBroken) as caught:
        await elsewhere.exchange(batch(), Attempt())
    assert not caught.value.left
    for line in (here, elsewhere):
        await line.stop()
    await hub.stop()


class Authority:
    """A small authority for one test: it signs a server and an edge."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._signed(name, self.key.public_key(), ca=True)
        (folder / f"{name}.pem").write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def context(self, purpose: ssl.Purpose, trusts: Authority) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed("localhost", key.public_key(), ca=False)
        path = self.folder / f"{self.name}-{purpose.shortname}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.create_default_context(purpose, cafile=str(self.folder / f"{trusts.name}.pem"))
        context.load_cert_chain(path)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _signed(self, name: str, public: ec.EllipticCurvePublicKey, *, ca: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)]))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if not ca:
            import ipaddress

            names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return made.sign(self.key, hashes.SHA256())


async def test_both_ends_prove_themselves(tmp_path: Path) -> None:
    ours, stranger = Authority(tmp_path, "ours"), Authority(tmp_path, "stranger")
    hub = SimHub(tls=ours.context(ssl.Purpose.CLIENT_AUTH, ours))
    await hub.start()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with Edge(tmp_path / "a", hub.url, tls=ours.context(ssl.Purpose.SERVER_AUTH, ours)) as edge:
        assert (await edge.call("2207", settle(HID), "m1")).outcome is Outcome.FINAL
    async with Edge(tmp_path / "b", hub.url, tls=stranger.context(ssl.Purpose.SERVER_AUTH, ours)) as edge:
        reply = await edge.call("2207", settle(HID), "m2", 800)
        assert reply.outcome is not Outcome.FINAL, "the hub does not know this edge"
    distrustful = stranger.context(ssl.Purpose.SERVER_AUTH, stranger)
    line = Line(hub.url, distrustful)
    await line.start()
    with pytest.raises(LineBroken) as caught:
        await line.exchange(batch(), Attempt())
    assert not caught.value.left, "nothing is told to a hub that we do not trust"
    await line.stop()
    await hub.stop()
    await asyncio.sleep(0.05)
    assert hub.applied == [(HID, "m1", "2207")]


async def test_a_busy_hub_says_when_to_come_again_and_a_backlog_says_what_it_is() -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.query_string)
        busy = BatchAnswer(
            version=WIRE_VERSION, hub_time=datetime.now(UTC), answers=[], code="hub_busy", retry_after_s=7
        )
        return web.Response(body=codec.pack(busy), status=503)

    app = web.Application()
    app.router.add_post("/v1/exchange", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    line = Line(f"http://127.0.0.1:{runner.addresses[0][1]}", None)
    await line.start()
    for level in (None, Level.BACKLOG):
        with pytest.raises(LineRefused) as caught:
            await line.exchange(batch(), Attempt(), level)
        assert (caught.value.code, caught.value.retry_after_s) == ("hub_busy", 7)
    assert asked == ["", "backlog=1"]
    await line.stop()
    await runner.cleanup()
