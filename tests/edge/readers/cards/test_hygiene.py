"""Hostile text on a card arrives harmless, or not at all."""

from __future__ import annotations

from typing import get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from edge.readers.cards.conversation import CardFault
from edge.readers.cards.hygiene import (
    IDENTITY_CHARACTERS_MAX,
    INSURANCE_CHARACTERS_MAX,
    PHOTO_BYTES_MAX,
    SEXES,
    cleaned,
)
from edge.readers.cards.identity import CardIdentity, Insurance
from edge.readers.remote.limits import TEXT_CHARACTERS_MAX
from edge.readers.serial_line.codec import TOKEN_CHARACTERS_MAX

PLAIN = CardIdentity(kind="ir_national_code", number="0499370899", card="played", insurance=Insurance())


def test_every_text_of_an_identity_is_looked_at() -> None:
    others = {"kind", "number", "sex"}
    texts = {field for field, hint in get_type_hints(CardIdentity).items() if hint is str}
    assert set(IDENTITY_CHARACTERS_MAX) | others == texts
    assert set(INSURANCE_CHARACTERS_MAX) == {field for field, hint in get_type_hints(Insurance).items() if hint is str}


@pytest.mark.parametrize("field", IDENTITY_CHARACTERS_MAX)
def test_each_field_is_tidied_and_held_to_its_length(field: str) -> None:
    most = IDENTITY_CHARACTERS_MAX[field]
    assert getattr(cleaned(structs.replace(PLAIN, **{field: " \u202eA\r\nB\u0000 "})), field) == "A B"
    assert len(getattr(cleaned(structs.replace(PLAIN, **{field: "x" * most + " " * 1000})), field)) == most
    with pytest.raises(CardFault, match=field) as caught:
        cleaned(structs.replace(PLAIN, **{field: "x" * (most + 1)}))
    assert "xx" not in str(caught.value)


@pytest.mark.parametrize("field", INSURANCE_CHARACTERS_MAX)
def test_each_field_of_the_insurance_is_too(field: str) -> None:
    most = INSURANCE_CHARACTERS_MAX[field]
    found = cleaned(structs.replace(PLAIN, insurance=Insurance(**{field: "A\u2066\tB"}))).insurance
    assert getattr(found, field) == "A B"
    with pytest.raises(CardFault, match=field):
        cleaned(structs.replace(PLAIN, insurance=Insurance(**{field: "x" * (most + 1)})))


@pytest.mark.parametrize(
    "changes",
    [
        {"number": "0499370898"},
        {"number": "۰۴۹۹۳۷۰۸۹۹"},
        {"number": ""},
        {"kind": ""},
        {"kind": "passport"},
        {"sex": "Male"},
        {"photo": bytes(PHOTO_BYTES_MAX + 1)},
    ],
)
def test_what_is_no_number_no_sex_or_no_photo_is_a_fault(changes: dict[str, str | bytes]) -> None:
    with pytest.raises(CardFault) as caught:
        cleaned(structs.replace(PLAIN, **changes))
    assert "4993" not in str(caught.value)


def test_what_is_clean_passes_from_an_agent_too() -> None:
    assert max([*IDENTITY_CHARACTERS_MAX.values(), *INSURANCE_CHARACTERS_MAX.values()]) <= TEXT_CHARACTERS_MAX


def test_a_scanned_token_of_any_length_passes() -> None:
    assert IDENTITY_CHARACTERS_MAX["card_number"] >= TOKEN_CHARACTERS_MAX
    token = CardIdentity(kind="", number="", card="scanned", card_number="t" * TOKEN_CHARACTERS_MAX)
    assert cleaned(token) == token


def test_a_card_that_carries_no_number_is_good() -> None:
    bank = CardIdentity(kind="", number="", card="emv", card_number="411111••••••1111")
    assert cleaned(bank) == bank


@given(
    st.fixed_dictionaries({}, optional={field: st.text(max_size=80) for field in IDENTITY_CHARACTERS_MAX}),
    st.sampled_from(SEXES),
)
def test_what_is_clean_stays_as_it_is_and_can_be_sent(texts: dict[str, str], sex: str) -> None:
    try:
        found = cleaned(structs.replace(PLAIN, sex=sex, **texts))
    except CardFault as fault:
        assert "over" in str(fault)  # noqa: PT017 -- some fields are shorter than the texts
        return
    assert cleaned(found) == found
    assert msgspec.json.decode(msgspec.json.encode(found), type=CardIdentity) == found
