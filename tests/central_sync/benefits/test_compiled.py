"""What is compiled comes back as it was; what was cut for a hospital computes the same there; what is damaged is refused."""

from __future__ import annotations

from dataclasses import fields, replace

import msgspec
import pytest
from hypothesis import given, settings

from central_sync.benefits import compiled
from central_sync.benefits.audit.auditor import Auditor
from central_sync.benefits.bundle import BundleBroken, versioned
from central_sync.benefits.columns import Table
from central_sync.benefits.compiled import BundleNewer, cut, decoded, packed, unpacked
from central_sync.benefits.parameters import Item, ItemVersion, Rulebook
from central_sync.rulebook.build import build
from tests.central_sync.benefits.audit.cases import claim_of
from tests.central_sync.benefits.strategies import COUNTRIES, SHIPPED, rulebooks

WHOLE = build()
BODY = packed(WHOLE)
BACK = unpacked(BODY)


def test_the_shipped_rulebook_comes_back_as_it_was_and_packs_to_the_same_bytes():
    assert BACK == WHOLE
    assert packed(BACK) == BODY
    assert isinstance(BACK.rulebook.regions["cn"].items, Table)


def test_with_all_items_made_it_says_the_same_and_is_cut_to_the_same_bytes():
    made = decoded(BACK)
    assert made == WHOLE
    assert all(type(region.items) is dict for region in made.rulebook.regions.values())
    assert decoded(made) == decoded(WHOLE) == WHOLE
    assert packed(made) == BODY
    assert packed(cut(made, "cn", "tier_3")) == packed(cut(BACK, "cn", "tier_3"))


@settings(max_examples=8, deadline=None)
@given(rulebooks())
def test_any_rulebook_comes_back_as_it_was(rulebook: Rulebook):
    whole = compiled.compiled(rulebook, WHOLE.audit)
    assert unpacked(packed(whole)) == whole


def test_small_schemes_of_many_countries_come_back_as_they_were():
    whole = compiled.compiled(COUNTRIES, WHOLE.audit)
    assert unpacked(packed(whole)) == whole


def test_another_law_or_other_rules_are_another_version():
    other = versioned(replace(SHIPPED, schemes=dict(list(SHIPPED.schemes.items())[:1])))
    rules = msgspec.structs.replace(WHOLE.audit, version="other")
    versions = {
        WHOLE.version,
        compiled.compiled(other, WHOLE.audit).version,
        compiled.compiled(SHIPPED, rules).version,
    }
    assert len(versions) == 3
    assert compiled.compiled(SHIPPED, WHOLE.audit).version == WHOLE.version


def test_the_version_of_the_law_is_that_of_the_folder_also_when_items_are_decoded_one_by_one():
    assert versioned(BACK.rulebook).version == SHIPPED.version


@pytest.mark.parametrize("region", ["cn", "ir"])
def test_a_hospitals_own_has_its_prices_and_every_scheme_in_its_currency(region):
    here = SHIPPED.regions[region]
    for tier in here.tiers:
        own = unpacked(packed(cut(BACK, region, tier)))
        assert own.rulebook.regions[region].tiers == (tier,), "the hospital knows its own"
        assert own.rulebook.version == SHIPPED.version
        assert own.version == WHOLE.version
        assert set(own.rulebook.schemes) == {c for c, s in SHIPPED.schemes.items() if s.currency == here.currency}
        for code, item in here.items.items():
            for mine, whole in zip(own.rulebook.regions[region].items[code].versions, item.versions, strict=True):
                price = whole.ceilings.get(tier, whole.ceilings.get(""))
                assert mine.ceilings.get(tier, mine.ceilings.get("")) == price
                assert replace(mine, ceilings={}) == replace(whole, ceilings={})
                assert len(mine.ceilings) <= 1 + bool(here.insured_tier)


def test_a_hospital_of_no_region_gets_nothing():
    with pytest.raises(KeyError):
        cut(WHOLE, "nowhere", "tier_1")


CLAIMS = (
    {"lines": [{"item": "T0003"}, {"item": "T0003", "price": "99999999"}]},
    {"lines": [{"item": "none"}]},
    {"claim": {"region": "cn", "care": "inpatient"}, "lines": [{"item": "ZL0004", "price": "900"}, {"item": "YP0009"}]},
    {"claim": {"region": "cn", "tier": "tier_1"}, "lines": [{"item": "CW0001", "price": "45"}]},
)


@pytest.mark.parametrize("told", CLAIMS)
def test_the_audit_finds_the_same_with_what_was_cut_for_the_hospital(told):
    claim = claim_of(told)
    own = unpacked(packed(cut(BACK, claim.region, claim.tier)))
    found = Auditor(own.audit).judge(claim)
    assert found == Auditor(WHOLE.audit).judge(claim) == Auditor(BACK.audit).judge(claim)
    assert found.findings


@pytest.mark.parametrize("body", [b"", b"\xff", b"\xc0", msgspec.msgpack.encode([1]), b"\x91" * 5_000, BODY[:-1]])
def test_bytes_that_are_no_rulebook_are_refused(body):
    with pytest.raises(BundleBroken):
        unpacked(body)


def test_a_later_format_is_told_from_a_damaged_one():
    with pytest.raises(BundleNewer):
        unpacked(msgspec.msgpack.encode([compiled.FORMAT + 1, {"quite": "different"}]))
    assert not isinstance(BundleBroken(), BundleNewer)


def test_an_older_program_sees_by_the_format_that_it_does_not_know_a_period_or_layers_rounded_together():
    def told(**more: object) -> int:
        book = replace(SHIPPED, schemes={"x": replace(COUNTRIES.schemes["cn_county"], **more)})  # type: ignore[arg-type]
        return int(msgspec.msgpack.decode(packed(compiled.compiled(book, WHOLE.audit)))[0])

    apart = SHIPPED.schemes["cn_employee"].rounding
    assert told(rounding=apart) == 1
    assert told() == 2
    assert told(rounding=apart, period=COUNTRIES.schemes["cn_returner"].period) == 2
    assert msgspec.msgpack.decode(BODY)[0] == 1


def test_an_items_record_that_is_damaged_is_told_when_it_is_looked_up():
    decoder = compiled.Items(["drug"], [], [])
    with pytest.raises(BundleBroken):
        decoder("x", b"\xc1")
    with pytest.raises(BundleBroken):
        decoder("x", msgspec.msgpack.encode(["name", 0, 7, []]))
    with pytest.raises(BundleBroken):
        compiled.referred("x", b"\xc1")


def test_a_hospital_keeps_the_prices_of_the_tier_that_is_insured_too():
    region = replace(SHIPPED.regions["ir"], insured_tier="public")
    book = replace(SHIPPED, regions={**SHIPPED.regions, "ir": region})
    whole = compiled.compiled(book, WHOLE.audit)
    mine = cut(whole, "ir", "private").rulebook.regions["ir"]
    bed = mine.items["B0001"].versions[0]
    assert bed.ceilings == {tier: region.items["B0001"].versions[0].ceilings[tier] for tier in ("public", "private")}


def test_the_records_hold_every_field_of_an_item():
    assert [field.name for field in fields(Item)] == ["code", "name", "kind", "unit", "versions"]
    held = {"day", "catalogue_class", "ratio", "group", "reference", "price", "illustrative"}
    held |= {"tiers", "ceilings", "professional", "technical"}
    assert set(compiled._Version.__struct_fields__) == held
    assert len(fields(ItemVersion)) == len(held) - 1, (
        "tiers and ceilings are one: a new field wants a place in the record"
    )
