"""The bundle gives the same rulebook back, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from central_sync.benefits.bundle import BundleBroken, packed, unpacked
from tests.central_sync.benefits.strategies import SHIPPED, rulebooks

BODY = packed(SHIPPED)


def test_the_shipped_rulebook_comes_back_as_it_was():
    assert unpacked(BODY) == SHIPPED
    assert len(SHIPPED.version) == 64


@settings(max_examples=12, deadline=None)
@given(rulebooks())
def test_any_rulebook_comes_back_as_it_was_and_packs_to_the_same_bytes(rulebook):
    back = unpacked(packed(rulebook))
    assert back == rulebook
    assert packed(back) == packed(rulebook)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'"over":0', b'"over":1'), (b"9/10", b"9/0"), (b"9/10", b"8/10"), (b'"regions"', b'"region"'), (b"{", b"[")],
)
def test_a_bundle_that_was_changed_is_refused(old, new):
    assert old in BODY
    with pytest.raises(BundleBroken):
        unpacked(BODY.replace(old, new, 1))


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff", b"null", b"[" * 100_000])
def test_bytes_that_are_no_bundle_are_refused(body):
    with pytest.raises(BundleBroken):
        unpacked(body)
