"""Synthetic people: valid numbers from a seed, and the line of the member file that the hub reads."""

from __future__ import annotations

import random
from datetime import date

import msgspec
import pytest

from central_sync.terms import identifiers
from edge.readers import Wanted
from edge.readers.simulated.codec import identity
from simulator.people import Cover, card, cn_resident_number, ir_national_code, member_line, mistyped, person


def test_national_codes_of_both_countries_pass_their_checks() -> None:
    rng = random.Random(1)
    for _ in range(3000):
        code = ir_national_code(rng)
        assert identifiers.checked("ir_national_code", code) == code
        assert identifiers.checked("ir_national_code", mistyped(code)) is None
        number = cn_resident_number(rng, date(1970, 2, 28), rng.choice(("male", "female")))
        assert identifiers.checked("cn_resident_number", number) == number
        assert identifiers.checked("cn_resident_number", mistyped(number)) is None


def test_a_chinese_number_tells_birth_date_and_sex() -> None:
    number = cn_resident_number(random.Random(2), date(1999, 12, 31), "female")
    assert number[6:14] == "19991231"
    assert int(number[16]) % 2 == 0


@pytest.mark.parametrize("region", ["cn", "ir"])
def test_a_persons_card_is_read_by_the_simulated_reader(region: str) -> None:
    one = person(random.Random(4), region, (), "insured", known=True, heavy=False)
    found = identity(msgspec.json.encode(card(one)), Wanted())
    assert (found.kind, found.number, found.birth_date, found.sex) == (one.kind, one.number, one.birth_date, one.sex)


def test_the_member_line_is_plain_json_with_every_field() -> None:
    cover = Cover("base", "ir_social_security", "c-1", to_day=date(2025, 12, 31))
    one = person(random.Random(3), "ir", (cover,), "insured", known=True, heavy=False)
    line = member_line(one)
    assert line["number"] == one.number
    assert line["covers"] == [
        {
            "layer": "base",
            "scheme": "ir_social_security",
            "contract": "c-1",
            "from_day": "2025-01-01",
            "to_day": "2025-12-31",
        }
    ]
