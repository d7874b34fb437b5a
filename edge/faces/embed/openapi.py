"""The OpenAPI 3.1 document of the native dialect, made from the same types that decode the calls: it cannot differ from them."""

from __future__ import annotations

from typing import Any

from central_sync.wire.catalogue import ROWS
from edge.faces.bodies import ReplyBody
from edge.faces.embed import codec
from edge.faces.endpoints import Endpoint, document
from edge.health import Status

BASE = "/embed/v1"

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("POST", f"{BASE}/init", "init", "Open the business day.", codec.InitRequest, codec.InitBody, signed=False),
    Endpoint("POST", f"{BASE}/handle", "handle", "Any transaction of the catalogue.", codec.HandleRequest),
    Endpoint(
        "POST", f"{BASE}/confirm", "confirm", "49: a settlement is booked, or could not be.", codec.ConfirmRequest
    ),
    Endpoint("POST", f"{BASE}/reverse", "reverse", "2601: take a transaction back by its msgid.", codec.ReverseRequest),
    Endpoint("POST", f"{BASE}/query", "query", "43: what became of a transaction.", codec.QueryRequest),
    Endpoint("POST", f"{BASE}/uncertain", "uncertain", "44: everything that is open.", codec.UncertainRequest),
    Endpoint("POST", f"{BASE}/close", "close", "9002: end the business day.", codec.CloseRequest),
    Endpoint(
        "GET", f"{BASE}/events", "events", "Server-sent events: outcome, line, notice, maintenance, card.", answer=None
    ),
    Endpoint("GET", f"{BASE}/status", "status", "How the edge stands.", answer=Status, signed=False),
)

TEXT = """The DLL-style interface of the hospital's gateway. Every answer has `return_code`: 0 done (read `outcome`), -1 outcome
unknown (ask with `query`), -2 refused (nothing happened). The packet of `handle` and its answer are those of the transaction's
number: see `x-transactions`."""


def build() -> dict[str, Any]:
    """The document, ready to be written as JSON."""
    packets = [kind for row in ROWS for kind in (row.request, row.answer)]
    whole = document("Pishkhan embed face", TEXT, ENDPOINTS, packets)
    schemas = whole["components"]["schemas"]
    schemas["HandleRequest"]["properties"]["packet"] = _any_of(row.request.__name__ for row in ROWS)
    schemas[ReplyBody.__name__]["properties"]["answer"] = {
        "anyOf": [{"type": "null"}, *_any_of(row.answer.__name__ for row in ROWS)["anyOf"]]
    }
    whole["x-transactions"] = [
        {
            "name": row.name,
            "numbers": list(row.numbers),
            "resolution": row.resolution.value,
            "packet": _ref(row.request.__name__),
            "answer": _ref(row.answer.__name__),
            "confirmed_by_49": row.confirmed,
            "reversible_by_2601": row.reversible,
            "undone_by": row.undone_by or None,
        }
        for row in ROWS
    ]
    return whole


def _any_of(names: Any) -> dict[str, Any]:
    return {"anyOf": [_ref(name) for name in dict.fromkeys(names)]}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
