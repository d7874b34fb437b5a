"""The checks themselves: a day that holds is found to hold, and each way of tampering is caught by the check it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import date

import pytest

from central_sync.benefits.facts import AccumulatorKey
from central_sync.benefits.parameters import Rulebook
from simulator.books import Books, Entry, Told, whole
from simulator.invariants import EdgeEntry, Evidence, HubEntry, HubSettlement, check

HID = "0000000000000196"
SETTLED = {
    "hid": HID,
    "currency": "CNY",
    "total": 1000,
    "patient": 400,
    "settled_on": "2026-06-01",
    "settlement_id": "S1",
}
CAP = AccumulatorKey("member:M1", "base", "cn_employee", "pool", 2026)
COUNT = AccumulatorKey("member:M1", "base", "cn_employee", "outpatient", 2026)
Tamper = Callable[[Evidence], None]


def _books() -> Books:
    books = Books("H001", "CNY")
    for msgid, number, told in (
        ("m1", "2201", Told("final", answer={"hid": HID})),
        ("m2", "2204", Told("provisional")),
        ("m2", "2204", Told("final", answer={"hid": HID, "lines": []})),
        ("m3", "2207", Told("final", answer=SETTLED)),
        ("m4", "49", Told("final", answer={"settlement_id": "S1", "confirmation": "confirmed"})),
        ("m5", "2207", Told("refused", "already_settled")),
    ):
        entry = books.entries.setdefault(msgid, Entry(msgid, number, {}, "journey"))
        books.hear(entry, told)
    books.entries["m5"].refusal = "already_settled"
    books.sales["S1"].state = "confirmed"
    books.bills[HID] = {"1": 600, "2": 400}
    return books


@pytest.fixture
def good() -> Evidence:
    books = _books()
    ledger = {
        ("H001", entry.msgid): HubEntry(entry.number, entry.outcome, entry.code, entry.answer)
        for entry in books.entries.values()
    }
    ledger["H001", "edge-1-in"] = HubEntry("9001", "final", "", {})
    return Evidence(
        books={"H001": books},
        journals={"H001": [EdgeEntry(e.msgid, e.number, e.outcome, "none") for e in books.entries.values()]},
        ledger=ledger,
        settlements=[
            HubSettlement(
                settlement_id="S1",
                institution="H001",
                msgid="m3",
                hid=HID,
                member="M1",
                group="employee",
                tier="tier_3",
                care="outpatient",
                total=1000,
                funds=600,
                patient=400,
                confirmation="confirmed",
                shares=(("base", "cn_employee", 600),),
                deltas={CAP: 600, COUNT: 600},
                contracts={"cn_employee": "C1"},
            )
        ],
        accumulators={CAP: 600, COUNT: 600},
        bills={("H001", HID): {"1": 600, "2": 400}},
        reconciled={"H001": [{"equal": True}, {"equal": True}]},
        uncertain={"H001": {"at_edge": [], "at_hub": []}},
    )


def test_a_day_that_holds_is_found_to_hold(good: Evidence, rulebook: Rulebook) -> None:
    findings = check(good, rulebook)
    assert findings.sentences(9) == {}
    assert findings.hold


def _change_settlement(evidence: Evidence, **values: object) -> None:
    evidence.settlements[0] = replace(evidence.settlements[0], **values)  # type: ignore[arg-type]


def _second_settlement(evidence: Evidence) -> None:
    evidence.settlements.append(replace(evidence.settlements[0], settlement_id="S2", msgid="m9"))


def _alter_answer(evidence: Evidence) -> None:
    row = evidence.ledger["H001", "m2"]
    evidence.ledger["H001", "m2"] = replace(row, answer={"hid": HID, "lines": [1]})


def _refuse_in_ledger(evidence: Evidence) -> None:
    evidence.ledger["H001", "m2"] = HubEntry("2204", "refused", "case_closed", None)


def _apply_in_ledger(evidence: Evidence) -> None:
    evidence.ledger["H001", "m5"] = HubEntry("2207", "final", "", {})


def _over_cap(evidence: Evidence) -> None:
    much = 10**9
    _change_settlement(
        evidence, funds=much, total=much + 400, shares=(("base", "cn_employee", much),), deltas={CAP: much, COUNT: much}
    )
    evidence.accumulators.update({CAP: much, COUNT: much})


def _open_in_journal(evidence: Evidence) -> None:
    evidence.journals["H001"].append(EdgeEntry("m8", "2207", "in_doubt", "none"))


def _only_in_journal(evidence: Evidence) -> None:
    evidence.journals["H001"].append(EdgeEntry("m8", "2204", "final", "none"))


def _undecided(evidence: Evidence) -> None:
    evidence.books["H001"].entries["m2"].outcome = "provisional"


def _withdrawn_promise(evidence: Evidence) -> None:
    entry = evidence.books["H001"].entries["m2"]
    entry.outcome, entry.code = "refused", "never_applied"
    del evidence.ledger["H001", "m2"]


TAMPERINGS: dict[str, tuple[Tamper, set[str]]] = {
    "a ledger row is deleted": (lambda e: e.ledger.pop(("H001", "m2")) and None, {"lost"}),
    "a ledger row is refused": (_refuse_in_ledger, {"lost"}),
    "a stored answer is altered": (_alter_answer, {"lost"}),
    "a refused one was applied": (_apply_in_ledger, {"contradicted"}),
    "a promise is withdrawn": (_withdrawn_promise, {"lost", "contradicted"}),
    "the journal has more than the hub": (_only_in_journal, {"lost"}),
    "an accumulator is doubled": (lambda e: e.accumulators.update({CAP: 1200}), {"doubled"}),
    "an accumulator is gone": (lambda e: e.accumulators.pop(COUNT) and None, {"doubled"}),
    "a settlement is there twice": (_second_settlement, {"doubled", "unreconciled"}),
    "a line is billed twice": (lambda e: e.bills["H001", HID].update({"3": 5}), {"doubled"}),
    "a line is lost": (lambda e: e.bills["H001", HID].pop("2") and None, {"lost"}),
    "the hub applied what nobody sent": (
        lambda e: e.ledger.update({("H001", "ghost"): HubEntry("2204", "final", "", {})}),
        {"doubled"},
    ),
    "edge and hub compare unlike": (lambda e: e.compared.update(H001=["one only here"]), {"unreconciled"}),
    "a book is altered": (lambda e: setattr(e.books["H001"].sales["S1"], "total", 999), {"unreconciled"}),
    "a sale is forgotten": (lambda e: e.books["H001"].sales.clear(), {"unreconciled"}),
    "a settlement is lost": (lambda e: e.settlements.clear(), {"lost", "unreconciled", "doubled"}),
    "a confirmation is lost": (
        lambda e: _change_settlement(e, confirmation="awaited"),
        {"unreconciled", "in_doubt"},
    ),
    "shares do not add up": (lambda e: _change_settlement(e, shares=()), {"unreconciled"}),
    "reconciliation differs": (
        lambda e: e.reconciled.update({"H001": [{"equal": False}, {"equal": True}]}),
        {"unreconciled"},
    ),
    "nobody reconciled": (lambda e: e.reconciled.clear(), {"unreconciled"}),
    "a cap is passed": (_over_cap, {"over_cap", "unreconciled"}),
    "a doubt is left in the journal": (_open_in_journal, {"in_doubt"}),
    "a doubt is left in the books": (_undecided, {"in_doubt"}),
    "something is listed as uncertain": (
        lambda e: e.uncertain.update({"H001": {"at_edge": [{"msgid": "m8"}], "at_hub": []}}),
        {"in_doubt"},
    ),
    "a HIS was surprised": (lambda e: e.books["H001"].surprises.append("x"), {"contradicted"}),
    "a log has a name": (lambda e: e.leaks.append("hub.log: 1 times"), {"leaked"}),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_caught_by_the_check_it_belongs_to(name: str, good: Evidence, rulebook: Rulebook) -> None:
    tamper, caught = TAMPERINGS[name]
    evidence = deepcopy(good)
    tamper(evidence)
    findings = check(evidence, rulebook)
    assert set(findings.sentences(9)) == caught
    assert not findings.hold


def test_a_decided_outcome_that_changes_is_a_surprise() -> None:
    books = _books()
    books.hear(books.entries["m1"], Told("refused", "line_down"))
    books.hear(books.entries["m2"], Told("final", answer={"hid": HID, "lines": [1]}))
    books.hear(books.entries["m3"], Told("final", answer={**SETTLED, "confirmation": "undone"}))
    assert len(books.surprises) == 2
    assert books.entries["m1"].outcome == "final"


def test_a_default_that_is_left_out_or_written_out_is_the_same_answer() -> None:
    assert whole("2201", {"hid": HID}) == whole("2201", {"hid": HID, "covered": True})
    assert whole("2201", {"hid": HID}) != whole("2201", {"hid": HID, "covered": False})
    assert whole("2201", {"hid": 5}) == {"hid": 5}


def test_the_same_settlement_is_booked_once() -> None:
    books = _books()
    books.hear(books.entries["m3"], Told("final", answer=SETTLED))
    assert [sale.total for sale in books.sales.values()] == [1000]
    assert books.sales["S1"].business_day == date(2026, 6, 1)


@pytest.mark.parametrize(("counted", "sound"), [(120_000_000, True), (120_000_001, False)])
def test_a_cap_of_one_coverage_group_is_held_against_what_was_counted_for_it(
    counted: int, sound: bool, good: Evidence, rulebook: Rulebook
) -> None:
    key = AccumulatorKey("family:F1", "supplementary", "ir_supplementary", "dental", 1404)
    shares = (("supplementary", "ir_supplementary", 900_000_000),)
    good.settlements = [replace(good.settlements[0], group="insured", shares=shares, deltas={key: counted})]
    assert (check(good, rulebook).over_cap == []) is sound


def test_a_fixed_price_may_differ_from_the_bill_by_what_is_told(good: Evidence, rulebook: Rulebook) -> None:
    _change_settlement(good, difference=50)
    assert "S1 does not add up" in str(check(good, rulebook).sentences(9))
    one = good.settlements[0]
    good.settlements[0] = replace(one, shares=(("base", "cn_employee", 650),), funds=650)
    assert "does not add up" not in str(check(good, rulebook).sentences(9))
