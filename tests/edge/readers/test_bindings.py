"""Which reader belongs to which desk."""

from __future__ import annotations

import pytest

from central_sync.wire.refusals import Refused
from edge.readers.bindings import Binding, by_row, usable

BOUND = by_row({"pc-1": Binding(desk="ws-1"), "scan-1": Binding(desk="ws-1"), "pc-2": Binding(desk="ws-2")})
READERS = ("pc-1/ACR 00", "pc-1/ACR 01", "scan-1", "pc-2", "hall")


@pytest.mark.parametrize(
    ("asked", "desk", "found"),
    [
        ("", "ws-1", ("pc-1/ACR 00", "pc-1/ACR 01", "scan-1")),
        ("", "ws-2", ("pc-2",)),
        ("", "ws-3", ("hall",)),
        ("pc-1", "ws-1", ("pc-1/ACR 00", "pc-1/ACR 01")),
        ("pc-1/ACR 01", "ws-1", ("pc-1/ACR 01",)),
        ("hall", "ws-1", ("hall",)),
        ("pc-2", "", ("pc-2",)),
    ],
)
def test_a_desk_has_its_own_readers_and_may_name_those_of_nobody(asked: str, desk: str, found: tuple[str, ...]) -> None:
    assert usable(READERS, asked, desk, BOUND) == found


@pytest.mark.parametrize(
    ("asked", "desk", "code"),
    [
        ("pc-2", "ws-1", "reader_of_another_desk"),
        ("pc-1/ACR 01", "ws-3", "reader_of_another_desk"),
        ("pc-1/ACR 02", "ws-1", "reader_unknown"),
        ("pc", "ws-1", "reader_unknown"),
        ("", "", "reader_unknown"),
    ],
)
def test_what_a_desk_may_not_use_is_refused(asked: str, desk: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        usable(READERS, asked, desk, BOUND)
    assert caught.value.code == code


def test_a_desk_without_a_reader_has_none_where_all_belong_to_others() -> None:
    with pytest.raises(Refused, match="reader_unknown"):
        usable(("pc-2",), "", "ws-3", BOUND)
