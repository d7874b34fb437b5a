"""A draft becomes a claim without the patient's number, and findings become an answer that the wire can carry."""

from __future__ import annotations

from datetime import date

import msgspec

from central_sync.benefits.audit.claim import Line
from central_sync.wire import packets as p
from edge.drafts import claim_of
from tests.wire_vectors import samples

FULL = samples.REQUESTS["audit_forecast"]["full"]
LEAST = samples.REQUESTS["audit_forecast"]["least"]
TODAY = date(2025, 4, 1)


def _draft(**changes: object) -> p.Forecast:
    assert isinstance(LEAST, p.Forecast)
    return msgspec.structs.replace(LEAST, **changes)


def test_every_field_of_a_line_reaches_the_audit() -> None:
    assert isinstance(FULL, p.Forecast)
    line = claim_of(FULL, "ir", TODAY).lines[0]

    defaults = {field.name: field.default for field in msgspec.structs.fields(Line)}
    assert not [name for name, default in defaults.items() if getattr(line, name) == default]
    assert line.started_at is not None
    assert line.started_at.tzinfo is None


def test_what_is_not_told_stays_unknown() -> None:
    claim = claim_of(_draft(), "cn", TODAY)

    assert (claim.identifier_right, claim.member, claim.earlier, claim.total) == (None, None, None, None)
    assert claim.on == TODAY


def test_the_patients_number_goes_no_further_than_its_check_digits() -> None:
    good = claim_of(_draft(patient=samples.PERSON), "cn", TODAY)
    wrong = claim_of(_draft(patient=p.PersonRef(kind="ir_national_code", number="0013542418")), "cn", TODAY)
    unknown = claim_of(_draft(patient=p.PersonRef(kind="library_card", number="1")), "cn", TODAY)

    assert [claim.identifier_right for claim in (good, wrong, unknown)] == [True, False, None]
    assert samples.PERSON.number not in str(good)


def test_a_day_of_sending_is_kept_and_no_earlier_care_is_not_unknown_care() -> None:
    claim = claim_of(_draft(send_on=date(2025, 5, 1), earlier=[]), "cn", TODAY)

    assert claim.on == date(2025, 5, 1)
    assert claim.earlier == ()
