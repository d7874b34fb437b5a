"""A hub in memory that speaks the real wire on a real socket, with faults that a seed or a test chooses.

It keeps the promises of the real one: exactly once by (msgid, digest), order within a lane, tombstones for Ask and reversal. What
it applied stands in ``applied``, in order, so that a test can look for what was lost, doubled or overtaken.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import msgspec
from aiohttp import web

from central_sync.wire import codec, reports
from central_sync.wire import packets as p
from central_sync.wire.catalogue import BY_NUMBER
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import (
    Ask,
    Batch,
    BatchAnswer,
    BundleWord,
    EdgeReport,
    Feed,
    FeedBody,
    FeedItem,
    Item,
    ItemAnswer,
    Transaction,
    Verdict,
)
from tests.sim import signing
from tests.sim.pieces import piece


@dataclass(slots=True)
class Faults:
    """How often what goes wrong, each a probability in [0, 1]; and what a test switches by hand.

    ``drop_before``: the connection dies before anything is applied; ``drop_after``: after everything is; ``again``: an item is
    put off; ``delay_s``: at most so long before the answer. ``frozen``: requests are taken and never answered (cleared: they go on);
    ``lose_next``: the next so many batches are applied and their answer is lost; ``ignore_next``: the next so many are lost before.
    """

    seed: int = 0
    drop_before: float = 0.0
    drop_after: float = 0.0
    again: float = 0.0
    delay_s: float = 0.0
    frozen: bool = False
    frozen_lanes: frozenset[str] = frozenset()
    lose_next: int = 0
    ignore_next: int = 0
    code: str = ""
    clock_ahead_s: float = 0.0
    again_numbers: frozenset[str] = frozenset()
    faulty: frozenset[str] = frozenset()
    """msgids on which the hub fails by itself (``hub_fault``)."""
    deadly: frozenset[str] = frozenset()
    """msgids that kill the exchange they are in."""
    busy_s: int = 0
    """While set, a batch of more than a few items is turned away with ``hub_busy``, to come again after so many seconds."""
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def happens(self, probability: float) -> bool:
        return self.chance.random() < probability


class SimHub:
    """Start it, point a line at ``url``, look at ``applied``. It keeps its ledger over ``stop`` and ``start`` on the same port."""

    def __init__(
        self, institution: str = "H1", faults: Faults | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self.institution = institution
        self.faults = faults or Faults()
        self.ledger: dict[str, tuple[bytes | None, ItemAnswer]] = {}
        self.applied: list[tuple[str, str, str]] = []
        """(lane, msgid, number) of what was applied, in order."""
        self.seen: Counter[tuple[str, str]] = Counter()
        """(kind, msgid) of every item that arrived in a batch, whatever became of it."""
        self.settled, self.person = dict[str, str](), "X"
        self.batches: list[list[str]] = []
        self.refuse: Callable[[Transaction], str] = lambda _t: ""
        self.feed_items: list[FeedItem] = []
        self.hids_left: list[int] = []
        self.lives: dict[str, int] = {}
        """Life (hexadecimal) → the highest head that a poll told of it."""
        self.over: set[str] = set()
        """Lives that are refused."""
        self.in_flight: Counter[str] = Counter()
        self.overlaps = 0
        self.port = 0
        self.bundle: tuple[int, bytes] | None = None
        """Number and file of the rulebook in force."""
        self.part_bytes = 4_096
        self.twin: bytes | None = None
        """The bundle as another process of the hub gives it: every second piece is of it."""
        self.tells_bodies = True
        """An older hub's pieces do not say which body they are of."""
        self.parts_until_cut = 10**9
        """After so many pieces of a bundle the connection dies, once."""
        self.offsets: list[int] = []
        self.bundle_troubles: list[str] = []
        self.reports: list[EdgeReport] = []
        self.hold_s = 5.0
        self.signs = True
        """Whether answers bear a receipt, as the real hub's do."""
        self._tls = tls
        self._runner: web.AppRunner | None = None
        self._news = asyncio.Condition()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    async def start(self) -> None:
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.router.add_post("/v1/exchange", self._exchange)
        app.router.add_get("/v1/feed", self._feed)
        app.router.add_get("/v1/signers", self._signers)
        app.router.add_get("/v1/bundle", self._part)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self._tls, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """The hub goes down; connections die. It may be started again."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def publish(self, body: FeedBody) -> None:
        async with self._news:
            self.feed_items.append(FeedItem(cursor=len(self.feed_items) + 1, at=self.now(), body=body))
            self._news.notify_all()

    async def put_in_force(self, number: int, file: bytes) -> None:
        async with self._news:
            self.bundle = (number, file)
            self._news.notify_all()

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.faults.clock_ahead_s)

    def times_applied(self, msgid: str) -> int:
        return sum(1 for _, m, _ in self.applied if m == msgid)

    def order_of(self, lane: str) -> list[str]:
        return [m for where, m, _ in self.applied if where == lane]

    # -- the two routes -------------------------------------------------------------------------------------------

    async def _exchange(self, request: web.Request) -> web.StreamResponse:
        batch = codec.unpack(await request.read(), Batch)
        faults = self.faults
        lanes = {item.lane for item in batch.items}
        self.batches.append([item.msgid for item in batch.items])
        for item in batch.items:
            self.seen["ask" if isinstance(item, Ask) else "transaction", item.msgid] += 1
        self.overlaps += any(self.in_flight[lane] for lane in lanes)
        self.in_flight.update(lanes)
        try:
            await self._thawed(lanes)
            if faults.delay_s:
                await asyncio.sleep(faults.chance.random() * faults.delay_s)
            if faults.deadly & {item.msgid for item in batch.items}:
                return self._abort(request)
            if faults.ignore_next or faults.happens(faults.drop_before):
                faults.ignore_next = max(0, faults.ignore_next - 1)
                return self._abort(request)
            answer = self._taken(batch)
            if self.signs:
                answer = signing.signed(batch, answer)
            if faults.lose_next or faults.happens(faults.drop_after):
                faults.lose_next = max(0, faults.lose_next - 1)
                return self._abort(request)
        finally:
            self.in_flight.subtract(lanes)
        status = 403 if answer.code == "certificate_refused" else 200
        return web.Response(body=codec.pack(answer), content_type=codec.CONTENT_TYPE, status=status)

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        if self.faults.code == "certificate_refused":
            answer = BatchAnswer(version=WIRE_VERSION, hub_time=self.now(), answers=[], code=self.faults.code)
            return web.Response(body=codec.pack(answer), content_type=codec.CONTENT_TYPE, status=403)
        life = request.query.get("life", "")
        self.lives.setdefault(life, 0)
        self.lives[life] = max(self.lives[life], int(request.query.get("head", "0")))
        if life in self.over:
            answer = BatchAnswer(version=WIRE_VERSION, hub_time=self.now(), answers=[], code="life_over")
            return web.Response(body=codec.pack(answer), content_type=codec.CONTENT_TYPE, status=409)
        cursor, wait = int(request.query["cursor"]), float(request.query["wait_s"])
        self.hids_left.append(int(request.query["hids_left"]))
        if trouble := request.query.get("bundle_trouble"):
            self.bundle_troubles.append(trouble)
        if said := request.query.get("report"):
            self.reports.append(reports.decoded(said))
        await self._thawed(set())
        async with self._news:
            with contextlib.suppress(TimeoutError):  # nothing came: an empty feed
                news = self._news.wait_for(lambda: len(self.feed_items) > cursor or self._word(request) is not None)
                await asyncio.wait_for(news, min(wait, self.hold_s))
            items, word = self.feed_items[cursor:], self._word(request)
        return web.Response(
            body=codec.pack(Feed(version=WIRE_VERSION, hub_time=self.now(), items=items, bundle=word)),
            content_type=codec.CONTENT_TYPE,
        )

    def _word(self, request: web.Request) -> BundleWord | None:
        heard = request.query.get("bundle")
        if heard is None or self.bundle is None or self.bundle[0] <= int(heard):
            return None
        return BundleWord(number=self.bundle[0], rulebook="of this number")

    async def _part(self, request: web.Request) -> web.StreamResponse:
        offset = int(request.query["offset"])
        self.offsets.append(offset)
        if self.parts_until_cut == 0:
            self.parts_until_cut = 10**9
            return self._abort(request)
        self.parts_until_cut -= 1
        assert self.bundle is not None
        number, file = self.bundle
        if self.twin and len(self.offsets) % 2 == 0:
            file = self.twin
        part = piece(file, number, offset, self.part_bytes, self.now(), tells_body=self.tells_bodies)
        return web.Response(body=codec.pack(part), content_type=codec.CONTENT_TYPE)

    async def _signers(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(body=signing.SIGNERS_PEM, content_type="application/x-pem-file")

    async def _thawed(self, lanes: set[str]) -> None:
        while self.faults.frozen or self.faults.frozen_lanes & lanes:  # noqa: ASYNC110 -- a test may switch it from any thread
            await asyncio.sleep(0.01)

    def _abort(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response(status=500)

    # -- exactly once ---------------------------------------------------------------------------------------------

    def _taken(self, batch: Batch) -> BatchAnswer:
        code = self.faults.code
        if batch.institution != self.institution:
            code = "institution_wrong"
        elif abs((self.now() - batch.sent_at).total_seconds()) > 600:
            code = "clock_wrong"
        elif self.faults.busy_s and len(batch.items) > 4:
            code = "hub_busy"
        answers: list[ItemAnswer] = []
        put_off: set[str] = set()
        for item in batch.items if not code else []:
            number = item.number
            later = (
                number in self.faults.again_numbers
                or item.msgid in self.faults.faulty
                or self.faults.happens(self.faults.again)
            )
            if item.lane in put_off:
                answers.append(ItemAnswer(msgid=item.msgid, verdict=Verdict.AGAIN, code="hub_fault", detail="lane"))
            elif later:
                put_off.add(item.lane)
                answers.append(ItemAnswer(msgid=item.msgid, verdict=Verdict.AGAIN, code="hub_fault"))
            else:
                answers.append(self._one(item))
        after = self.faults.busy_s if code == "hub_busy" else 0
        return BatchAnswer(version=WIRE_VERSION, hub_time=self.now(), answers=answers, code=code, retry_after_s=after)

    def _one(self, item: Item) -> ItemAnswer:
        known = self.ledger.get(item.msgid)
        if isinstance(item, Ask):
            if known is not None:
                return msgspec.structs.replace(known[1], repeated=True)
            return self._keep(item.msgid, item.digest, self._refusal(item.msgid, "never_applied"))
        row = BY_NUMBER[item.number]
        request = codec.request_from_wire(row, item.packet)
        if not row.journaled:
            return self._read(item, request)
        digest = codec.digest(item.number, request)
        if known is not None:
            if known[0] not in (None, digest):
                return self._refusal(item.msgid, "msgid_reused")
            return msgspec.structs.replace(known[1], repeated=True)
        if code := self.refuse(item):
            return self._keep(item.msgid, digest, self._refusal(item.msgid, code))
        answer = self._apply(item, request)
        return self._keep(item.msgid, digest, answer)

    def _keep(self, msgid: str, digest: bytes | None, answer: ItemAnswer) -> ItemAnswer:
        answer = msgspec.structs.replace(answer, digest=digest or b"")
        self.ledger[msgid] = (digest, answer)
        return answer

    def _refusal(self, msgid: str, code: str) -> ItemAnswer:
        return ItemAnswer(msgid=msgid, verdict=Verdict.REFUSED, code=code, decided_at=self.now())

    def _apply(self, item: Transaction, request: p.Request) -> ItemAnswer:
        number = item.number
        confirmation = "none"
        answer: p.Answer
        match request:
            case p.Registration() | p.Admission():
                answer = p.CaseOpened(hid=item.hid)
            case p.Fees():
                answer = p.FeesAnswer(hid=request.hid, lines=[])
            case p.FeesCancel():
                answer = p.FeesCancelled(hid=request.hid, cancelled=1)
            case p.Settle():
                confirmation = "awaited"
                self.settled[f"S-{item.msgid}"] = "awaited"
                answer = settlement(request.hid, request.total, f"S-{item.msgid}")
            case p.SettleCancel():
                self.settled[request.settlement_id] = "undone"
                answer = p.SettleCancelled(
                    hid=request.hid, settlement_id=request.settlement_id, total=0, patient=0, funds=0
                )
            case p.Confirm():
                if f"S-{request.original_msgid}" not in self.settled:
                    return self._refusal(item.msgid, "settlement_unknown")
                answer = self._confirmed(request)
            case p.Reversal():
                answer = self._reversed(request)
            case p.SignIn():
                answer = p.SignInAnswer(sign_in_number=f"N-{item.msgid}", business_day=request.business_day)
            case p.SignOut():
                answer = p.SignOutAnswer(settlements=len(self.settled))
            case _:
                answer = p.Done(hid=getattr(request, "hid", ""))
        self.applied.append((item.lane, item.msgid, number))
        return self._final(item.msgid, answer, confirmation)

    def _confirmed(self, request: p.Confirm) -> p.Confirmed:
        name = f"S-{request.original_msgid}"
        self.settled[name] = "confirmed" if request.his_result == 0 else "annulled"
        return p.Confirmed(settlement_id=name, confirmation=self.settled[name])

    def _reversed(self, request: p.Reversal) -> p.Reversed:
        msgid = request.original_msgid
        original = self.ledger.get(msgid)
        if original is None:
            self._keep(msgid, None, self._refusal(msgid, "reversed_before_arrival"))
        applied = original is not None and original[1].verdict is Verdict.FINAL
        return p.Reversed(original_msgid=msgid, effect="reversed" if applied else "never_applied")

    def _read(self, item: Transaction, request: p.Request) -> ItemAnswer:
        answer: p.Answer
        match request:
            case p.PreSettle():
                fees = sum(1 for lane, _, n in self.applied if lane == request.hid and n in ("2204", "2301"))
                answer = msgspec.structs.replace(settlement(request.hid, fees, ""), patient=request.total)
            case p.Query():
                kept = self.ledger.get(request.original_msgid)
                outcome = "unknown" if kept is None else str(kept[1].verdict)
                answer = p.QueryAnswer(original_msgid=request.original_msgid, outcome=outcome)
            case p.Uncertain():
                waiting = [name for name, state in self.settled.items() if state == "awaited"]
                answer = p.UncertainAnswer(
                    at_edge=[],
                    at_hub=[
                        p.OpenTransaction(msgid=name[2:], number="2207", outcome="final", confirmation="awaited")
                        for name in waiting
                    ],
                )
            case p.PersonRequest():
                answer = p.PersonAnswer(
                    member="M1", name=self.person, birth_date=date(1980, 1, 31), sex="male", covers=[], as_of=self.now(),
                )  # fmt: skip
            case _:
                return self._refusal(item.msgid, "person_unknown")
        return self._final(item.msgid, answer)

    def _final(self, msgid: str, answer: p.Answer, confirmation: str = "none") -> ItemAnswer:
        packet = msgspec.msgpack.encode(answer)
        return ItemAnswer(
            msgid=msgid, verdict=Verdict.FINAL, packet=packet, confirmation=confirmation, decided_at=self.now()
        )


def settlement(hid: str, total: int, name: str) -> p.Settlement:
    return p.Settlement(
        hid=hid, currency="CNY", total=total, patient=total, shares=[], patient_trace=[], lines=[], rulebook="sim",
        settled_on=date(2025, 6, 1), settlement_id=name, confirmation="awaited" if name else "none",
    )  # fmt: skip
