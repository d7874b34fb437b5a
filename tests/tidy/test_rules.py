"""What the edge is shipped with, and what the page says, are the rules as they stand in the rulebook."""

from __future__ import annotations

import pytest

from central_sync.benefits.audit.bundle import unpacked
from central_sync.rulebook.audit_rules import build
from tests.tidy import generate_rules


@pytest.fixture(scope="module")
def body() -> bytes:
    return build()


def test_the_shipped_bundle_is_what_the_rulebook_compiles_to(body: bytes) -> None:
    assert generate_rules.BUNDLE.read_bytes() == body + b"\n", "run: make rules"


def test_the_page_names_every_fact_and_every_rule_as_it_is(body: bytes) -> None:
    text = generate_rules.PAGE.read_text(encoding="utf-8")
    assert generate_rules.page(text, unpacked(body)) == text, "run: make rules"
    assert all(f"| {rule.rule} |" in text for rule in unpacked(body).rules.values())
