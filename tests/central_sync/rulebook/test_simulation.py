"""Cases run under two rulebooks, each with accumulators of its own, in the order in which they were settled."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from central_sync.benefits.choices import Owner
from central_sync.benefits.facts import AccumulatorKey, BillLine, CaseFacts, CoverFacts
from central_sync.benefits.settlement import settle
from central_sync.rulebook.load import load
from central_sync.rulebook.settled import Settled, settled_cases
from central_sync.rulebook.simulation import groups, run
from tests.central_sync.hospital import RULEBOOK
from tests.central_sync.rulebook.month import BOOK, lower, month


def test_what_a_case_leaves_in_an_accumulator_the_next_one_finds_in_each_rulebook_by_itself(tmp_path):
    cases = settled_cases(month(tmp_path / "month.jsonl", 40), [BOOK])
    new = load(lower(tmp_path / "new"))
    for pair in run(BOOK, new, enumerate(cases)):
        assert pair.problem == ""
    for book, which in ((BOOK, "before"), (new, "after")):
        counted: dict[AccumulatorKey, int] = {}
        for one, pair in zip(cases, run(BOOK, new, enumerate(cases)), strict=True):
            done = settle(book, one.facts, one.bill, counted)
            counted |= {key: counted.get(key, 0) + delta for key, delta in done.deltas.items()}
            assert getattr(pair, which).patient == done.patient
            assert [share[3] for share in getattr(pair, which).shares] == [share.amount for share in done.shares]
    assert any(key.owner.startswith("family:") for key in counted)


def test_used_counts_where_no_earlier_case_has_the_accumulator(tmp_path):
    first, second = settled_cases(month(tmp_path / "month.jsonl", 2), [BOOK])
    first, second = (replace(one, used={"au_safety_net.gap": 500_00}) for one in (first, second))
    fresh = replace(first, used={})
    with_it, without = (next(iter(run(BOOK, BOOK, [(0, one)]))) for one in (first, fresh))
    assert with_it.before.patient < without.before.patient
    one, other = run(BOOK, BOOK, [(0, fresh), (1, second)])
    again, same = run(BOOK, BOOK, [(0, fresh), (1, replace(second, used={}))])
    assert (one, other) == (again, same), "the file's own case came first"


def test_a_name_that_neither_rulebook_counts_and_an_item_that_one_has_not_leave_a_case_out(tmp_path):
    (one,) = settled_cases(month(tmp_path / "month.jsonl", 1), [BOOK])
    (pair,) = run(BOOK, BOOK, [(0, replace(one, used={"au_safety_net.gpa": 1}))])
    assert pair.problem == "used: neither rulebook has an accumulator au_safety_net.gpa for this case"
    region = BOOK.regions["au"]
    items = {code: item for code, item in region.items.items() if code != "VISITF"}
    new = replace(BOOK, regions={**BOOK.regions, "au": replace(region, items=items)})
    (pair,) = run(BOOK, new, [(0, one)])
    assert (pair.before, pair.after) == (None, None)
    assert pair.problem == "after: the catalogue has no item VISITF on that day"
    (pair,) = run(replace(BOOK, regions={}), BOOK, [(0, one)])
    assert pair.problem == "before: the rulebook has no region au"


def test_a_day_that_no_calendar_of_the_schemes_has_leaves_its_case_out():
    """Nine months of waiting after the last of all days."""
    day = date.max
    covers = (CoverFacts("supplementary", "ir_supplementary", "K", "insured", day, None),)
    facts = CaseFacts("M", "ir", "public", "inpatient", day, date(1980, 1, 1), covers, day, ("maternity",))
    bill = (BillLine("1", "B0001", Decimal(1), Decimal(0), 5_000_000, day),)
    (pair,) = run(RULEBOOK, RULEBOOK, [(0, Settled("far", 1, facts, bill, {}))])
    assert pair.problem == "before: a day of the case is out of the calendar's reach"


def test_cases_that_share_a_member_a_family_or_a_counted_contract_are_a_group(tmp_path):
    cases = settled_cases(month(tmp_path / "month.jsonl", 6), [BOOK])

    def of(number: int, member: str, family: str, contract: str) -> Settled:
        covers = tuple(replace(c, family=family, contract=contract) for c in cases[number].facts.covers)
        return replace(cases[number], facts=replace(cases[number].facts, member=member, covers=covers))

    told = [
        of(0, "a", "", "K1"),
        of(1, "b", "F", "K1"),
        of(2, "c", "F", "K2"),
        of(3, "a", "", "K3"),
        of(4, "d", "", "K2"),
    ]
    assert groups(told, [BOOK]) == [[0, 3], [1, 2], [4]]
    benefit = BOOK.schemes["au_medicare"].benefits["outpatient"][0]
    shared = replace(benefit, bands=replace(benefit.bands, owner=Owner.CONTRACT))
    scheme = replace(BOOK.schemes["au_medicare"], benefits={"outpatient": (shared,)})
    other = replace(BOOK, schemes={**BOOK.schemes, "au_medicare": scheme})
    assert groups(told, [BOOK, other]) == [[0, 1, 2, 3, 4]]


def test_a_case_of_two_schemes_that_claim_one_place_is_left_out(tmp_path):
    (one,) = settled_cases(month(tmp_path / "month.jsonl", 1), [BOOK])
    mine = one.facts.covers[0]
    twin = replace(BOOK.schemes[mine.scheme], code="twin")
    new = replace(BOOK, schemes={**BOOK.schemes, "twin": twin})
    facts = replace(one.facts, covers=(*one.facts.covers, replace(mine, scheme="twin")))
    (pair,) = run(BOOK, new, [(0, replace(one, facts=facts))])
    assert (pair.before, pair.after) == (None, None)
    assert pair.problem == f"after: {mine.layer}: {mine.scheme} and twin are of one rank"
