"""SHELL: calls of the intake, made as a face makes them; and what the insurer says of a person, asked at once for all that a desk shows."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from central_sync.wire import packets as p
from central_sync.wire.catalogue import BY_NAME, Care
from edge.business_days import Handles
from edge.calls import Call, Reply
from edge.console.desk.person import Answers, plain_answer
from edge.console.desk.seats import Seat
from edge.outcome import Outcome

DEADLINE_MS = 8_000
"""How long a clerk waits for a transaction."""
READ_DEADLINE_MS = 5_000
MSGID_BYTES = 12


def new_msgid() -> str:
    """A msgid for a form that is about to be shown: however often it is sent, it is one transaction."""
    return f"desk-{secrets.token_hex(MSGID_BYTES)}"


class Teller:
    """Asks the intake for desks."""

    def __init__(self, intake: Handles, clock: Callable[[], datetime]) -> None:
        self._intake = intake
        self._clock = clock

    async def send(
        self,
        seat: Seat,
        number: str,
        packet: Mapping[str, Any],
        msgid: str = "",
        card_read: str = "",
        deadline_ms: int = 0,
    ) -> Reply:
        """The reply to a transaction, within ``deadline_ms`` (0: ``DEADLINE_MS``)."""
        call = Call(
            number=number,
            packet=msgspec.json.encode(packet),
            msgid=msgid or new_msgid(),
            deadline_ms=deadline_ms or DEADLINE_MS,
            context=seat.context,
            card_read=card_read,
        )
        return await self._intake.handle(call)

    async def query(self, seat: Seat, msgid: str) -> Reply:
        """43 of ``msgid``; while it is in doubt, the hub is asked now."""
        return await self.send(seat, BY_NAME["query"].number, {"original_msgid": msgid})

    async def who(self, seat: Seat, kind: str, number: str, day: date) -> Answers:
        """What the insurer says of somebody: who it is, and the cover of each kind of care on ``day``."""
        person = {"kind": kind, "number": number}
        checked: list[tuple[str, dict[str, Any]]] = [
            (BY_NAME["benefit_check"].number, {"person": person, "care": care, "service_date": day}) for care in Care
        ]
        asked = [(BY_NAME["person"].number, {"person": person}), *checked]
        replies = await asyncio.gather(*(self.send(seat, *one, deadline_ms=READ_DEADLINE_MS) for one in asked))
        found = replies[0]
        answers = {
            care: answer
            for care, reply in zip(Care, replies[1:], strict=True)
            if reply.outcome is Outcome.FINAL and (answer := plain_answer(reply.answer, p.BenefitAnswer)) is not None
        }
        return Answers(
            at=self._clock(),
            person=plain_answer(found.answer, p.PersonAnswer) if found.outcome is Outcome.FINAL else None,
            code=found.code,
            checks=answers,
            check_code=next((reply.code for reply in replies[1:] if reply.code), ""),
        )
