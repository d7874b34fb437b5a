"""One line of a member file: taken, or said to be wrong without telling anything of the person."""

import json
from datetime import date

import pytest

from central_sync.members.lifecycle import LineInvalid, described
from tests.central_sync.desk.provinces import ACCOUNT, BASE, LAW, approval, member, paying_by_approval
from tests.central_sync.hospital import BARE, CN_COVERS, IR_COVERS, IRANIAN, MASTER, RULEBOOK, member_line

TODAY = date(2025, 6, 2)


def test_a_good_line_becomes_a_member_with_the_number_in_normal_form():
    persian = IRANIAN[1].translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    line = described(member_line(IRANIAN[0], f" {persian} ", "insured", "ir", IR_COVERS), RULEBOOK, TODAY)
    assert line.number == IRANIAN[1]
    assert [cover.layer for cover in line.covers] == ["base", "supplementary"]


def cover(**changes):
    base = {"layer": "base", "scheme": "cn_employee", "contract": "K", "from_day": "2025-01-01", "to_day": None}
    return {"covers": [{**base, **changes}]}


def twins(to_day=None):
    """Two schemes of one layer and rank, of which the first ends on ``to_day``."""
    return {
        "covers": [
            *cover(to_day=to_day)["covers"],
            *cover(scheme="cn_nanchang_employee", from_day="2025-03-01")["covers"],
        ]
    }


def test_a_change_from_one_scheme_to_another_is_no_clash():
    line = json.loads(member_line(*MASTER, group="employee", region="cn"))
    assert len(described(json.dumps({**line, **twins("2025-02-28")}).encode(), RULEBOOK, TODAY).covers) == 2
    with pytest.raises(LineInvalid):
        described(json.dumps({**line, **twins("2025-03-01")}).encode(), RULEBOOK, TODAY)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"number": "11010519491231002"}, "$.number"),
        ({"number": 5}, "$.number"),
        ({"kind": "ir_national_code"}, "$.kind"),
        ({"region": "xx"}, "$.region"),
        ({"birth_date": "2025-06-03"}, "$.birth_date"),
        ({"birth_date": "1949-02-30"}, "$.birth_date"),
        ({"birth_date": "0001-01-01"}, "$.birth_date"),
        ({"sex": "PLANTED"}, "$.sex"),
        ({"sex": "male\n"}, "$.sex"),
        ({"group": "PLANTED"}, "$.group"),
        ({"name": ""}, "$.name"),
        ({"name": "PLANTED\0"}, "NUL"),
        ({"more": "PLANTED"}, "$"),
        (cover(scheme="PLANTED"), "$.covers[0]"),
        (cover(layer="supplementary"), "$.covers[0]"),
        (cover(to_day="2024-01-01"), "$.covers[0]"),
        (cover(from_day="PLANTED"), "$.covers[0].from_day"),
        (cover(from_day="0001-01-01"), "$.covers[0].from_day"),
        (cover(contract=""), "$.covers[0].contract"),
        (cover(group="PLANTED"), "$.covers[0].group"),
        (cover(deposited=-1), "$.covers[0].deposited"),
        (cover(deposited="PLANTED"), "$.covers[0].deposited"),
        (cover(family="PLANTED\0"), "$.covers[0].family"),
        ({"approvals": [{"mark": "PLANTED", "from_day": "2025-01-01", "reference": "x"}]}, "$.approvals[0].mark"),
        ({"covers": cover()["covers"] * 2}, "$.covers"),
        (twins(), "$.covers[1] and $.covers[0] hold on the same days; base: cn_employee and cn_nanchang_employee"),
        ({"covers": cover()["covers"] * 100}, "$.covers"),
    ],
)
def test_a_wrong_line_is_named_by_field_without_its_values(changes, said):
    text = member_line(*MASTER, group="employee", region="cn", covers=CN_COVERS)
    with pytest.raises(LineInvalid) as caught:
        described(json.dumps({**json.loads(text), **changes}).encode(), RULEBOOK, TODAY)
    assert said in str(caught.value)
    assert "PLANTED" not in str(caught.value)
    assert MASTER[1] not in str(caught.value)


@pytest.mark.parametrize("text", [b"{", b"[]", b"\xff\xfe", b'"' + b"x" * 100_000, b"[" * 60_000])
def test_what_is_no_json_object_is_refused(text):
    with pytest.raises(LineInvalid):
        described(text, RULEBOOK, TODAY)


def test_a_line_that_is_no_json_is_told_as_that():
    with pytest.raises(LineInvalid, match=r"^not a JSON object$"):
        described(b"not json", RULEBOOK, TODAY)


def test_a_member_without_cover_is_a_member():
    assert described(member_line(*BARE, "employee", "cn"), RULEBOOK, TODAY).covers == []


def test_a_line_may_say_families_accounts_and_what_the_insurer_approves():
    cover = {**BASE, "family": "F9", "deposited": 5_000_00, "group": "retiree"}
    line = described(member(covers=[cover], approvals=[approval("special_disease", region="west")]), LAW, TODAY)
    assert (line.covers[0].family, line.covers[0].deposited, line.covers[0].group) == ("F9", 5_000_00, "retiree")
    assert (line.approvals[0].mark, line.approvals[0].region) == ("special_disease", "west")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mark": "magic"}, "mark"),
        ({"region": "nowhere"}, "region"),
        ({"to_day": "2024-12-31"}, "ends before"),
        ({"reference": ""}, "reference"),
        ({"reference": "a\0"}, "NUL"),
    ],
)
def test_a_wrong_approval_is_named(changes, said):
    with pytest.raises(LineInvalid, match=said):
        described(member(approvals=[{**approval("special_disease"), **changes}]), LAW, TODAY)


LETTERS = {"scheme": "east_account", "amount": 5_000_00}


def test_a_letter_names_a_scheme_that_pays_by_approval_and_its_amount():
    law = paying_by_approval(LAW)
    letter = {"from_day": "2025-01-01", "reference": "L-1", **LETTERS}
    line = described(member(covers=[BASE, ACCOUNT], approvals=[letter]), law, TODAY)
    assert (line.approvals[0].scheme, line.approvals[0].amount) == ("east_account", 5_000_00)
    for wrong, said in (
        ({"amount": None}, "a scheme and an amount"),
        ({"scheme": ""}, "a scheme and an amount"),
        ({"scheme": "", "amount": None}, "a mark"),
        ({"amount": -1}, "amount"),
        ({"scheme": "east_base"}, "by approval"),
        ({"scheme": "magic"}, "by approval"),
    ):
        with pytest.raises(LineInvalid, match=said):
            described(member(covers=[BASE, ACCOUNT], approvals=[{**letter, **wrong}]), law, TODAY)
