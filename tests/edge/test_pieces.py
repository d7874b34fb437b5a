"""Which pieces of a bundle belong to what was begun."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import BundlePart
from edge.pieces import Begun, Fit, fit

BEGUN = Begun(digest=b"mine", length=1_000, number=7, body=b"body", head_bytes=300)


def part(**changes: object) -> BundlePart:
    base = {
        "version": WIRE_VERSION,
        "hub_time": datetime(2026, 3, 1, tzinfo=UTC),
        "number": 7,
        "total": 9_000,
        "offset": 1_000,
    }
    return BundlePart(
        **{**base, "digest": b"theirs", "data": b"x" * 500, "body": b"body", "head_bytes": 310, **changes}
    )


def test_a_piece_of_the_same_file_goes_on_where_it_stands() -> None:
    assert fit(BEGUN, part(digest=b"mine")) == Fit(0, 9_000)
    assert fit(BEGUN, part(digest=b"mine", offset=900)) == Fit(100, 9_000)
    assert fit(Begun(b"mine"), part(digest=b"mine", offset=0, body=b"", head_bytes=0)) == Fit(0, 9_000)


def test_a_piece_of_the_same_body_goes_on_behind_its_own_head() -> None:
    assert fit(BEGUN, part()) == Fit(10, 8_990, 10), "its body begins later: ten bytes are here already"
    assert fit(BEGUN, part(head_bytes=295)) == Fit(-5, 9_005, 5), "its body begins earlier: five are missing between"
    assert fit(BEGUN, part(head_bytes=295, offset=995)) == Fit(0, 9_005, 5)


@pytest.mark.parametrize(
    ("begun", "changes"),
    [
        (BEGUN, {"body": b"another"}),
        (BEGUN, {"number": 8}),
        (BEGUN, {"body": b"", "head_bytes": 0}),
        (BEGUN, {"head_bytes": 0}),
        (BEGUN, {"head_bytes": -5}),
        (BEGUN, {"head_bytes": 10**9}),
        (Begun(b"mine", 200), {"body": b""}),
        (Begun(b"mine", 200, 7, b"body", 300), {}),
        (Begun(), {"body": b""}),
    ],
)
def test_what_is_of_another_content_or_says_nothing_begins_anew(begun: Begun, changes: dict[str, object]) -> None:
    assert fit(begun, part(**changes)) is None
