"""A hub in this process on real TLS sockets, edges with real certificates, and a client that speaks the wire."""

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from central_sync.app import AUTHORITY_FOLDER, Hub
from central_sync.config import Config, Listener
from central_sync.fleet.authority import Authority
from central_sync.fleet.service import Fleet
from central_sync.rulebook.load import load
from central_sync.store.records import Certificate
from central_sync.wire.codec import CONTENT_TYPE, pack, unpack
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import Batch, BatchAnswer, Feed, Transaction
from central_sync.wire.packets import SignIn
from tests.central_sync.fleet.test_authority import request_for

ANY = Listener("127.0.0.1:0")


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def rulebook():
    return load()


@pytest.fixture
def folder(tmp_path) -> Path:
    """A hub's data folder with its authority."""
    Authority(tmp_path / AUTHORITY_FOLDER).create([], now())
    return tmp_path


@pytest.fixture
def authority(folder) -> Authority:
    authority = Authority(folder / AUTHORITY_FOLDER)
    authority.open()
    return authority


@pytest.fixture
def fleet(store, authority, rulebook) -> Fleet:
    fleet = Fleet(store, authority, rulebook)
    for code in ("H01", "H02"):
        fleet.add_hospital(code, "A Hospital", "cn", "tier_3", now())
    return fleet


@pytest.fixture
async def hub(folder, url, fleet):
    """The hub's addresses, while it runs."""
    hub = Hub(folder, Config(database=url, sync=ANY, enrol=ANY))
    yield await hub.start()
    await hub.stop()


def certified(authority: Authority, folder: Path, institution="H01", at=None, days=30, store=None) -> ssl.SSLContext:
    """A client with a key of its own and a certificate of ``authority``; known to the hub if a ``store`` is given."""
    key = ec.generate_private_key(ec.SECP256R1())
    issued = authority.sign_edge(request_for(key), institution, at or now(), days)
    if store is not None:
        with store.write() as uow:
            uow.certificates.add(Certificate(issued.serial, institution, issued.to_time, at or now()))
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / f"client-{issued.serial}.pem"
    file.write_bytes(plain + issued.certificate.encode())
    context = trusting(folder)
    context.load_cert_chain(file)
    return context


def trusting(folder: Path) -> ssl.SSLContext:
    """A client that knows the hub's authority and has no certificate."""
    return ssl.create_default_context(cafile=str(folder / AUTHORITY_FOLDER / "authority.pem"))


@pytest.fixture
def edge(authority, folder, store, fleet) -> ssl.SSLContext:
    """An enrolled edge of H01."""
    return certified(authority, folder, store=store)


def sign_in(msgid="m-1", workstation="desk 1") -> Transaction:
    day = now().date()
    return Transaction(
        msgid=msgid,
        number="9001",
        packet=msgspec.msgpack.encode(SignIn(business_day=day)),
        lane="cycle",
        recorded_at=now(),
        business_day=day,
        operator="op",
        workstation=workstation,
    )


def batch(*items, institution="H01") -> Batch:
    return Batch(version=WIRE_VERSION, institution=institution, sent_at=now(), items=list(items))


async def exchange(base: str, context: ssl.SSLContext, body, **query) -> tuple[int, BatchAnswer]:
    """Send a batch (or raw bytes) on a connection of its own."""
    content = body if isinstance(body, bytes) else pack(body)
    async with aiohttp.ClientSession() as session:
        url, headers = f"{base}/v1/exchange", {"Content-Type": CONTENT_TYPE}
        async with session.post(url, data=content, ssl=context, headers=headers, params=query) as response:
            return response.status, unpack(await response.read(), BatchAnswer)


async def feed(base: str, context: ssl.SSLContext, **query) -> Feed:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{base}/v1/feed", params=query, ssl=context) as response,
    ):
        assert response.status == 200, await response.read()
        return unpack(await response.read(), Feed)


def audited(store, action: str) -> list[tuple[str, str]]:
    with store.read() as uow:
        return [(row.subject, row.detail) for row in uow.audit.latest() if row.action == action]


async def soon(look, seconds=5):
    """What ``look`` finds as soon as it finds anything: the audit trail is written by a thread."""
    for _ in range(int(seconds / 0.02)):
        if found := look():
            return found
        await asyncio.sleep(0.02)
    return look()
