"""What the facts of a case come to: age and nights."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.central_sync.benefits.hand_made import CASE


@pytest.mark.parametrize(("birth", "age"), [(date(2007, 6, 10), 18), (date(2007, 6, 11), 17), (date(2004, 2, 29), 21)])
def test_age_is_in_full_years_on_the_day_of_the_case(birth, age):
    assert replace(CASE, birth_date=birth).age == age


@pytest.mark.parametrize(("admitted", "nights"), [(None, 0), (date(2025, 6, 10), 0), (date(2025, 6, 7), 3)])
def test_nights_lie_between_admission_and_the_day_of_the_case(admitted, nights):
    assert replace(CASE, admitted=admitted).nights == nights
