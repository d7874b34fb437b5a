"""How edges stand to the next key at the hub's end of their tunnels, by what they report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from central_sync.fleet.limits import ACTIVE_DAYS
from central_sync.fleet.tunnels import Stand, judged
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import EdgeReport
from central_sync.wire.tunnels import TunnelWord, key_name

NOW = datetime(2026, 5, 4, tzinfo=UTC)
A, B, C = (f"{letter * 42}A=" for letter in "ABC")
WORD = TunnelWord(number=7, present=A, following=B)
MOVED = TunnelWord(number=7, present=A, following=A, port=9)
a, b, c = map(key_name, (A, B, C))


@pytest.mark.parametrize(
    ("word", "said", "stand"),
    [
        (WORD, (a, "", ""), Stand.WAITING),
        (WORD, (a, b, "trying"), Stand.WAITING),
        (WORD, (a, b, "tunnel_unanswered"), Stand.FAILED),
        (WORD, (a, c, "tunnel_unanswered"), Stand.WAITING),
        (WORD, (b, b, "in_place"), Stand.IN_PLACE),
        (WORD, (b, "", ""), Stand.IN_PLACE),
        (WORD, (c, b, "in_place"), None),
        (WORD, ("", "", ""), None),
        (MOVED, (a, "", ""), Stand.WAITING),
        (MOVED, (a, a, "in_place"), Stand.IN_PLACE),
        (MOVED, (a, a, "tunnel_went_back"), Stand.FAILED),
    ],
)
def test_an_edge_stands_to_a_word_as_it_says(word: TunnelWord, said: tuple[str, str, str], stand: Stand | None) -> None:
    report = EdgeReport(version=WIRE_VERSION, sent_at=NOW, tunnel=said[0], tunnel_next=said[1], tunnel_drill=said[2])
    assert judged(word, report, NOW, NOW) == stand
    late = NOW + timedelta(days=ACTIVE_DAYS, seconds=1)
    expected = stand if stand in (None, Stand.IN_PLACE) else Stand.AWAY
    assert judged(word, report, NOW, late) == expected
