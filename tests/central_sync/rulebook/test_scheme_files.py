"""A scheme's files say only what the engine can do, and each mistake is shown with its file and line."""

from __future__ import annotations

import pytest

from central_sync.benefits.choices import Basis, CountedOn, Each, LastCoin, Of, Owner, Per, RoundedAt
from central_sync.rulebook.load import load
from tests.central_sync.rulebook.mistakes import EMPLOYEE, ILLNESS, STAY, VISIT, Mistake, change, copied, refused

VALUE = "values: [{from: 2023-01-01, value: %s, reference: illustrative_cn, illustrative: true}]"
FEE = "{text: fee, unit: CNY, " + VALUE % '"5"' + "}"
HALF = "{text: half, unit: ratio, " + VALUE % '"0.5"' + "}"

SPAN = "{text: span, unit: days, " + VALUE % '"60"' + "}"

MISTAKES = {
    "a_mark_that_the_scheme_has_not": Mistake(STAY, "takes:", "when: [referred]\ntakes:", "when"),
    "a_part_twice": Mistake(STAY, "takes: [in_scope]", "takes: [in_scope, {part: in_scope}]", "takes[1]"),
    "a_stage_that_is_none": Mistake(
        STAY, "takes: [in_scope]", "takes: [{part: in_scope, left_by: [luck]}]", "takes[0].left_by"
    ),
    "a_share_above_one": Mistake(
        STAY, "takes: [in_scope]", f"takes: [{{part: in_scope, share: {HALF.replace('0.5', '1.5')}}}]", "takes[0].share"
    ),
    "lines_of_nothing": Mistake(STAY, "takes:", "lines: {}\ntakes:", "lines"),
    "lines_of_an_unknown_kind": Mistake(STAY, "takes:", "refuses: {kinds: [magic]}\ntakes:", "refuses.kinds"),
    "lines_of_an_unknown_item": Mistake(STAY, "takes:", "lines: {items: [NO1]}\ntakes:", "lines.items"),
    "lines_of_an_unknown_class": Mistake(STAY, "takes:", "lines: {classes: [D]}\ntakes:", "lines.classes"),
    "a_package_for_nothing": Mistake(STAY, "takes:", f"package: {FEE}\ntakes:", "package"),
    "waiting_in_money": Mistake(STAY, "takes:", f"waiting: {FEE}\ntakes:", "waiting.unit"),
    "a_deductible_of_days_with_a_counter": Mistake(
        STAY, "deductible:\n  per: bill", "deductible:\n  per: day\n  counter: met", "deductible.counter"
    ),
    "a_later_deductible_of_days": Mistake(STAY, "deductible:\n  per: bill", "deductible:\n  per: day", "later"),
    "bands_of_a_night": Mistake(STAY, "bands:\n  per: bill", "bands:\n  per: night", "bands.per"),
    "a_ratio_for_all_of_a_year": Mistake(
        ILLNESS, "bands:\n  per: year", "bands:\n  hold: all\n  per: year", "bands.hold"
    ),
    "a_deductible_of_each_line_that_goes_on": Mistake(
        VISIT,
        "bands:",
        f"each: line\ndeductible: {{per: bill, continues: {{marks: [up], counter: chain}}, {FEE[1:]}\nbands:",
        "goes with each: bill",
    ),
    "a_counter_that_counts_two_things": Mistake(VISIT, "counter: outpatient_in_scope", "counter: stays", "counter"),
    "a_rank_twice": Mistake(VISIT, "cares: [outpatient]", "cares: [outpatient, inpatient]", "cares"),
    "rounding_to_nothing": Mistake(EMPLOYEE, "rounding: half_up", 'rounding: {mode: up, to: "0"}', "rounding.to"),
    "multiples_of_what_is_rounded_together": Mistake(
        EMPLOYEE, "rounding: half_up", 'rounding: {mode: up, to: "5", at: together}', "rounding.to"
    ),
    "a_fixed_price_that_is_rounded_together": Mistake(
        "schemes/ir_social_security/scheme.yaml",
        "rounding: half_up\n",
        "rounding: {mode: half_up, at: together}\n",
        "package",
        "schemes/ir_social_security/package_referred.yaml",
    ),
    "a_claim_whose_last_coin_is_the_patients": Mistake(
        EMPLOYEE, "rounding: half_up", "rounding: {mode: up, at: claim}", "rounding.last_coin"
    ),
    "a_referral_of_a_year": Mistake(
        VISIT,
        "bands:",
        f"deductible: {{per: year, counter: below, continues: {{marks: [up], counter: chain}}, {FEE[1:]}\nbands:",
        "deductible.continues",
    ),
    "a_referral_that_the_scheme_has_not": Mistake(
        STAY,
        "deductible:\n",
        "deductible:\n  continues: {marks: [referred], counter: chain}\n",
        "deductible.continues.marks",
    ),
    "a_counter_by_a_period_that_the_scheme_has_not": Mistake(
        STAY, "deductible:\n  per: bill", "deductible:\n  per: period\n  counter: met", "deductible.per"
    ),
    "a_cap_by_a_period_that_the_scheme_has_not": Mistake(
        EMPLOYEE, "    owner: member\n", "    owner: member\n    per: period\n", "caps."
    ),
    "a_period_by_which_nothing_is_counted": Mistake(EMPLOYEE, "rounding:", f"period: {SPAN}\nrounding:", "period"),
    "a_period_of_money": Mistake(EMPLOYEE, "rounding:", f"period: {FEE}\nrounding:", "period"),
    "a_period_after_nobody_knows_what": Mistake(
        EMPLOYEE, "rounding:", f"period: {SPAN[:-1]}, after: easter}}\nrounding:", "$.period.after"
    ),
    "an_accounts_family_without_an_account": Mistake(VISIT, "takes:", "account_owner: family\ntakes:", "account_owner"),
    "an_account_of_a_contract": Mistake(
        VISIT, "takes:", "account: purse\naccount_owner: contract\ntakes:", "account_owner"
    ),
    "a_first_part_in_money": Mistake(STAY, "takes:", f"first_part: {FEE}\ntakes:", "first_part.unit"),
    "a_year_that_begins_on_no_day": Mistake(EMPLOYEE, "rounding:", "year_starts: 13-01\nrounding:", "$.year_starts"),
    "a_share_with_another_basis": Mistake(
        STAY, "takes: [in_scope]", "basis: whole\ntakes: [{part: in_scope, left_by: [bands]}]", "basis"
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused_with_its_file_and_key(tmp_path, name):
    refused(tmp_path, MISTAKES[name])


def test_a_benefit_that_is_never_asked_is_refused(tmp_path):
    folder = copied(tmp_path)
    stay = (folder / STAY).read_text(encoding="utf-8")
    (folder / "schemes/cn_employee/never.yaml").write_text('rank: "1"\n' + stay, encoding="utf-8")
    refused_here = Mistake(STAY, "cares:", "cares:", "rank", "schemes/cn_employee/never.yaml")
    with pytest.raises(Exception, match="takes everything of inpatient") as caught:
        load(folder)
    assert refused_here.key in str(caught.value)


def test_everything_that_a_file_may_say_reaches_the_engine(tmp_path):
    folder = copied(tmp_path)
    change(folder, EMPLOYEE, "rounding: half_up", 'rounding: {mode: up, to: "0.05", at: claim, last_coin: payer}')
    change(
        folder, EMPLOYEE, "groups:", 'marks: [special]\nyear_starts: 07-01\ncounted_on: admission\nrank: "3"\ngroups:'
    )
    change(
        folder, EMPLOYEE, "  pool:\n    owner: member", "  pool:\n    owner: family\n    of: counted\n    per: month"
    )
    change(
        folder,
        ILLNESS,
        "takes: [in_scope]",
        f"each: line\nleast: {FEE}\ntakes: [{{part: in_scope, share: {HALF}, left_by: [bands]}}]",
    )
    change(
        folder,
        VISIT,
        "takes:",
        f"basis: difference\naccount: purse\naccount_owner: family\nfirst_part: {HALF}\nlines: {{kinds: [drug]}}\ntakes:",
    )
    change(folder, STAY, "deductible:\n", "deductible:\n  continues: {marks: [special], counter: chain}\n")
    book = load(folder)
    scheme = book.schemes["cn_employee"]
    assert (scheme.rounding.to, scheme.rounding.at, scheme.rounding.last_coin) == (
        5,
        RoundedAt.CLAIM,
        LastCoin.PAYER,
    )
    assert (scheme.marks, scheme.year_starts, scheme.rank) == (("special",), "07-01", 3)
    assert scheme.counted_on is CountedOn.ADMISSION
    [stay], [visit] = scheme.benefits["inpatient"], scheme.benefits["outpatient"]
    assert (stay.caps[0].owner, stay.caps[0].of, stay.caps[0].per) == ("family", Of.COUNTED, Per.MONTH)
    assert (visit.basis, visit.account, visit.lines.kinds) == (Basis.DIFFERENCE, "purse", ("drug",))
    assert (visit.account_owner, visit.first_part.rows[0].value) == (Owner.FAMILY, 0.5)
    assert (stay.deductible.continues, stay.deductible.chain) == (("special",), "chain")
    [illness] = book.schemes["cn_critical_illness"].benefits["inpatient"]
    assert illness.each is Each.LINE
    assert (illness.least.rows[0].value, illness.takes[0].share.rows[0].value, illness.takes[0].left_by) == (
        500,
        0.5,
        ("bands",),
    )
