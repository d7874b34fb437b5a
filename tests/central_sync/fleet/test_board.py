"""All edges at one moment: the worst first, filtered, and page by page without a gap or a repetition."""

from datetime import timedelta

import msgspec
import pytest

from central_sync.fleet.board import SORTS, Filter, Heard, Place, board
from central_sync.fleet.lifecycle import EdgeState, Reason
from tests.central_sync.fleet.test_lifecycle import LIMITS, LONG_AGO, NOW, WELL, ago

S = EdgeState


def heard(quiet_s=1, *reasons, **changed):
    return Heard(ago(quiet_s), msgspec.structs.replace(WELL, **changed), reasons)


PLACES = [Place(f"H{n}", f"Hospital {n}", "ir" if n % 2 else "cn", "public") for n in range(6)]
HEARD = {
    "H0": heard(),
    "H1": heard(1, Reason.PARKED, program="0.1.0"),
    "H2": heard(100),
    "H3": heard(900),
    "H4": heard(2, Reason.CLOCK_OFF, Reason.PARKED),
}


def made(places=PLACES, known=HEARD, since=LONG_AGO):
    return board(places, known, since, NOW, LIMITS)


def codes(page):
    return [row.institution for row in page.rows]


def test_the_worst_stand_first():
    assert codes(made().page(Filter(), "", 10)) == ["H3", "H1", "H4", "H2", "H5", "H0"]
    assert made().of("H3").state is S.SILENT
    assert made().of("H9") is None


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(states=frozenset({S.UP, S.LATE})), ["H2", "H0"]),
        (Filter(region="ir"), ["H3", "H1", "H5"]),
        (Filter(version="0.1.0"), ["H1"]),
        (Filter(reason="parked"), ["H1", "H4"]),
        (Filter(text=" hOSPITAL 4"), ["H4"]),
        (Filter(text="h5"), ["H5"]),
        (Filter(scope=frozenset({"H0", "H3"})), ["H3", "H0"]),
        (Filter(scope=frozenset({"H0"}), text="H3"), []),
        (Filter(region="nowhere"), []),
    ],
)
def test_a_filter_shows_what_fits_and_counts_it(wanted, expected):
    page = made().page(wanted, "", 10)
    assert codes(page) == expected
    assert page.total == len(expected)


def test_totals_leave_the_state_out_and_keep_the_scope():
    assert made().totals(Filter(states=frozenset({S.UP}))) == {
        S.SILENT: 1, S.IN_TROUBLE: 2, S.LATE: 1, S.UNHEARD: 1, S.UP: 1,
    }  # fmt: skip
    assert sum(made().totals(Filter(scope=frozenset({"H0"}))).values()) == 1


def test_choices_show_nothing_beyond_the_scope():
    assert made().choices(None) == (["cn", "ir"], ["0.1.0", "0.2.0"])
    assert made().choices(frozenset({"H1"})) == (["ir"], ["0.1.0"])


def test_pages_follow_each_other_without_gap_or_repetition():
    whole, found, after = made(), [], ""
    for _ in range(10):
        page = whole.page(Filter(), after, 2)
        found += codes(page)
        after = page.next
        if not after:
            break
    assert found == codes(whole.page(Filter(), "", 99))


def test_a_place_whose_edge_has_moved_is_still_a_place():
    page = made().page(Filter(), "", 1)
    later = made(known={**HEARD, "H3": heard()})
    assert codes(later.page(Filter(), page.next, 9)) == ["H1", "H4", "H2", "H5", "H0", "H3"]


@pytest.mark.parametrize("nonsense", ["x", "9.H1", "-1.H1", ".", "٣.H1", "00.H1"])
def test_what_is_no_place_is_the_first_page(nonsense):
    assert len(made().page(Filter(), nonsense, 99).rows) == 6


def test_a_hub_that_just_began_sees_nobody_silent():
    states = {row.state for row in made(since=NOW - timedelta(seconds=5)).rows}
    assert states == {S.UP, S.IN_TROUBLE, S.UNHEARD}


def test_rows_that_have_not_changed_are_used_again():
    before = made()
    later = board(
        PLACES, {**HEARD, "H0": heard(1, Reason.PARKED)}, LONG_AGO, NOW + timedelta(seconds=1), LIMITS, before
    )
    assert later.of("H1") is before.of("H1")
    assert later.of("H0").state is S.IN_TROUBLE
    assert codes(later.page(Filter(), "", 9)) == ["H3", "H0", "H1", "H4", "H2", "H5"]


SAID = {
    "H0": heard(1, pending=3, oldest_at=ago(90), skew_ms=-900, program="0.10.0", certificate_ends=ago(-9_000)),
    "H1": heard(1, pending=40, skew_ms=30, program="0.9.1", certificate_ends=ago(-90)),
    "H2": heard(1, pending=3, oldest_at=ago(9_000), skew_ms=400, program="", certificate_ends=None),
    "H3": heard(900, pending=0, program="0.9.1-rc", certificate_ends=ago(-800)),
}


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["H3", "H4", "H5", "H0", "H1", "H2"]),
        ("hospital", ["H0", "H1", "H2", "H3", "H4", "H5"]),
        ("waiting", ["H1", "H0", "H2", "H3", "H4", "H5"]),
        ("oldest", ["H2", "H0", "H1", "H3", "H4", "H5"]),
        ("clock", ["H0", "H2", "H1", "H3", "H4", "H5"]),
        ("certificate", ["H1", "H3", "H0", "H2", "H4", "H5"]),
        ("version", ["H1", "H3", "H0", "H2", "H4", "H5"]),
    ],
)
def test_in_each_order_what_wants_to_be_seen_to_stands_first_and_no_page_has_a_gap(sort, expected):
    whole = made(known=SAID)
    assert codes(whole.page(Filter(sort=sort), "", 10)) == expected
    assert {sort} <= {"", *SORTS}
    for rows_max in (1, 2, 4):
        paged, after = [], ""
        while True:
            page = whole.page(Filter(sort=sort), after, rows_max)
            paged += codes(page)
            assert page.total == 6
            if not (after := page.next):
                break
        assert paged == expected


@pytest.mark.parametrize("place", ["x", "9", "-", "1.", "99999999999999999999.H1", "1.\n", "-1.H1", "٣.H1"])
def test_a_place_that_is_none_is_no_fault(place):
    for sort in ("", *SORTS):
        assert made().page(Filter(sort=sort), place, 10).total == 6
