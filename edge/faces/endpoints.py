"""PURE: an endpoint as a row, and an OpenAPI 3.1 document made from rows and msgspec types."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from edge.faces.bodies import ReplyBody

JSON = "application/json"
REF = "#/components/schemas/{name}"
CONTEXT = ("institution", "operator", "workstation")
_IN_PATH = re.compile(r"{(\w+)}")
TURNED_AWAY = {
    "400": "The call is damaged or incomplete; nothing happened.",
    "401": "Token, cycle or workstation are not valid; nothing happened.",
    "403": "The Host or Origin header is not in the face's list; nothing happened.",
    "404": "There is no such address, or nothing of that name.",
    "405": "The address does not take this method.",
    "413": "The body is too large; nothing happened.",
    "500": "The edge has a fault. After a POST the outcome is unknown (return code -1): ask.",
    "503": "The edge is stopping or at its limit; nothing happened.",
}
"""HTTP statuses of calls that never became a transaction; each has a ReplyBody."""


class Endpoint(NamedTuple):
    """One address of a face. ``answer`` ``None``: not JSON (an event stream). ``signed``: needs a token. ``query``: what
    the query string may hold beside the context.
    """

    method: str
    path: str
    name: str
    summary: str
    request: type[msgspec.Struct] | None = None
    answer: type[msgspec.Struct] | None = ReplyBody
    signed: bool = True
    query: tuple[str, ...] = ()


def document(title: str, text: str, endpoints: Sequence[Endpoint], more: Iterable[type] = ()) -> dict[str, Any]:
    """The OpenAPI document of ``endpoints``; ``more`` types get a schema besides those that the endpoints name."""
    named = [kind for row in endpoints for kind in (row.request, row.answer) if kind is not None]
    kinds: list[type] = list(dict.fromkeys([ReplyBody, *named, *more]))
    refs, schemas = msgspec.json.schema_components(kinds, schema_hook=_anything, ref_template=REF)
    ref_of = dict(zip(kinds, refs, strict=True))
    paths: dict[str, Any] = {}
    for row in endpoints:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row, ref_of)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1", "description": text},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "The token of init."}},
        },
    }


def _operation(row: Endpoint, ref_of: dict[type, Any]) -> dict[str, Any]:
    reply = {JSON: {"schema": ref_of[ReplyBody]}}
    good = (
        {JSON: {"schema": ref_of[row.answer]}} if row.answer else {"text/event-stream": {"schema": {"type": "string"}}}
    )
    operation: dict[str, Any] = {
        "operationId": row.name,
        "summary": row.summary,
        "responses": {
            "200": {"description": "Decided: read return_code and outcome.", "content": good},
            **{status: {"description": why, "content": reply} for status, why in TURNED_AWAY.items()},
        },
    }
    if row.request is not None:
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": ref_of[row.request]}}}
    elif parameters := _parameters(row):
        operation["parameters"] = parameters
    if row.signed:
        operation["security"] = [{"token": []}, {}]
    return operation


def _parameters(row: Endpoint) -> list[dict[str, Any]]:
    places = [
        *((name, "path", True) for name in _IN_PATH.findall(row.path)),
        *((name, "query", True) for name in (CONTEXT if row.signed else ())),
        *((name, "query", False) for name in row.query),
    ]
    return [
        {"name": name, "in": place, "required": required, "schema": {"type": "string"}}
        for name, place, required in places
    ]


def _anything(kind: type) -> dict[str, Any]:
    """``object`` in a type means any JSON value; msgspec knows every other type of ours."""
    if kind is object:
        return {"description": "Any JSON value."}
    raise NotImplementedError
