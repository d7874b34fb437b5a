"""A hub on real TLS sockets and several edges of it in this process: each with its identity, its line and what looks after its anchors."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from central_sync import config as hub_config
from central_sync.app import AUTHORITY_FOLDER, Hub
from central_sync.benefits.parameters import Rulebook
from central_sync.fleet.authority import Authority
from central_sync.fleet.certificates import make_authority
from central_sync.fleet.handover import Handovers
from central_sync.fleet.service import Fleet
from central_sync.fleet.slots import Standing
from central_sync.rulebook.load import load
from central_sync.store import Store, migrate
from central_sync.wire.handovers import State, signed_text
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import Batch, Handover
from central_sync.wire.receipts import microseconds
from edge import identity
from edge.anchors.taking import Anchors
from edge.anchors.taking import Hub as Ways
from edge.audit import Audit
from edge.errors import LineBroken, LineRefused
from edge.identity import Identity
from edge.line import Attempt, Line
from edge.renewal import Renewals


@cache
def _rulebook() -> Rulebook:
    return load()


def now() -> datetime:
    return datetime.now(UTC)


class Outpost:
    """One edge, as far as it deals with who is believed. ``well()`` says whether it works with its hub."""

    def __init__(self, folder: Path, who: Identity) -> None:
        self.folder = folder
        self.who = who
        self.up = True
        self.line = Line(who.sync_url, identity.client_context(who), "", now)
        self.renewals = Renewals(folder, who, self.line, now, self._renewed)
        audit = Audit(folder)
        audit.start()
        ways = Ways(lambda: self.who, self._changed, lambda: self.up, self.renewals.hurry)
        self.anchors = Anchors(folder, self.line, ways, audit, now, spread_s=0.0)
        self.anchors.load()

    def _renewed(self, fresh: Identity) -> None:
        self.who = fresh

    async def _changed(self, fresh: Identity) -> None:
        self.who = self.renewals.who = fresh
        await self.line.take_up(identity.client_context(fresh), fresh.valid_until)

    async def well(self) -> bool:
        """Whether a batch goes to the hub and back, over a new connection."""
        await self.line.take_up(identity.client_context(self.who), self.who.valid_until)
        batch = Batch(version=WIRE_VERSION, institution=self.who.institution, sent_at=now(), items=[])
        try:
            await self.line.exchange(batch, Attempt())
        except (LineBroken, LineRefused):
            return False
        return True

    async def hears(self) -> str:
        """Poll once, do what is due, and say how the drill stands."""
        feed = await self.line.feed(0, 0, 1_000_000, said=self.anchors.said())
        self.anchors.told(feed.handover)
        self.anchors._not_before = 0.0
        await self.anchors.look()
        return self.anchors.shadow.trouble or self.anchors.shadow.drill

    async def away(self) -> None:
        """The line is down for long enough that the enrol port is asked."""
        self.up, self.anchors._trail_at = False, 0.0
        await self.anchors.look()
        self.up = True

    def believes(self) -> list[bytes]:
        return identity.believed(self.who.authority.read_text())

    def acts(self) -> str:
        path = self.folder / "audit.jsonl"
        return path.read_text() if path.exists() else ""


class Country:
    """A hub and its edges."""

    def __init__(self, folder: Path, edges: int = 1) -> None:
        self.root, self.folder = folder, folder / "hub"
        self.home = self.folder / AUTHORITY_FOLDER
        self.authority = Authority(self.home)
        self.authority.create([], now())
        url = f"sqlite:///{self.folder / 'hub.db'}"
        migrate(url)
        self.store = Store(url)
        self.store.open()
        self.fleet = Fleet(self.store, self.authority, _rulebook())
        self.handovers = Handovers(self.home)
        self.codes = [f"H{number}" for number in range(1, edges + 1)]
        self.edges: list[Outpost] = []
        self.sync = self.enrol = "127.0.0.1:0"
        self.hub = self._hub()

    def _hub(self) -> Hub:
        listeners = hub_config.Listener(self.sync), hub_config.Listener(self.enrol)
        return Hub(self.folder, hub_config.Config(database=self.store.url, sync=listeners[0], enrol=listeners[1]))

    async def start(self) -> None:
        faces = await self.hub.start()
        self.sync, self.enrol = faces.sync.removeprefix("https://"), faces.enrol.removeprefix("https://")
        for code in self.codes:
            self.fleet.add_hospital(code, "One", "ir", "public", now())
            self.edges.append(await self.enrolled(code))

    async def enrolled(self, code: str) -> Outpost:
        self.authority.open()
        invited = self.fleet.invite(code, 24, now())
        home = self.root / f"edge-{code}-{len(self.edges)}"
        who = await asyncio.to_thread(identity.enrol, home, f"https://{self.enrol}", invited)
        outpost = Outpost(home, who)
        await outpost.line.start()
        return outpost

    async def again(self) -> None:
        """The hub's program ends and starts anew."""
        await self.hub.stop()
        self.hub = self._hub()
        await self.hub.start()

    def look(self) -> None:
        """What the hub's looking thread does within two seconds."""
        self.hub._uptake.look()

    async def taken_up(self) -> None:
        await asyncio.to_thread(self.look)
        await asyncio.sleep(0)

    async def stop(self) -> None:
        for edge in self.edges:
            await edge.line.stop()
        await self.hub.stop()
        self.store.close()

    # -- what a centre may publish by mistake --------------------------------------------------------------------

    def publish(self, following: bytes, slot: str, *, key: ec.EllipticCurvePrivateKey | None = None) -> Handover:
        """Announce ``following`` whatever it is, past every check of the hub's own commands."""
        standing = self.handovers.standing()
        last = standing.handover.number if standing.handover else 0
        number, at = max(last + 1, int(now().timestamp())), now()
        present = Authority(self.home, standing.current)
        present.open()
        present.keep_derived()
        text = signed_text(number, State.ANNOUNCED, present.der(), following, microseconds(at))
        signature = key.sign(text, ec.ECDSA(hashes.SHA256())) if key else present.signature(text)
        word = Handover(
            number=number, state=State.ANNOUNCED, present=present.der(), following=following, issued_at=at, signature=signature,
        )  # fmt: skip
        self.handovers._slots.keep(Standing(current=standing.current, shadow=slot, handover=word))
        return word

    def slot(self, name: str, at: datetime | None = None, names: tuple[str, ...] | None = None) -> Authority:
        """An authority in a slot that nothing names yet, made at ``at``, its server certificate for ``names``."""
        place = self.home / "slots" / name
        place.mkdir(parents=True)
        make_authority(place, at or now())
        made = Authority(self.home, name)
        made.open()
        if names is not None:
            made.names = lambda: list(names)  # type: ignore[method-assign]
        made.make_server_certificate(at or now())
        return made


def self_signed(
    *, ca: bool = True, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None, at: datetime | None = None
) -> bytes:
    """A certificate by itself, DER."""
    key, at = key or ec.generate_private_key(ec.SECP256R1()), at or now()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "wrong")])
    usage = x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(hours=1))
        .not_valid_after(at + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)
