"""What a service is given."""

from datetime import UTC, date, datetime

import pytest

from central_sync.desk.work import Work
from central_sync.payers import Payers
from central_sync.store.records import Institution
from central_sync.wire.catalogue import BY_NUMBER
from tests.central_sync.hospital import RULEBOOK

LATE = datetime(2025, 6, 2, 20, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("region", "zone", "today"),
    [
        ("cn", "Asia/Shanghai", date(2025, 6, 3)),
        ("ir", "Asia/Tehran", date(2025, 6, 3)),
        ("ir", "UTC", date(2025, 6, 2)),
    ],
)
def test_today_is_the_civil_day_where_the_institution_is(region, zone, today):
    law = RULEBOOK.regions[region]
    place = Institution("H", "H", region, law.tiers[0], zone, law.currency, str(law.calendar), LATE)
    work = Work(None, place, RULEBOOK, Payers(), BY_NUMBER["9001"], "M", "", today, LATE, "", "", LATE)
    assert work.today == today
    assert work.region is law
