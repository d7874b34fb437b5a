"""Request bodies in and typed bodies out, the same on both ports.

Whatever is refused before there is an answer of the route's own is told as a :class:`BatchAnswer` without answers, whose
``code`` is a row of the refusals: an edge reads one shape, whatever went wrong.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TypeVar

import msgspec
from aiohttp import web

from central_sync.api.limits import BODY_S_MAX, LARGE_BODY_BYTES, REQUEST_BYTES_MAX
from central_sync.wire.codec import CONTENT_TYPE, dictionary_for, pack, unpack
from central_sync.wire.limits import BODY_BYTES_MAX, WIRE_VERSION
from central_sync.wire.messages import BatchAnswer
from central_sync.wire.refusals import Refused

M = TypeVar("M", bound=msgspec.Struct)

STATUS = {
    "packet_too_large": 413,
    "certificate_refused": 403,
    "enrolment_refused": 403,
    "life_over": 409,
    "hub_busy": 503,
    "hub_fault": 503,
}
"""HTTP status of a refusal; 400 for the rest."""


async def received(request: web.Request, kind: type[M], bytes_max: int = BODY_BYTES_MAX) -> M:
    """The message of type ``kind`` that the client sent, read within ``BODY_S_MAX`` and the application's size limit, and no longer
    than ``bytes_max`` when decompressed.

    Raises:
        Refused: ``packet_too_large``, ``packet_invalid`` or ``version_unsupported``.
    """
    if request.content_type != CONTENT_TYPE:
        raise Refused("packet_invalid", f"content type is not {CONTENT_TYPE}")
    body = await raw(request, REQUEST_BYTES_MAX)
    if len(body) < LARGE_BODY_BYTES:
        return unpack(body, kind, bytes_max)
    return await asyncio.to_thread(unpack, body, kind, bytes_max)


async def raw(request: web.Request, bytes_max: int) -> bytes:
    """The bytes that the client sent, at most ``bytes_max``, read within ``BODY_S_MAX``.

    Raises:
        Refused: ``packet_too_large`` or ``packet_invalid``.
    """
    try:
        async with asyncio.timeout(BODY_S_MAX):
            body = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise Refused("packet_too_large", "request body") from error
    except TimeoutError as error:
        raise Refused("packet_invalid", f"body not complete within {BODY_S_MAX} s") from error
    if len(body) > bytes_max:
        raise Refused("packet_too_large", "request body")
    return body


def number(request: web.Request, name: str, least: int, most: int, default: int | None = None) -> int | None:
    """A whole number of the query, held to ``least`` … ``most``; ``default`` if it is not there.

    Raises:
        Refused: ``packet_invalid`` if it is no such number.
    """
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Refused("packet_invalid", f"{name} is no whole number")
    if int(text) < least:
        raise Refused("packet_invalid", f"{name} is below {least}")
    return min(int(text), most)


def name(request: web.Request, name: str, length: int) -> bytes:
    """A random name of ``length`` bytes in the query, in hexadecimal; empty if it is not there.

    Raises:
        Refused: ``packet_invalid`` if it is no such name.
    """
    try:
        held = bytes.fromhex(request.query.get(name, ""))
    except ValueError as error:
        raise Refused("packet_invalid", f"{name} is not hexadecimal") from error
    if len(held) not in (0, length):
        raise Refused("packet_invalid", f"{name} is not {length} bytes")
    return held


def answered(message: msgspec.Struct, status: int = 200, dictionary: int = 0) -> web.Response:
    """``message`` as a response; ``dictionary`` as :func:`dictionary` found it. A large one takes tens of milliseconds: not on the loop."""
    return web.Response(body=pack(message, dictionary=dictionary), status=status, content_type=CONTENT_TYPE)


def dictionary(request: web.Request) -> int:
    """The dictionary that the client can read an answer with; 0: none."""
    return dictionary_for(request.headers.get("Accept", ""))


def refused(error: Refused, now: datetime) -> web.Response:
    """A refusal as a response, with the time to come again if it names one."""
    retry_after_s = getattr(error, "retry_after_s", 0)
    body = BatchAnswer(
        version=WIRE_VERSION,
        hub_time=now,
        answers=[],
        code=error.code,
        detail=error.detail,
        retry_after_s=retry_after_s,
    )
    response = answered(body, STATUS.get(error.code, 400))
    if retry_after_s:  # for who reads no body of ours: an updater
        response.headers["Retry-After"] = str(retry_after_s)
    return response
