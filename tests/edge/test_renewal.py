"""The edge renews its certificate by itself: against a real hub over mutual TLS, before the end and after it, and never by half."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from central_sync import config as hub_config
from central_sync.app import AUTHORITY_FOLDER, Hub
from central_sync.fleet.authority import Authority
from central_sync.fleet.service import Fleet
from central_sync.rulebook.load import load
from central_sync.store import Store, migrate
from central_sync.store.records import Certificate
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import Batch, Renewal, Renewed
from edge import identity
from edge.app import Edge
from edge.config import Config
from edge.errors import CertificateEnded, LineRefused
from edge.identity import Identity
from edge.line import Attempt, Line
from edge.renewal import Renewals, due
from tests.edge.world import until

DAY = timedelta(days=1)
HOSPITAL = "H1"


def now() -> datetime:
    return datetime.now(UTC)


class World:
    """A hub on real sockets, and the edge of its one hospital."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder / "hub", folder / "edge"
        self.authority = Authority(self.folder / AUTHORITY_FOLDER)
        self.authority.create([], now())
        url = f"sqlite:///{self.folder / 'hub.db'}"
        migrate(url)
        self.store = Store(url)
        self.store.open()
        self.hub = self._hub("127.0.0.1:0", "127.0.0.1:0")
        self.fleet = Fleet(self.store, self.authority, load())

    def _hub(self, sync: str, enrol: str) -> Hub:
        listeners = hub_config.Listener(sync), hub_config.Listener(enrol)
        return Hub(self.folder, hub_config.Config(database=self.store.url, sync=listeners[0], enrol=listeners[1]))

    async def again(self) -> None:
        """The hub comes back where it was."""
        self.hub = self._hub(self.faces.sync.removeprefix("https://"), self.faces.enrol.removeprefix("https://"))
        await self.hub.start()

    async def start(self) -> None:
        self.fleet.add_hospital(HOSPITAL, "One", "ir", "public", now())
        self.faces = await self.hub.start()
        code = self.fleet.invite(HOSPITAL, 24, now())
        self.who = await asyncio.to_thread(identity.enrol, self.home, self.faces.enrol, code)

    async def stop(self) -> None:
        await self.hub.stop()
        self.store.close()

    def age(self, began: timedelta, days: int) -> Identity:
        """Give the edge a certificate for its key that was issued ``began`` ago for ``days``; what it has now."""
        key = serialization.load_pem_private_key(self.who.key.read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        request = identity.signing_request(key)
        issued = self.authority.sign_edge(request, HOSPITAL, now() - began, days)
        with self.store.write() as uow:
            uow.certificates.revoke(HOSPITAL, now())
            uow.certificates.add(Certificate(issued.serial, HOSPITAL, issued.to_time, now() - began))
        self.who = identity.replace_certificate(self.home, issued.certificate, key)
        return self.who

    def audited(self) -> list[str]:
        with self.store.read() as uow:
            return [row.action for row in uow.audit.latest()]

    def line(self) -> Line:
        return Line(self.faces.sync, identity.client_context(self.who))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    await world.start()
    yield world
    await world.stop()


def batch() -> Batch:
    return Batch(version=WIRE_VERSION, institution=HOSPITAL, sent_at=now(), items=[])


def serial(who: Identity) -> int:
    return x509.load_pem_x509_certificate(who.certificate.read_bytes()).serial_number


def test_it_is_due_when_less_than_a_third_is_left(world: World) -> None:
    who = world.who
    whole = who.valid_until - who.valid_from
    assert not due(who, who.valid_until - whole / 3 - timedelta(seconds=1))
    assert due(who, who.valid_until - whole / 3 + timedelta(seconds=1))
    assert due(who, who.valid_until + 100 * DAY)


async def test_a_certificate_that_is_not_due_is_left_alone(world: World) -> None:
    renewals = Renewals(world.home, world.who, world.line(), now)
    await renewals.run()
    assert renewals.who == world.who == identity.load(world.home)


async def test_in_time_it_is_renewed_over_the_line_and_exchanges_under_way_end_in_peace(world: World) -> None:
    old = world.age(20 * DAY, 25)
    line = world.line()
    await line.start()
    told: list[Identity] = []
    renewals = Renewals(world.home, old, line, now, told.append)
    waiting = asyncio.create_task(line.feed(10**6, 2, 10_000))
    await asyncio.sleep(0.3)
    await renewals.run()
    assert renewals.who == identity.load(world.home)
    assert told == [renewals.who]
    assert serial(renewals.who) != serial(old)
    assert renewals.who.key.read_bytes() != old.key.read_bytes(), "a new key each time"
    assert renewals.who.days_left(now()) > 300
    assert renewals.who.enrol_url == world.faces.enrol
    assert (await waiting).items == [], "the poll on the old connection ended as it would have"
    assert (await line.exchange(batch(), Attempt())).code == ""
    await line.stop()
    assert "renewed" in world.audited()


async def test_after_its_end_it_is_renewed_with_the_old_key_and_the_line_comes_back(world: World) -> None:
    old = world.age(40 * DAY, 30)
    line = world.line()
    await line.start()
    line.ends_at = old.valid_until
    with pytest.raises(CertificateEnded):
        await line.exchange(batch(), Attempt())
    renewals = Renewals(world.home, old, line, now)
    await renewals.run()
    assert renewals.who.days_left(now()) > 300
    assert (await line.exchange(batch(), Attempt())).code == ""
    await line.stop()


async def test_a_revoked_edge_is_not_renewed_and_does_not_ask_all_the_time(world: World) -> None:
    old = world.age(40 * DAY, 30)
    world.fleet.revoke(HOSPITAL, now())
    line = world.line()
    await line.start()
    at = now()
    renewals = Renewals(world.home, old, line, lambda: at)
    with pytest.raises(LineRefused, match="certificate_refused"):
        await renewals.renew(at)
    for _ in range(5):
        await renewals.run()
    assert identity.load(world.home) == old
    await until(lambda: "renewal_refused" in world.audited())
    assert world.audited().count("renewal_refused") == 1, "once, and then after a pause"
    await line.stop()


async def test_an_edge_that_does_not_know_where_to_ask_keeps_what_it_has(world: World) -> None:
    old = replace(world.age(40 * DAY, 30), enrol_url="")
    renewals = Renewals(world.home, old, world.line(), now)
    await renewals.run()
    assert renewals.who == old
    line = world.line()
    await line.start()
    told = Renewals(world.home, old, line, now, enrol_url=world.faces.enrol)
    await told.run()
    assert told.who.days_left(now()) > 300, "edge.toml may say where"
    await line.stop()


@pytest.mark.parametrize("case", ["foreign_authority", "other_key", "other_institution", "none"])
async def test_what_is_no_certificate_for_us_is_not_taken(world: World, tmp_path: Path, case: str) -> None:
    class Wrong(Line):
        async def renew(self, asked: Renewal) -> Renewed:
            request = asked.signing_request
            authority = world.authority
            if case == "foreign_authority":
                authority = Authority(tmp_path / "foreign")
                authority.create([], now())
            if case == "other_key":
                request = identity.signing_request(ec.generate_private_key(ec.SECP256R1()))
            code = "H2" if case == "other_institution" else HOSPITAL
            certificate = "" if case == "none" else authority.sign_edge(request, code, now()).certificate
            return Renewed(version=WIRE_VERSION, certificate=certificate, authority="")

    old = world.age(20 * DAY, 25)
    renewals = Renewals(world.home, old, Wrong(world.faces.sync, identity.client_context(old)), now)
    await renewals.run()
    assert renewals.who == old == identity.load(world.home)


async def test_an_edge_that_starts_with_an_ended_certificate_serves_and_comes_back_by_itself(world: World) -> None:
    old = world.age(40 * DAY, 30)
    edge = Edge(world.home, Config(listen="127.0.0.1:0"), old)
    await edge.start()
    try:
        await until(lambda: serial(identity.load(world.home)) != serial(old), 20)

        async def up() -> bool:
            return (await edge.status()).line == "up"

        await until(up, 30)
        status = await edge.status()
        assert status.certificate_days_left > 300
    finally:
        await edge.stop()


async def test_an_edge_with_an_ended_certificate_serves_while_nobody_renews_it(world: World) -> None:
    old = world.age(40 * DAY, 30)
    await world.hub.stop()
    edge = Edge(world.home, Config(listen="127.0.0.1:0"), old)
    await edge.start()
    status = await edge.status()
    assert status.line == "down"
    assert any("certificate has ended" in sentence for sentence in status.warnings)
    await edge.stop()
