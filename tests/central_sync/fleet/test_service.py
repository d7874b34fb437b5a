"""Hospitals, codes that work once, certificates that can be taken back, notices, and HIDs that never overlap."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from central_sync.fleet.limits import HID_BLOCK_SERIALS, HIDS_LOW
from central_sync.fleet.service import FleetError
from central_sync.wire.enrolment import fingerprint, read_code, secret_text
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import EnrolRequest, HidBlock, Notice
from central_sync.wire.refusals import Refused
from tests.central_sync.fleet.conftest import NOW
from tests.central_sync.fleet.test_authority import request_for

HOUR = timedelta(hours=1)


def enrol_request(code, signing_request=None):
    secret, _ = read_code(code)
    return EnrolRequest(
        version=WIRE_VERSION, secret=secret_text(secret), signing_request=signing_request or request_for()
    )


def enrolled(fleet, store, now=NOW, institution="H01"):
    """Enrol an edge; its certificate as the store knows it."""
    fleet.enrol(enrol_request(fleet.invite(institution, 24, now)), "https://hub:1", "10.0.0.9", now)
    with store.read() as uow:
        return uow.certificates.of(institution)[-1]


def actions(store):
    with store.read() as uow:
        return [row.action for row in uow.audit.latest()]


def test_a_hospital_takes_money_zone_and_calendar_from_its_region(fleet):
    (row,) = fleet.hospitals()
    assert (row.currency, row.zone, row.calendar) == ("CNY", "Asia/Shanghai", "gregorian")


@pytest.mark.parametrize(
    ("code", "name", "region", "tier", "word"),
    [
        ("H01", "Again", "cn", None, "already"),
        ("H 2", "Spaced", "cn", None, "letters"),
        ("H02\n", "Second", "cn", None, "code"),
        ("all", "Second", "cn", None, "every"),
        ("H02", " ", "cn", None, "name"),
        ("H02", "Second", "xx", "t", "region"),
        ("H02", "Second", "cn", "no such", "tier"),
    ],
)
def test_a_wrong_hospital_is_refused_with_a_reason(fleet, rulebook, code, name, region, tier, word):
    with pytest.raises(FleetError, match=word):
        fleet.add_hospital(code, name, region, tier or rulebook.regions["cn"].tiers[0], NOW)
    assert len(fleet.hospitals()) == 1


def test_a_code_enrols_one_edge_and_carries_the_fingerprint(fleet, authority, store):
    code = fleet.invite("H01", 24, NOW)
    assert read_code(code)[1] == fingerprint(authority.der())
    told = fleet.enrol(enrol_request(code), "https://hub:1", "10.0.0.9", NOW + HOUR)
    assert (told.institution, told.zone, told.currency, told.sync_url) == (
        "H01",
        "Asia/Shanghai",
        "CNY",
        "https://hub:1",
    )
    assert actions(store) == ["hospital_added", "invited", "enrolled"]


@pytest.mark.parametrize("case", ["used", "expired", "unknown", "not_hexadecimal"])
def test_a_used_expired_or_unknown_code_is_refused_alike(fleet, store, case):
    request, at = enrol_request(fleet.invite("H01", 24, NOW)), NOW + HOUR
    if case == "used":
        fleet.enrol(request, "https://hub:1", "10.0.0.9", NOW)
    if case == "expired":
        at = NOW + 24 * HOUR
    if case == "unknown":
        request = EnrolRequest(
            version=WIRE_VERSION, secret=os.urandom(10).hex(), signing_request=request.signing_request
        )
    if case == "not_hexadecimal":
        request = EnrolRequest(version=WIRE_VERSION, secret="zz", signing_request=request.signing_request)
    with pytest.raises(Refused) as caught:
        fleet.enrol(request, "https://hub:1", "10.0.0.9", at)
    assert (caught.value.code, caught.value.detail) == ("enrolment_refused", "")


def test_a_bad_signing_request_does_not_use_the_code_up(fleet, store):
    code = fleet.invite("H01", 24, NOW)
    with pytest.raises(Refused) as caught:
        fleet.enrol(enrol_request(code, "nonsense"), "https://hub:1", "10.0.0.9", NOW)
    assert caught.value.code == "packet_invalid"
    fleet.enrol(enrol_request(code), "https://hub:1", "10.0.0.9", NOW)


def test_of_edges_that_race_with_one_code_exactly_one_is_enrolled(fleet, store):
    request = enrol_request(fleet.invite("H01", 24, NOW))

    def attempt(_):
        try:
            fleet.enrol(request, "https://hub:1", "10.0.0.9", NOW)
        except Refused as error:
            return error.code
        return "enrolled"

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(attempt, range(8)))
    assert outcomes == ["enrolled"] + ["enrolment_refused"] * 7
    with store.read() as uow:
        assert len(uow.certificates.of("H01")) == 1


def test_the_store_never_holds_the_secret_of_a_code(fleet, store, url):
    code = fleet.invite("H01", 24, NOW)
    secret, _ = read_code(code)
    with store.read() as uow:
        assert secret not in bytes(str(uow.audit.latest()), "utf-8")
    if url.startswith("sqlite:///"):
        store.close()
        held = b"".join(p.read_bytes() for p in Path(url[10:]).parent.glob("hub.db*"))
        assert secret not in held
        assert secret.hex().encode() not in held


@pytest.mark.parametrize("hours", [0, -1, 24 * 14 + 1])
def test_a_code_is_valid_for_a_bounded_time(fleet, hours):
    with pytest.raises(FleetError):
        fleet.invite("H01", hours, NOW)


def test_a_stranger_is_neither_invited_revoked_nor_noticed(fleet):
    for attempt in (
        lambda: fleet.invite("H99", 1, NOW),
        lambda: fleet.revoke("H99", NOW),
        lambda: fleet.notice("H99", "Hello", NOW),
    ):
        with pytest.raises(FleetError, match="no hospital H99"):
            attempt()


def test_a_certificate_is_admitted_until_it_ends_or_is_revoked(fleet, store):
    own = enrolled(fleet, store)
    assert fleet.admitted("H01", own.serial, NOW) == own

    def refusal(institution, serial, now):
        with pytest.raises(Refused) as caught:
            fleet.admitted(institution, serial, now)
        return caught.value.code, caught.value.detail

    assert refusal("H01", "abc", NOW) == ("certificate_refused", "unknown")
    assert refusal("H02", own.serial, NOW) == ("certificate_refused", "unknown")
    assert refusal("", own.serial, NOW) == ("certificate_refused", "unknown")
    assert refusal("H01", own.serial, own.not_after) == ("certificate_refused", "expired")
    assert fleet.revoke("H01", NOW) == 1
    assert refusal("H01", own.serial, NOW) == ("certificate_refused", "revoked")
    assert fleet.revoke("H01", NOW) == 0


def test_a_new_edge_supersedes_the_old_one_when_it_first_speaks(fleet, store):
    old = enrolled(fleet, store)
    new = enrolled(fleet, store, NOW + HOUR)
    assert fleet.admitted("H01", old.serial, NOW + HOUR) == old
    assert fleet.admitted("H01", new.serial, NOW + HOUR) == new
    with pytest.raises(Refused):
        fleet.admitted("H01", old.serial, NOW + HOUR)
    assert actions(store).count("superseded") == 1


def test_a_notice_reaches_one_hospital_or_all(fleet, store, rulebook):
    fleet.add_hospital("H02", "Second", "ir", rulebook.regions["ir"].tiers[0], NOW)
    assert fleet.notice("H01", "Prices change on Sunday.", NOW) == 1
    assert fleet.notice("all", "Maintenance tonight.", NOW) == 2
    assert fleet.heads(["H01", "H02", "H03"]) == {"H01": 2, "H02": 1, "H03": 0}
    own = enrolled(fleet, store, institution="H02")
    bodies = [item.body for item in fleet.page(own, 0, None, NOW).items]
    assert bodies[0] == Notice(text="Maintenance tonight.")
    for text in ("", " ", "x" * 501):
        with pytest.raises(FleetError):
            fleet.notice("H01", text, NOW)


def blocks(page):
    return [item.body for item in page.items if isinstance(item.body, HidBlock)]


def test_an_edge_gets_its_first_hids_with_its_certificate(fleet, store):
    own = enrolled(fleet, store)
    (block,) = blocks(fleet.page(own, 0, None, NOW))
    assert block.last - block.first + 1 == HID_BLOCK_SERIALS


def test_another_block_is_leased_below_the_low_water_mark_and_only_then(fleet, store):
    own = enrolled(fleet, store)
    cursor = fleet.page(own, 0, 0, NOW).cursor  # the first block is on its way: no other is granted
    assert cursor == 1
    assert not fleet.page(own, cursor, HIDS_LOW, NOW).items
    assert not fleet.page(own, cursor, None, NOW).items
    page = fleet.page(own, cursor, HIDS_LOW - 1, NOW)
    assert len(blocks(page)) == 1
    assert fleet.page(own, cursor, HIDS_LOW - 1, NOW) == page


def test_polls_at_the_same_time_lease_one_block(fleet, store):
    own = enrolled(fleet, store)
    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda _: fleet.page(own, 1, 0, NOW), range(8)))
    assert {page.cursor for page in pages} == {2}
    with store.read() as uow:
        assert len(uow.leases.of("H01")) == 2


def test_blocks_of_hospitals_that_lease_at_once_never_overlap(fleet, store, rulebook):
    owners = {}
    for n in range(2, 8):
        code = f"H0{n}"
        fleet.add_hospital(code, "Another", "cn", rulebook.regions["cn"].tiers[0], NOW)
        owners[code] = enrolled(fleet, store, institution=code)
    with ThreadPoolExecutor(6) as pool:
        pages = list(pool.map(lambda own: fleet.page(own, 1, 0, NOW), owners.values()))
    assert all(len(blocks(page)) == 1 for page in pages)
    with store.read() as uow:
        leases = sorted((lease for code in owners for lease in uow.leases.of(code)), key=lambda lease: lease.first)
    assert all(before.last < after.first for before, after in pairwise(leases))


def test_a_new_box_is_never_given_the_hids_of_the_old_one(fleet, store):
    first = blocks(fleet.page(enrolled(fleet, store), 0, None, NOW))
    new = enrolled(fleet, store, NOW + HOUR)
    page = fleet.page(new, 0, 0, NOW + HOUR)
    assert len(blocks(page)) == 1
    assert not set(map(str, blocks(page))) & set(map(str, first))


def test_what_is_skipped_moves_the_cursor_so_that_a_poll_does_not_spin(fleet, store):
    old = enrolled(fleet, store)
    new = enrolled(fleet, store, NOW + HOUR)
    fleet.page(old, 2, 0, NOW)  # a block leased for the old box after the new one was enrolled has the old time
    page = fleet.page(new, 2, None, NOW + HOUR)
    assert not page.items
    assert page.cursor == 3
