"""PURE: the native dialect: a call's JSON ↔ :class:`edge.calls.Call` and :class:`edge.calls.Reply`.

``confirm``, ``reverse``, ``query``, ``uncertain`` and ``close`` are other ways to write 49, 2601, 43, 44 and 9002: they become the same
:class:`Call` that ``handle`` makes, and go the same way.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from central_sync.benefits.explain import Called, Style, nobody_says, retold
from central_sync.terms.days import Calendar
from central_sync.terms.languages import Language, preferred
from central_sync.wire import packets as p
from central_sync.wire.catalogue import BY_NAME
from central_sync.wire.limits import CARD_READ_CHARACTERS_MAX
from edge.calls import Call, Context, Reply
from edge.faces.bodies import (
    DONE,
    REFUSED,
    UNKNOWN,
    ErrorBody,
    FaceRequest,
    Named,
    ReplyBody,
    SignedRequest,
    error_body,
)
from edge.outcome import Outcome

_RETURN_CODES = {
    Outcome.FINAL: DONE,
    Outcome.PROVISIONAL: DONE,
    Outcome.REFUSED: REFUSED,
    Outcome.IN_DOUBT: UNKNOWN,
}
_EMPTY_PACKETS = (b"", b"null")


class InitRequest(FaceRequest, frozen=True, kw_only=True):
    """Opens the business day for one workstation and operator. The key is what ``pishkhan-edge workstation add`` printed."""

    institution: Named
    operator: Annotated[Named, Meta(pattern=r"^[^\u0000]*$")]
    workstation: Named
    workstation_key: Annotated[str, Meta(max_length=200)]


class DeskRequest(SignedRequest, frozen=True, kw_only=True):
    """Base of the calls whose answers hold sentences. ``language``: that of a settlement's reasons; left out, ``Accept-Language`` says it, else
    it is English. No part of the transaction: the same answer may be read in another language later.
    """

    language: Language | None = None


class HandleRequest(DeskRequest, frozen=True, kw_only=True):
    """Any transaction of the catalogue. ``msgid`` is the HIS's own, new for each transaction and the same when it is sent again.
    ``card_read``: the ``read_id`` of the person's card, read at this desk; with it the transaction proves that the person was here.
    """

    number: str
    msgid: str
    card_read: Annotated[str, Meta(max_length=CARD_READ_CHARACTERS_MAX)] = ""
    packet: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


class ConfirmRequest(DeskRequest, frozen=True, kw_only=True):
    """49: the HIS has booked the settlement ``original_msgid`` (``his_result`` 0) or could not (anything else: it goes back)."""

    msgid: str
    original_msgid: p.Msgid
    his_result: p.HisResult
    hid: str = ""


class ReverseRequest(DeskRequest, frozen=True, kw_only=True):
    """2601: take back ``original_msgid``, whether or not it ever arrived."""

    msgid: str
    original_msgid: p.Msgid
    original_number: p.Code
    hid: str = ""


class QueryRequest(DeskRequest, frozen=True, kw_only=True):
    """43: what became of ``original_msgid``."""

    original_msgid: p.Msgid


class UncertainRequest(DeskRequest, frozen=True, kw_only=True):
    """44: everything of the institution that is open."""


class CloseRequest(SignedRequest, frozen=True, kw_only=True):
    """9002: ends the cycle; its tokens are worth nothing afterwards."""


class InitBody(Struct, frozen=True, kw_only=True):
    """The answer of init. The token is good until ``expires_at``; ``sign_in`` says what became of 9001, which follows by itself.
    If the hub has refused 9001, the return code is -2, ``error`` says why, and there is no token.
    """

    return_code: int
    token: str
    business_day: date
    expires_at: datetime
    sign_in: ReplyBody
    error: ErrorBody | None = None


def init_refused(business_day: date, expires_at: datetime, reply: Reply) -> InitBody:
    """The answer of an init whose 9001 was refused for good."""
    told = body(reply)
    return InitBody(
        return_code=REFUSED, token="", business_day=business_day, expires_at=expires_at, sign_in=told, error=told.error
    )


def handle(request: HandleRequest, context: Context, accepts: Language | None = None) -> Call:
    """The call as it came; a packet that is missing or ``null`` stays empty, for the intake to refuse. ``accepts``: what its header asks for."""
    packet = bytes(request.packet).strip()
    return Call(
        number=request.number,
        packet=b"" if packet in _EMPTY_PACKETS else packet,
        msgid=request.msgid,
        deadline_ms=request.deadline_ms,
        context=context,
        card_read=request.card_read,
        language=request.language,
        accepts=accepts,
    )


def confirm(request: ConfirmRequest, context: Context) -> Call:
    """49."""
    packet: dict[str, object] = {"original_msgid": request.original_msgid, "his_result": request.his_result}
    return _call("confirm", _with_hid(packet, request.hid), request.msgid, request, context)


def reverse(request: ReverseRequest, context: Context) -> Call:
    """2601."""
    packet: dict[str, object] = {
        "original_msgid": request.original_msgid,
        "original_number": request.original_number,
    }
    return _call("reversal", _with_hid(packet, request.hid), request.msgid, request, context)


def query(request: QueryRequest, context: Context, msgid: str) -> Call:
    """43; a read needs no msgid of the HIS, ``msgid`` is the edge's."""
    return _call("query", {"original_msgid": request.original_msgid}, msgid, request, context)


def uncertain(request: UncertainRequest, context: Context, msgid: str) -> Call:
    """44."""
    return _call("uncertain", {}, msgid, request, context)


def accepted(header: str) -> Language | None:
    """The language that an ``Accept-Language`` header asks for."""
    return preferred(header) if header else None


def body(
    reply: Reply,
    language: Language = Language.EN,
    calendar: Calendar = Calendar.GREGORIAN,
    called: Called = nobody_says,
) -> ReplyBody:
    """The reply as the HIS reads it. Reasons are in English as they came; in another ``language`` they are told anew, from their data, and
    with what ``called`` says that their rules and schemes are called, where the answer does not.
    """
    answer = reply.answer
    if answer and language is not Language.EN:
        told = retold(answer, Style(language, calendar), called)
        answer = told if isinstance(told, dict) else answer
    return ReplyBody(
        return_code=_RETURN_CODES[reply.outcome],
        outcome=reply.outcome.value,
        msgid=reply.msgid,
        number=reply.number,
        answer=answer,
        confirmation=reply.confirmation,
        ticket=reply.ticket,
        error=error_body(reply.code, reply.detail, language) if reply.code else None,
    )


def _call(name: str, packet: dict[str, object], msgid: str, request: SignedRequest, context: Context) -> Call:
    return Call(
        number=BY_NAME[name].number,
        packet=msgspec.json.encode(packet),
        msgid=msgid,
        deadline_ms=request.deadline_ms,
        context=context,
    )


def _with_hid(packet: dict[str, object], hid: str) -> dict[str, object]:
    return {**packet, "hid": hid} if hid else packet
