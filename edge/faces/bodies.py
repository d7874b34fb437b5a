"""PURE: what the bodies of all faces have in common: the caller's context, the reply, and how a call's JSON is read.

Every answer of every endpoint, good or bad, has ``return_code`` (0 done: read the outcome; -1 unknown: ask; -2 refused: nothing
happened) and ``error`` (``null`` or an object with a sentence for the desk and one for the technician).
"""

from __future__ import annotations

import codecs
import re
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from central_sync.terms.languages import Language
from central_sync.wire import codec
from central_sync.wire.desk_sentences import desk_sentence
from central_sync.wire.limits import DEADLINE_MS_DEFAULT, DEADLINE_MS_MAX, DEADLINE_MS_MIN
from central_sync.wire.refusals import REFUSALS, Refused
from edge.faces.limits import BODY_BYTES_MAX, TEXT_CHARACTERS_MAX

DONE, UNKNOWN, REFUSED = 0, -1, -2

Named = Annotated[str, Meta(min_length=1, max_length=TEXT_CHARACTERS_MAX)]
Deadline = Annotated[
    int, Meta(ge=DEADLINE_MS_MIN, le=DEADLINE_MS_MAX, description="How long the caller waits, in milliseconds.")
]
T = TypeVar("T", bound=Struct)

_MISSING = re.compile(r"missing required field `(\w+)`")
_FIELD = re.compile(r"^\$\.(\w+)")
_CODES = {
    "number": "number_unknown",
    "msgid": "msgid_invalid",
    "deadline_ms": "deadline_invalid",
    "context": "context_missing",
}


class FaceRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of a call's body; an unknown field is refused, since a typing error must not pass in silence."""


class CallContext(FaceRequest, frozen=True, kw_only=True):
    """Who calls, from where: stands in every call."""

    institution: Named
    operator: Named
    workstation: Named


class SignedRequest(FaceRequest, frozen=True, kw_only=True):
    """Base of every call after init. The token stands in ``Authorization: Bearer`` or here."""

    context: CallContext | None = None
    token: str = ""
    deadline_ms: Deadline = DEADLINE_MS_DEFAULT


class ErrorBody(Struct, frozen=True, kw_only=True):
    """Why not. ``fault``: who has to act (his, desk, edge, line, hub). ``again``: it may pass if sent again with a new msgid."""

    code: str
    desk: str
    technician: str
    detail: str
    fault: str
    again: bool


class ReplyBody(Struct, frozen=True, kw_only=True):
    """The answer to every call.

    ``outcome``: final, provisional (the hub's answer follows), refused, in_doubt (``ticket`` names the doubt; the edge resolves it).
    ``answer``: the transaction's own answer, see the catalogue. ``confirmation``: of a settlement: none, awaited, confirmed, annulled.
    """

    return_code: int
    outcome: str
    msgid: str = ""
    number: str = ""
    answer: dict[str, Any] | None = None
    confirmation: str = "none"
    ticket: str = ""
    error: ErrorBody | None = None


def error_body(code: str, detail: str = "", language: Language = Language.EN) -> ErrorBody:
    """The row of the refusals' table with its variable part; the desk's sentence in ``language``."""
    row = REFUSALS[code]
    return ErrorBody(
        code=code,
        desk=desk_sentence(code, language),
        technician=row.technician,
        detail=detail,
        fault=row.fault.value,
        again=row.again,
    )


def refused(code: str, detail: str = "") -> ReplyBody:
    """The body of a call that was turned away before it became a transaction."""
    return ReplyBody(return_code=REFUSED, outcome="refused", error=error_body(code, detail))


def unknown(code: str) -> ReplyBody:
    """The body of a call of which we cannot say what became: the caller asks by its msgid."""
    return ReplyBody(return_code=UNKNOWN, outcome="in_doubt", error=error_body(code))


def read(kind: type[T], body: bytes) -> T:
    """The call in ``body``.

    Raises:
        Refused: ``packet_missing`` (no body), ``packet_too_large``, ``packet_not_utf8``, ``packet_too_deep``, or by the field that is wrong
            ``msgid_invalid``, ``deadline_invalid``, ``context_missing``, else ``packet_invalid`` with the path, never the value.
    """
    if len(body) > BODY_BYTES_MAX:
        raise Refused("packet_too_large", f"over {BODY_BYTES_MAX} bytes")
    check_text(body)  # a packet in it is read later: what is no JSON at all is told here
    return read_but_packet(kind, body)


def check_text(body: bytes) -> None:
    """Raise ``Refused`` (``packet_not_utf8``) if it is no text."""
    if not body.isascii() and not codec.is_utf8(body):
        raise Refused("packet_not_utf8")


def read_but_packet(kind: type[T], body: bytes) -> T:
    """As :func:`read`, for who reads the packet next and learns there that it is text; if that does not come to pass, or this raises, the body has to be
    :func:`check_text`-ed, and is no longer than ``BODY_BYTES_MAX``.
    """
    body = body.removeprefix(codecs.BOM_UTF8)
    if not body or body.isspace():
        raise Refused("packet_missing", "the body is empty")
    try:
        return msgspec.json.decode(body, type=kind)
    except UnicodeDecodeError as error:
        raise Refused("packet_not_utf8") from error
    except RecursionError as error:
        raise Refused("packet_too_deep") from error
    except msgspec.DecodeError as error:
        raise Refused(_code(error), codec.location(error)) from error


def _code(error: msgspec.DecodeError) -> str:
    missing = _MISSING.search(str(error))
    where = codec.location(error)
    if where.endswith(codec.UNKNOWN_FIELD):
        return "packet_invalid"
    inside = _FIELD.match(where)
    field = inside.group(1) if inside else missing.group(1) if missing else ""
    return _CODES.get(field, "packet_invalid")
