"""What several services ask of a request."""

from datetime import date

import pytest

from central_sync.desk.checks import within
from central_sync.wire import packets as p
from central_sync.wire.refusals import Refused

DAY = date(2025, 6, 2)


@pytest.mark.parametrize("day", [date(2025, 6, 1), date(2025, 6, 4), date.min, date.max])
def test_a_day_outside_is_refused_by_path(day):
    with pytest.raises(Refused) as caught:
        within(day, DAY, date(2025, 6, 3), "$.day")
    assert (caught.value.code, caught.value.detail) == ("date_out_of_range", "$.day")


def test_both_ends_are_inside():
    within(DAY, DAY, DAY, "$.day")


def test_refusals_name_fields_and_never_persons(hospital):
    wrong = p.PersonRequest(person=p.PersonRef(kind="cn_resident_number", number="PLANTED"))
    assert "PLANTED" not in repr(hospital.send("1101", wrong))
