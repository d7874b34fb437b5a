"""The way to the hub tried step by step, against real sockets and real certificates: each thing that breaks has its own name."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from edge import probing
from edge.probing import NAMES, Probe, Step
from edge.readers.bindings import ReaderRow

NOW = datetime.now(UTC)
READER = ReaderRow(name="r1", driver="pcsc", desk="", connected=True, card_present=False)


class Hub:
    """An authority, and a port that speaks TLS under it and answers as a test says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.authority = self._signed(self.key.public_key(), "authority", [], days=30, ca=True)
        self.days, self.names = 30, ["localhost"]
        self.answer: str | None = "HTTP/1.1 200 OK"
        self.ahead = timedelta(0)
        self.clients_of: Hub = self
        self.port = 0

    def _signed(self, public, name: str, names: list[str], *, days: int, ca: bool = False) -> x509.Certificate:
        of = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])  # noqa: E731
        builder = (
            x509.CertificateBuilder().subject_name(of(name)).issuer_name(of("authority")).public_key(public)
            .serial_number(x509.random_serial_number()).not_valid_before(NOW - timedelta(days=60)).not_valid_after(NOW + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )  # fmt: skip
        if names:
            more = [x509.DNSName(one) for one in names] + [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(
                x509.SubjectAlternativeName(more[: 1 if names == ["other"] else 2]), critical=False
            )
        return builder.sign(self.key, hashes.SHA256())

    def chain(self, name: str, *, days: int = 30, names: Sequence[str] = ()) -> Path:
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._signed(key.public_key(), name, list(names), days=days)
        path = self.folder / f"{name}-{key.public_key().public_numbers().x}.pem"
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
        return path

    def pem(self) -> str:
        return self.authority.public_bytes(serialization.Encoding.PEM).decode()

    def client(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cadata=self.pem())
        context.load_cert_chain(self.chain("edge"))
        return context

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Hub]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain("hub", days=self.days, names=self.names))
        context.load_verify_locations(cadata=self.clients_of.pem())
        context.verify_mode = ssl.CERT_REQUIRED
        server = await asyncio.start_server(self._served, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self

    async def _served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            if self.answer == "hang":
                await reader.read()
            elif self.answer is not None:
                date = format_datetime(datetime.now(UTC) + self.ahead, usegmt=True)
                writer.write(f"{self.answer}\r\nDate: {date}\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
        writer.close()


async def tried(hub: Hub, url: str = "", **more: object) -> dict[str, Step]:
    given = {
        "sync_url": url or f"https://127.0.0.1:{hub.port}", "enrol_url": "", "tls": hub.client, "device": "", "readers": lambda: [READER],
        "desks": lambda: 2, "face": lambda: ("https://edge", NOW), "clock": lambda: datetime.now(UTC),
    }  # fmt: skip
    heard: list[Sequence[Step]] = []
    steps = await Probe(**(given | more)).run(heard.append)
    assert [step.name for step in steps] == list(NAMES)
    assert len(heard) == len(NAMES) + 1, "each step is told"
    assert {step.state for step in heard[0]} == {"waiting"}
    return {step.name: step for step in steps}


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(tmp_path)


async def test_a_way_that_is_well_is_well_at_every_step(hub: Hub) -> None:
    async with hub.listening():
        steps = await tried(hub, enrol_url=f"https://127.0.0.1:{hub.port}")
    assert {step.state for step in steps.values()} == {"well"}
    assert steps["certificate"].values == {"days": 29}
    assert steps["centre"].values["seconds"] <= 20, "both have the same clock"
    assert all(step.took_ms is not None for name, step in steps.items() if name not in ("face", "desks", "readers"))


@pytest.mark.parametrize(
    ("change", "step", "code"),
    [
        ({"days": 5}, "certificate", "certificate_ends"),
        ({"days": -1}, "certificate", "hub_ended"),
        ({"names": ["other"]}, "certificate", "hub_name"),
        ({"answer": "HTTP/1.1 403 No"}, "centre", "not_admitted"),
        ({"answer": "HTTP/1.1 500 Oh"}, "centre", "centre_fault"),
        ({"answer": "nonsense"}, "centre", "centre_fault"),
        ({"answer": None}, "centre", "centre_hung_up"),
        ({"ahead": timedelta(hours=1)}, "centre", "clock"),
        ({"ahead": timedelta(hours=-1)}, "centre", "clock"),
    ],
)
async def test_each_thing_that_is_wrong_at_the_hub_has_its_name(hub: Hub, change: dict, step: str, code: str) -> None:
    for name, value in change.items():
        setattr(hub, name, value)
    async with hub.listening():
        steps = await tried(hub)
    assert steps[step].code == code
    after = NAMES[NAMES.index(step) + 1 : NAMES.index("renewal")]
    broken = steps[step].state == "broken"
    assert broken is (code != "certificate_ends")
    assert all((steps[name].code == "before") is broken for name in after)


async def test_whoever_is_not_the_hub_and_whom_the_hub_does_not_know_are_told_apart(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    stranger = Hub(tmp_path / "other")
    async with stranger.listening():
        assert (await tried(hub, f"https://127.0.0.1:{stranger.port}"))["certificate"].code == "hub_untrusted"
    hub.clients_of = stranger
    async with hub.listening():
        steps = await tried(hub)
    assert steps["centre"].code in ("not_admitted", "centre_hung_up", "before")
    assert "broken" in {steps["certificate"].state, steps["centre"].state}


async def test_a_port_that_is_closed_or_speaks_something_else_or_nothing(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await tried(hub, "https://127.0.0.1:1"))["port"].code == "port_refused"
    assert (await tried(hub, "https://nowhere.invalid:1"))["name"].code == "name_unknown"

    async def plain(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail\r\n")
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        steps = await tried(hub, url)
        assert (steps["port"].state, steps["certificate"].code) == ("well", "no_tls")
    monkeypatch.setattr(probing, "STEP_S_MAX", 0.3)
    hub.answer = "hang"
    async with hub.listening():
        assert (await tried(hub))["centre"].code == "centre_silent"
    assert (await tried(hub, "https://127.0.0.1:1", enrol_url="https://127.0.0.1:1"))["renewal"].code == "renewal_away"


async def test_readers_and_desks_are_looked_at_whatever_the_line_does(hub: Hub) -> None:
    troubled = ReaderRow(name="r2", driver="pcsc", desk="", connected=False, card_present=False, trouble="reader_gone")
    steps = await tried(hub, "https://127.0.0.1:1", readers=lambda: [READER, troubled], desks=lambda: 0)
    assert (steps["readers"].code, steps["readers"].values) == ("readers_troubled", {"names": "r2"})
    assert steps["desks"].code == "no_desks"
    assert (await tried(hub, "https://127.0.0.1:1", readers=list))["readers"].code == "no_readers"
    called = {"face": lambda: ("https://edge", NOW - timedelta(minutes=5))}
    assert (await tried(hub, "https://127.0.0.1:1", **called))["face"].values["minutes"] >= 5
    quiet = (await tried(hub, "https://127.0.0.1:1", face=lambda: ("https://edge", None)))["face"]
    assert (quiet.state, quiet.code) == ("warning", "not_called")


async def test_an_interface_that_is_not_there_is_named(hub: Hub) -> None:
    assert (await tried(hub, "https://127.0.0.1:1", device="nope0"))["port"].code == "no_device"
