"""The business cycle: who is signed in, at which workstation, for which civil day; opened here, line or no line.

A cycle is (business day, workstation, operator). Its tokens are random; only their SHA-256 is kept, in the journal's database, so that a
restart ends nobody's cycle and a copy of the disk opens none. A cycle ends with its civil day in the institution's zone, or by close.

The first half of the file decides and takes ``now``; :class:`Cycles` remembers.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from datetime import date, datetime, timedelta
from typing import Protocol

import msgspec
from msgspec import Struct, structs

from central_sync.terms.days import civil_day, day_end
from central_sync.wire.refusals import Refused

TOKENS_PER_CYCLE_MAX = 8
"""Programs of one workstation and operator that may be signed in at once; one more, and the oldest token ends."""
KEPT_AFTER = timedelta(days=3)
"""How long an ended cycle is remembered, so that its token is told what happened to it."""
TOKEN_CHARACTERS_MAX = 100
KIND = "cycle"
NOBODYS = "-"


class Cycle(Struct, frozen=True, kw_only=True):
    """One cycle. ``serial`` names it and is part of its msgids; ``key_sha256`` proves the workstation key that opened it."""

    serial: str
    business_day: date
    workstation: str
    operator: str
    key_sha256: str
    expires_at: datetime
    tokens: tuple[str, ...] = ()
    closed: bool = False

    @property
    def key(self) -> tuple[date, str, str]:
        """What is the same for all sign-ins of one day, workstation and operator."""
        return self.business_day, self.workstation, self.operator

    @property
    def sign_in_msgid(self) -> str:
        """The edge's own msgid of this cycle's 9001; the same for every init, so that it is sent once."""
        return f"edge-{self.serial}-in"

    @property
    def sign_out_msgid(self) -> str:
        """The edge's own msgid of this cycle's 9002."""
        return f"edge-{self.serial}-out"


def opened(workstation: str, operator: str, key_sha256: str, zone: str, now: datetime, serial: str) -> Cycle:
    """A new cycle for the civil day of ``now`` in ``zone``."""
    day = civil_day(now, zone)
    return Cycle(
        serial=serial,
        business_day=day,
        workstation=workstation,
        operator=operator,
        key_sha256=key_sha256,
        expires_at=day_end(day, zone),
    )


def with_token(cycle: Cycle, token_sha256: str, key_sha256: str) -> tuple[Cycle, tuple[str, ...]]:
    """``cycle`` with one more token, and the tokens that ended for it."""
    tokens = (*cycle.tokens, token_sha256)
    kept = tokens[-TOKENS_PER_CYCLE_MAX:]
    return structs.replace(cycle, tokens=kept, key_sha256=key_sha256), tokens[: len(tokens) - len(kept)]


def check_open(cycle: Cycle, now: datetime) -> None:
    """Raise ``Refused`` (``cycle_closed``) unless ``cycle`` is open at ``now``."""
    if cycle.closed:
        raise Refused("cycle_closed", "closed by the HIS")
    if now >= cycle.expires_at:
        raise Refused("cycle_closed", "the business day has ended")


class Facts(Protocol):
    """Where cycles are kept: the journal's small facts."""

    async def remember(self, kind: str, key: str, value: bytes) -> None:
        """Keep ``value``, durably, in place of an earlier one."""

    async def recall(self, kind: str) -> dict[str, bytes]:
        """Every fact of ``kind`` by its key."""
        ...

    async def forget(self, kind: str, key: str) -> None:
        """Keep it no longer."""


