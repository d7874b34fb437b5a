"""An edge's report in a poll: what is said is what is read, and what cannot be is refused without an echo."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import msgspec
import pytest

from central_sync.wire import reports
from central_sync.wire.limits import REPORT_CHARACTERS_MAX, REPORT_NAME_CHARACTERS_MAX
from central_sync.wire.messages import EdgeReport, ReaderWord
from central_sync.wire.refusals import Refused
from tests.wire_vectors.reports import AT, edge_report


def _text(plain: object) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(plain)).rstrip(b"=").decode()


def test_what_an_edge_says_is_what_the_hub_reads() -> None:
    text = reports.encoded(edge_report())
    assert reports.decoded(text) == edge_report()
    assert "=" not in text
    assert len(text) < 900


def test_a_newer_edge_may_say_more_and_an_older_one_less() -> None:
    plain = msgspec.to_builtins(EdgeReport(version=3, sent_at=AT), builtin_types=(datetime,))
    assert reports.decoded(_text({**plain, "weather": "fine"})) == EdgeReport(version=3, sent_at=AT)


def test_a_report_that_would_be_too_long_leaves_out_its_readers() -> None:
    many = [ReaderWord(name="\u067e" * 200, trouble="unplugged") for _ in range(100)]
    long = msgspec.structs.replace(edge_report(), readers=100, readers_troubled=many)
    read = reports.decoded(reports.encoded(long))
    assert read.readers == 100
    assert all(len(one.name) <= REPORT_NAME_CHARACTERS_MAX for one in read.readers_troubled)


def test_a_name_loses_what_cannot_be_seen() -> None:
    odd = [ReaderWord(name="desk\u202e\n 1", trouble="reader_absent")]
    read = reports.decoded(reports.encoded(msgspec.structs.replace(edge_report(), readers_troubled=odd)))
    assert read.readers_troubled[0].name == "desk 1"


@pytest.mark.parametrize(
    "changed",
    [
        {"pending": -1},
        {"pending": 2**60},
        {"hours_left": float("nan")},
        {"certificate_ends": datetime(9999, 12, 31, 23, 59, tzinfo=UTC)},
        {"sent_at": datetime(622, 1, 1, tzinfo=UTC)},
        {"program": "x" * 500},
        {"program": "a\u0000b"},
        {"rulebook_trouble": "<script>"},
        {"legs": {"edge": "splendid"}},
        {"legs": {f"leg_{n}": "well" for n in range(50)}},
        {"legs": {"<b>": "well"}},
        {"readers_troubled": [ReaderWord(name="r", trouble="no code")]},
        {"readers_troubled": [ReaderWord(name="r", trouble="gone")] * 100},
        {"sent_at": AT.replace(tzinfo=None)},
        {"version": 99},
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(Refused) as caught:
        reports.read(msgspec.msgpack.encode(msgspec.structs.replace(edge_report(), **changed)))
    assert caught.value.code in ("packet_invalid", "version_unsupported")


@pytest.mark.parametrize(
    "text", ["", "!", "AAAA", "=", "\u067e", "A" * (REPORT_CHARACTERS_MAX + 1), _text([1]), _text({"version": 3}), "wA"]
)
def test_bytes_that_are_no_report_are_refused(text: str) -> None:
    with pytest.raises(Refused):
        reports.decoded(text)


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_an_instant_that_no_zone_of_ours_can_hold_is_refused_before_anybody_keeps_it(instant: str) -> None:
    plain = msgspec.msgpack.decode(msgspec.msgpack.encode(edge_report()))
    with pytest.raises(Refused):
        reports.decoded(_text({**plain, "certificate_ends": instant}))
