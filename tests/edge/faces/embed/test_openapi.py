"""The OpenAPI document: valid, complete, and true to what the face answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from central_sync.wire.catalogue import ROWS
from edge.faces.cards import openapi as cards
from edge.faces.embed import openapi as embed


@pytest.fixture(params=[embed.build, cards.build], ids=["embed", "cards"])
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    return json.loads(json.dumps(request.param()))


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert not list(OpenAPIV31SpecValidator(document).iter_errors())


def test_every_reference_leads_to_a_schema_that_is_described(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    named = {part.split('"')[0] for part in json.dumps(document).split("#/components/schemas/")[1:]}
    assert named <= set(schemas)
    bare = [name for name, schema in schemas.items() if not schema.get("description") and "enum" not in schema]
    assert not bare


def test_every_address_describes_its_answers_and_why_it_turns_away(document: dict[str, Any]) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            assert {"200", "400", "401", "404", "405", "413", "500"} <= set(operation["responses"])


def test_every_transaction_of_the_catalogue_is_listed_with_its_packets() -> None:
    whole = embed.build()
    listed = {row["name"]: row for row in whole["x-transactions"]}
    assert list(listed) == [row.name for row in ROWS]
    for row in ROWS:
        assert listed[row.name]["numbers"] == list(row.numbers)
        for side, kind in (("packet", row.request), ("answer", row.answer)):
            assert listed[row.name][side]["$ref"].endswith("/" + kind.__name__)
            assert whole["components"]["schemas"][kind.__name__]["type"] == "object"
