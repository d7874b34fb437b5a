"""What alarms: every rule raises and clears once, nothing flickers, what is not known changes nothing, and many are one."""

from datetime import timedelta

import msgspec
import pytest

from central_sync.fleet import alerts
from central_sync.fleet.alerts import Judge, Rule, RulesInvalid, Subject, laid_over, measured, parsed, shipped
from central_sync.fleet.board import Board, Heard, Place, board
from central_sync.fleet.lifecycle import reasons
from central_sync.fleet.limits import MASS_EDGES
from central_sync.wire.messages import ReaderWord
from tests.central_sync.fleet.test_lifecycle import LIMITS, LONG_AGO, NOW, WELL, ago

H1 = Subject("H1", "H1")


def boarded(quiet_s=1.0, now=NOW, codes=("H1",), since=LONG_AGO, **changed):
    report = msgspec.structs.replace(WELL, **changed)
    at = now - timedelta(seconds=quiet_s)
    heard = Heard(at, report, reasons(report, 0, at, LIMITS))
    return board([Place(code, code, "ir", "public") for code in codes], dict.fromkeys(codes, heard), since, now, LIMITS)


def seen(rule, *values, step_s=60):
    """What a rule does with one value after the other, a minute apart: r(aised), c(leared) or nothing."""
    judge, opened, told = Judge([rule]), set(), ""
    for n, value in enumerate(values):
        raised, cleared = judge.judged({rule.measure: {H1: value}}, opened, NOW + timedelta(seconds=n * step_s))
        opened |= {(one.rule.name, one.subject.name) for one in raised}
        opened -= set(cleared)
        told += "r" if raised else "c" if cleared else "."
    return told


def rule(**given):
    return Rule(name="r", measure="pending", **given)


@pytest.mark.parametrize(
    ("given", "values", "told"),
    [
        ({"beyond": 10}, (10, 11, 11, 10, 11), ".r.cr"),
        ({"beyond": 10, "back": 5}, (11, 9, 6, 5, 9, 11), "r..c.r"),
        ({"beyond": 10, "for_s": 120}, (11, 11, 11, 11, 3), "..r.c"),
        ({"beyond": 10, "for_s": 120}, (11, 11, 3, 11, 11, 11), ".....r"),
        ({"beyond": 14, "back": 21, "least": True}, (20, 14, 13, 15, 21, 15), "..r.c."),
        ({"beyond": 10, "back": 5}, (11, None, None, 4, None), "r..c."),
        ({"beyond": 10, "for_s": 120}, (11, None, 11), "..r"),
    ],
)
def test_an_alert_is_raised_and_cleared_and_does_not_flicker(given, values, told):
    assert seen(rule(**given), *values) == told


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("backlog_old", {"pending": 1, "oldest_at": ago(1801)}),
        ("in_doubt_old", {"in_doubt": 1, "in_doubt_since": ago(901)}),
        ("certificate_ends", {"certificate_ends": NOW + timedelta(days=13)}),
        ("clock_off", {"skew_ms": -121_000}),
        ("parked", {"parked": 1}),
        ("disk_low", {"hours_left": 23.0}),
        ("disk_low", {"full": True, "hours_left": None}),
        ("journal_unusable", {"journal_usable": False}),
        ("reader_gone", {"readers_troubled": [ReaderWord(name="r", trouble="reader_absent")]}),
        ("old_version", {"program": "0.1.0"}),
    ],
)
def test_every_shipped_rule_of_an_edge_is_raised_by_its_trouble_alone_and_cleared_after_it(name, changed):
    judge = Judge(shipped())
    later = NOW + timedelta(hours=2)
    assert judge.judged(measured(boarded(), {}), [], NOW) == ([], [])
    judge.judged(measured(boarded(**changed), {}), [], NOW)
    raised, _ = judge.judged(measured(boarded(now=later, **changed), {}), [], later)
    assert [one.rule.name for one in raised] == [name]
    assert raised[0].subject == H1
    _, cleared = judge.judged(measured(boarded(), {}), [(name, "H1")], later)
    assert cleared == [(name, "H1")]


def test_silence_alarms_after_its_minutes_and_is_over_with_the_first_report():
    judge = Judge(shipped())
    assert judge.judged(measured(boarded(quiet_s=299), {}), [], NOW)[0] == []
    raised, _ = judge.judged(measured(boarded(quiet_s=301), {}), [], NOW)
    assert [(one.rule.name, one.rule.severity, one.value) for one in raised] == [("edge_silent", "urgent", 301.0)]
    assert judge.judged(measured(boarded(quiet_s=1), {}), [("edge_silent", "H1")], NOW)[1] == [("edge_silent", "H1")]


def test_a_silent_edge_says_nothing_of_its_clock():
    judge = Judge(shipped())
    values = measured(boarded(quiet_s=10_000, skew_ms=0), {})
    assert judge.judged(values, [("clock_off", "H1"), ("edge_silent", "H1")], NOW) == ([], [])


