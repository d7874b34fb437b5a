"""The OpenAPI 3.1 document of the readers' face."""

from __future__ import annotations

from typing import Any

from edge.faces.cards.codec import AskRequest, ReadersBody, ReadRequest, RequestBody
from edge.faces.endpoints import Endpoint, document
from edge.readers.cards.identity import CardIdentity

BASE = "/cards/v1"

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("GET", f"{BASE}/readers", "readers", "All card readers and how they are.", answer=ReadersBody),
    Endpoint("GET", f"{BASE}/last", "last", "The last card that this desk has read, while it is kept.", query=("reader",)),
    Endpoint("POST", f"{BASE}/read", "read", "Read a card; the answer is a CardIdentity and its person.", ReadRequest),
    Endpoint(
        "POST", f"{BASE}/request", "request", "Ask for a card and go on; how it stands is asked for by its id.",
        AskRequest, RequestBody,
    ),
    Endpoint(
        "GET", f"{BASE}/request/{{request_id}}", "poll", "How a request stands, at once or when it ends.",
        answer=RequestBody, query=("wait_ms",),
    ),
    Endpoint(
        "DELETE", f"{BASE}/request/{{request_id}}", "cancel", "End a request that nobody needs any more.", answer=RequestBody
    ),
    Endpoint("GET", f"{BASE}/events", "events", "What happens at the readers, as it happens.", answer=None),
)  # fmt: skip

TEXT = "The card readers of the hospital's gateway. An event never says whose card it is: who wants to know reads it, with a token."


def build() -> dict[str, Any]:
    """The document, ready to be written as JSON."""
    return document("Pishkhan cards face", TEXT, ENDPOINTS, [CardIdentity])
