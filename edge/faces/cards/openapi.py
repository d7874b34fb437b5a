"""The OpenAPI 3.1 document of the readers' face."""

from __future__ import annotations

from typing import Any

from edge.faces.cards.codec import ReadersBody, ReadRequest
from edge.faces.endpoints import Endpoint, document
from edge.readers.cards.identity import CardIdentity

BASE = "/cards/v1"

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("GET", f"{BASE}/readers", "readers", "All card readers and how they are.", answer=ReadersBody),
    Endpoint("POST", f"{BASE}/read", "read", "Read a card; the answer is a CardIdentity and its person.", ReadRequest),
)

TEXT = "The card readers of the hospital's gateway. Cards that come and go are events of the embed face's stream."


def build() -> dict[str, Any]:
    """The document, ready to be written as JSON."""
    return document("Pishkhan cards face", TEXT, ENDPOINTS, [CardIdentity])
