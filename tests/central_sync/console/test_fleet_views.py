"""What pages say of edges and alerts: words for everything, lines that break where nothing is known, bars within their window."""

import re
from datetime import timedelta
from pathlib import Path

import central_sync.fleet.channels
from central_sync.console import fleet_views as views
from central_sync.fleet import lifecycle
from central_sync.fleet.alerts import shipped
from central_sync.fleet.flow import LEGS
from central_sync.fleet.lifecycle import EdgeState, Reason
from central_sync.store.fleet_records import HUB, HistoryRow, Outage
from central_sync.wire import handovers, tunnels
from edge import report
from edge.readers.troubles import TROUBLES
from tests.central_sync.fleet.test_board import made
from tests.central_sync.fleet.test_lifecycle import NOW, ago

HOUR = timedelta(hours=1)
MACRO_SIGNS = {"well", "warning", "broken", "unknown"}


def test_everything_has_a_word_and_a_sign():
    assert set(views.STATES) == set(views.SIGNS) == set(EdgeState)
    assert set(views.SIGNS.values()) <= MACRO_SIGNS == set(views.CONDITIONS)
    assert set(views.REASONS) == set(Reason)
    assert set(views.RULES) == {rule.name for rule in shipped()}
    assert set(views.FLOW_LEGS) == set(LEGS)
    assert set(views.READER_TROUBLES) == set(TROUBLES)
    assert set(report.LEGS.values()) <= set(views.LEGS)
    assert set(views.FAULTS) == {*handovers.WHY, *tunnels.WHY, *lifecycle._NOT_BELIEVED}


def test_reasons_of_an_edge_are_words():
    assert views.reasons(made().of("H4")) == ["the clock is wrong", "transactions are parked"]
    assert views.reasons(made().of("H5")) == []


def test_a_line_is_broken_where_nothing_is_known():
    points = [(NOW - 4 * HOUR, 1.0), (NOW - 3.5 * HOUR, 4.0), (NOW - HOUR, 2.0)]
    drawn = views.chart(points, NOW - 4 * HOUR, NOW)
    assert drawn.most == 4
    assert drawn.path == "M0.0 66.5h1 L90.0 2.0 M540.0 45.0h1"
    assert views.chart([], NOW - HOUR, NOW) == ("", 0.0)


def test_a_week_of_an_edge_is_drawn_from_its_history():
    row = HistoryRow("H1", 1, NOW - HOUR, 5, 60, 1500, None)
    drawn = views.charts([row], NOW - 2 * HOUR, NOW)
    assert {name: one.most for name, one in drawn.items()} == {"pending": 5, "oldest": 60, "skew": 1.5}


def test_columns_stand_side_by_side_and_nothing_is_drawn_of_nothing():
    assert views.bars([0, 1, 2], 30, 10) == "M10.0 10v-5.0h8.0V10z M20.0 10v-10.0h8.0V10z"
    assert views.bars([0, 0], 30, 10) == ""


def test_outages_become_bars_within_the_window_the_hubs_own_first_and_the_longest_next():
    outages = [
        Outage("H1", NOW - HOUR, NOW - HOUR / 2),
        Outage("H2", NOW - 30 * HOUR, None),
        Outage("H3", NOW - 30 * HOUR, NOW - 20 * HOUR),
        Outage(HUB, ago(60), ago(30)),
    ]
    lines = views.time_line(outages, NOW - 10 * HOUR, NOW)
    assert [line.institution for line in lines] == ["", "H2", "H1"]
    assert [(bar.left, bar.width) for bar in lines[1].bars] == [(0, 1000)]
    assert [(bar.left, bar.width) for bar in lines[2].bars] == [(900, 50)]
    (least,) = lines[0].bars
    assert (least.left, least.width) == (998, 2), "what is short is still seen"
    assert lines[1].seconds == 36_000


def test_every_trouble_and_every_state_that_wants_something_says_what_to_do_next() -> None:
    assert set(views.ADVICE) == set(Reason)
    assert set(views.STATE_ADVICE) == {EdgeState.SILENT, EdgeState.LATE, EdgeState.UNHEARD}


def test_whatever_a_channel_may_say_has_words() -> None:
    said = [
        *views.NOT_TAKEN,
        "status_451",
        "recipients_refused_550",
        "unreachable_ConnectionRefusedError",
        "fault_KeyError",
    ]
    assert all(views.not_taken(one)[0] for one in said)
    assert views.not_taken("status_451")[1] == "451"
    assert views.not_taken("recipients_refused_550")[1] == "550"
    assert views.not_taken("from another version") == ("", "")
    for driver in Path(central_sync.fleet.channels.__file__).parent.glob("*.py"):
        codes = re.findall(r'(?:NotDelivered\(|return )f?"([a-z_]+)({)?', driver.read_text(encoding="utf-8"))
        for code, numbered in codes:
            assert views.not_taken(f"{code}7" if numbered else code)[0], (driver.name, code)