def test_hundreds_that_go_silent_together_are_one_alert():
    codes = [f"H{n:03}" for n in range(300)]
    judge = Judge(shipped())
    raised, _ = judge.judged(measured(boarded(quiet_s=900, codes=codes), {}), [], NOW)
    assert [(one.rule.name, one.subject.name, one.value) for one in raised] == [("many_silent", alerts.HUB, 300.0)]
    kept = [("many_silent", alerts.HUB), ("edge_silent", "H001")]
    assert judge.judged(measured(boarded(quiet_s=900, codes=codes), {}), kept, NOW) == ([], [])
    _, cleared = judge.judged(measured(boarded(quiet_s=1, codes=codes), {}), kept, NOW)
    assert cleared == sorted(kept)


def test_a_few_that_are_silent_are_told_one_by_one():
    codes = [f"H{n:03}" for n in range(MASS_EDGES - 1)]
    raised, _ = Judge(shipped()).judged(measured(boarded(quiet_s=900, codes=codes), {}), [], NOW)
    assert {one.rule.name for one in raised} == {"edge_silent"}
    assert len(raised) == len(codes)


def test_what_is_no_edges_is_raised_for_its_subject_and_cleared_when_it_is_gone():
    judge = Judge(shipped())
    others = {
        "payer_away_s": {Subject("payer:x"): 1801.0},
        "unreconciled_days": {H1: 4.0},
    }
    raised, _ = judge.judged(measured(boarded(), others), [], NOW)
    assert [(one.rule.name, one.subject) for one in raised] == [
        ("unreconciled_day", H1),
        ("payer_away", Subject("payer:x")),
    ]
    opened = [("payer_away", "payer:x"), ("unreconciled_day", "H1")]
    assert judge.judged(measured(boarded(), {}), opened, NOW) == ([], []), "not asked is not gone"
    gone = {"payer_away_s": {}, "unreconciled_days": {}}
    assert judge.judged(measured(boarded(), gone), opened, NOW)[1] == opened


def test_a_hospital_that_is_gone_and_a_rule_that_is_gone_alarm_no_longer():
    opened = [("edge_silent", "H9"), ("of_old", "H1")]
    assert Judge(shipped()).judged(measured(boarded(), {}), opened, NOW)[1] == opened


def test_a_hub_lays_its_own_rules_over_the_shipped_ones():
    own = parsed(
        '[[rules]]\nname = "edge_silent"\nmeasure = "silent_s"\nbeyond = 60\n'
        '[[rules]]\nname = "parked"\noff = true\n'
        '[[rules]]\nname = "much"\nmeasure = "pending"\nbeyond = 5\n',
        "own.toml",
    )
    rules = {one.name: one for one in laid_over(shipped(), own)}
    assert rules["edge_silent"].beyond == 60
    assert "parked" not in rules
    assert rules["much"].measure == "pending"
    assert len(rules) == len(shipped())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rules = 1", "rules"),
        ("a =", "own.toml"),
        ('[[rules]]\nname = "x"\nmeasure = "weather"', "no measure 'weather'"),
        ('[[rules]]\nname = "X y"\nmeasure = "pending"', "name"),
        ('[[rules]]\nname = "x"\nmeasure = "pending"\nbeyound = 1', "beyound"),
        ('[[rules]]\nname = "x"\nmeasure = "pending"\nbeyond = 1\nback = 2', "back"),
        ('[[rules]]\nname = "x"\nmeasure = "pending"\nbeyond = nan', "finite"),
        ('[[rules]]\nname = "x"\nmeasure = "pending"\n[[rules]]\nname = "x"\nmeasure = "pending"', "twice"),
    ],
)
def test_a_mistake_in_a_rule_is_named(text, says):
    with pytest.raises(RulesInvalid, match=says):
        parsed(text, "own.toml")


def test_only_edges_that_matter_are_looked_at_and_the_verdict_is_that_over_all():
    sparse, full, opened = Judge(shipped()), Judge(shipped()), set()
    codes = [f"H{n:03}" for n in range(60)]
    turns = [
        {},
        {"parked": 1},
        {"parked": 1},
        {},
        {"journal_usable": False},
        {"skew_ms": 999_000},
        {},
        {"hours_left": 1.0},
        {},
    ]
    for turn, changed in enumerate(turns):
        now = NOW + timedelta(seconds=200 * turn)
        well, ill = boarded(now=now, codes=codes[5:]), boarded(now=now, codes=codes[:5], quiet_s=30, **changed)
        gone = boarded(now=now, codes=["S1"], quiet_s=700) if turn % 3 else boarded(now=now, codes=["S1"])
        whole = Board(now, (*well.rows, *ill.rows, *gone.rows))
        values = sparse.values(whole, {}, opened)
        assert len(values["parked"]) <= 6
        verdict = full.judged(measured(whole, {}), opened, now)
        assert sparse.judged(values, opened, now) == verdict
        raised, cleared = verdict
        opened = (opened | {(one.rule.name, one.subject.name) for one in raised}) - set(cleared)
    assert ("edge_silent", "S1") in opened