class Cycles:
    """The cycles of this edge: all in memory, and each change durable before anyone is told of it."""

    def __init__(self, facts: Facts, zone: str) -> None:
        self._facts = facts
        self._zone = zone
        self._turn = asyncio.Lock()
        self._by_serial: dict[str, Cycle] = {}
        self._open: dict[tuple[date, str, str], str] = {}
        self._serials: dict[str, str] = {}

    async def start(self) -> None:
        """Learn what was open before the edge stopped.

        Raises:
            JournalUnavailable: it cannot be read.
        """
        for value in (await self._facts.recall(KIND)).values():
            self._learn(msgspec.json.decode(value, type=Cycle))

    def today(self, workstation: str, operator: str, now: datetime) -> Cycle | None:
        """The open cycle of today for this workstation and operator."""
        serial = self._open.get((civil_day(now, self._zone), workstation, operator))
        return self._by_serial[serial] if serial else None

    async def open(
        self, workstation: str, operator: str, key_sha256: str, now: datetime, *, token: bool = True
    ) -> tuple[Cycle, str]:
        """The cycle of today for this workstation and operator, new or the one that is open, and a new token for it; an empty one where no
        ``token`` is asked for.

        Raises:
            JournalUnavailable: it could not be kept; there is no token.
        """
        async with self._turn:
            cycle = opened(workstation, operator, key_sha256, self._zone, now, secrets.token_hex(8))
            known = cycle.key in self._open
            if known:
                cycle = self._by_serial[self._open[cycle.key]]
            if not token:
                if not known:
                    await self._keep(cycle)
                return cycle, ""
            return await self._with_token(cycle, key_sha256)

    async def _with_token(self, cycle: Cycle, key_sha256: str) -> tuple[Cycle, str]:
        token = secrets.token_urlsafe(32)
        cycle, ended = with_token(cycle, _hashed(token), key_sha256)
        await self._keep(cycle)
        for old in ended:
            self._serials.pop(old, None)
        return cycle, token

    def of_token(self, token: str, now: datetime) -> Cycle:
        """The open cycle that ``token`` belongs to. Raises as :meth:`of_proof`."""
        return self.of_proof(proof_of(token), now)

    def of_proof(self, proof: str, now: datetime) -> Cycle:
        """The open cycle that the token belongs to of which ``proof`` is the :func:`proof_of`.

        Raises:
            Refused: ``token_invalid`` or ``cycle_closed``.
        """
        serial = self._serials.get(proof)
        if serial is None:
            raise Refused("token_invalid")
        cycle = self._by_serial[serial]
        check_open(cycle, now)
        return cycle

    async def close(self, cycle: Cycle) -> None:
        """End ``cycle``: its tokens are answered ``cycle_closed`` from now on, and the next init opens another.

        Raises:
            JournalUnavailable: it could not be kept; the cycle is still open.
        """
        async with self._turn:
            await self._keep(structs.replace(self._by_serial.get(cycle.serial, cycle), closed=True))

    async def forget_old(self, now: datetime) -> int:
        """Forget the cycles that ended days ago; returns how many."""
        async with self._turn:
            old = [cycle for cycle in self._by_serial.values() if cycle.expires_at + KEPT_AFTER < now]
            for cycle in old:
                await self._facts.forget(KIND, cycle.serial)
                del self._by_serial[cycle.serial]
                self._open.pop(cycle.key, None)
                for token in cycle.tokens:
                    self._serials.pop(token, None)
            return len(old)

    async def _keep(self, cycle: Cycle) -> None:
        await self._facts.remember(KIND, cycle.serial, msgspec.json.encode(cycle))
        self._learn(cycle)

    def _learn(self, cycle: Cycle) -> None:
        self._by_serial[cycle.serial] = cycle
        self._serials.update(dict.fromkeys(cycle.tokens, cycle.serial))
        if not cycle.closed:
            self._open[cycle.key] = cycle.serial
        elif self._open.get(cycle.key) == cycle.serial:
            del self._open[cycle.key]


def proof_of(token: str) -> str:
    """By what ``token`` is looked up: its hash, so that the time it takes says nothing of other tokens. Of what can be none: nobody's."""
    return _hashed(token) if 0 < len(token) <= TOKEN_CHARACTERS_MAX else NOBODYS


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
