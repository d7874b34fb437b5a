"""A hospital program's way to its edge: the embed face over HTTP, one client for each desk.

``Unheard`` means that nobody knows whether the edge has heard the call: the caller sends the same msgid again. Refusals in
:data:`DOOR` say nothing about the transaction, only that the door is shut for now: the same msgid may be sent again too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
import msgspec

from simulator.books import Packet, Told

DOOR = (
    "token_invalid", "cycle_closed", "shutting_down", "too_busy", "journal_unavailable", "hids_exhausted", "clock_wrong",
    "edge_fault",
)  # fmt: skip
OWN_CALLS = {
    "49": "/embed/v1/confirm",
    "2601": "/embed/v1/reverse",
    "43": "/embed/v1/query",
    "44": "/embed/v1/uncertain",
}
"""Numbers that have an address of their own; everything else goes through ``handle``."""
NAMELESS = ("43", "44")
SIGN_IN = ("token_invalid", "cycle_closed")
GRACE_S = 6.0
"""How much longer than its deadline a call is waited for: the edge keeps deadlines, the machine may be slow."""


class Unheard(Exception):
    """No answer: the connection failed, or the time is over."""


class ShutOut(Exception):
    """The edge does not let this desk in; the text is its refusal's code."""


@dataclass(frozen=True, slots=True)
class Person:
    """What a card reader says of a card."""

    kind: str
    number: str
    name: str = ""
    birth_date: str = ""


class Face:
    """One desk at one edge. ``address`` is asked each time, because a restarted edge could have moved."""

    def __init__(
        self, session: aiohttp.ClientSession, address: Callable[[], str], institution: str, workstation: str, key: str
    ) -> None:
        self._session = session
        self._address = address
        self._key = key
        self.token = ""
        self.context = {"institution": institution, "operator": f"clerk-{workstation}", "workstation": workstation}
        self.late_ms: list[float] = []
        self.calls = 0

    async def sign_in(self) -> None:
        """Open the business cycle.

        Raises:
            Unheard: no answer.
            ShutOut: the edge refuses this desk.
        """
        body = await self._post("/embed/v1/init", {**self.context, "workstation_key": self._key}, 5000)
        if body.get("return_code") != 0 or not body.get("token"):
            raise ShutOut(_code(body))
        self.token = str(body["token"])

    async def handle(self, number: str, packet: Packet, msgid: str, deadline_ms: int) -> Told:
        """One transaction.

        Raises:
            Unheard: no answer.
        """
        common = {"context": self.context, "deadline_ms": deadline_ms}
        if number in OWN_CALLS:
            named = {} if number in NAMELESS else {"msgid": msgid}
            return told(await self._post(OWN_CALLS[number], {**common, **named, **packet}, deadline_ms))
        call = {**common, "number": number, "packet": packet, "msgid": msgid}
        return told(await self._post("/embed/v1/handle", call, deadline_ms))

    async def close(self) -> None:
        """Close the business cycle.

        Raises:
            Unheard: no answer.
        """
        await self._post("/embed/v1/close", {"context": self.context, "deadline_ms": 5000}, 5000)

    async def card(self, reader: str, deadline_ms: int) -> Person:
        """The card on ``reader``.

        Raises:
            Unheard: no answer, or no card.
        """
        body = await self._post(
            "/cards/v1/read", {"context": self.context, "reader": reader, "deadline_ms": deadline_ms}, deadline_ms
        )
        answer = body.get("answer")
        if not isinstance(answer, dict):
            raise Unheard(_code(body))
        said = [str(answer.get(field, "")) for field in ("kind", "number", "name", "birth_date")]
        return Person(*said)

    async def _post(self, path: str, call: Packet, deadline_ms: int) -> Packet:
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with self._session.post(
                self._address() + path,
                data=msgspec.json.encode(call),
                headers={"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"},
                timeout=aiohttp.ClientTimeout(total=deadline_ms / 1000 + GRACE_S),
            ) as answer:
                body = msgspec.json.decode(await answer.read(), type=dict[str, object])
        except (aiohttp.ClientError, TimeoutError, ConnectionError, msgspec.DecodeError) as error:
            raise Unheard(type(error).__name__) from error
        self.calls += 1
        self.late_ms.append((loop.time() - started) * 1000 - deadline_ms)
        return body


def _code(body: Packet) -> str:
    error = body.get("error")
    return str(error.get("code", "")) if isinstance(error, dict) else ""


def told(body: Packet) -> Told:
    """What a reply's body says of its transaction."""
    answer = body.get("answer")
    return Told(
        outcome=str(body.get("outcome", "")),
        code=_code(body),
        answer=answer if isinstance(answer, dict) else None,
        confirmation=str(body.get("confirmation", "none")),
    )


def queried(answer: Packet) -> Told:
    """What a 43 says of its original."""
    packet = answer.get("packet")
    return Told(
        outcome=str(answer.get("outcome", "")),
        code=str(answer.get("code", "")),
        answer=packet if isinstance(packet, dict) else None,
        confirmation=str(answer.get("confirmation", "none")),
    )
