"""The periodic jobs do the same however often, and by however many processes, they are run."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from central_sync.fleet.authority import Authority
from central_sync.fleet.signer import Signer
from central_sync.jobs import Jobs
from central_sync.store.records import Certificate, Invitation

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def authority(tmp_path):
    authority = Authority(tmp_path / "authority")
    authority.create([], NOW)
    return authority


def opened(authority):
    signer = Signer(authority)
    signer.open(NOW)
    return signer


def jobs(store, authority, at=NOW, renewed=lambda: None, signer=None):
    return Jobs(store, authority, signer or opened(authority), lambda: at, 100, renewed)


def test_what_is_long_over_is_deleted_and_the_rest_stays(store, authority):
    with store.write() as uow:
        for age in (1, 29, 31, 99, 101):
            uow.invitations.add(Invitation(bytes([age]) * 32, "H01", NOW - timedelta(days=age)))
            uow.audit.add(NOW - timedelta(days=age), "cli", "invited", str(age))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: jobs(store, authority).prune(), range(4)))
    with store.read() as uow:
        assert [row.subject for row in uow.audit.latest()] == ["1", "29", "31", "99"]
    with store.write() as uow:
        assert uow.upkeep.prune_invitations(NOW) == 2


def test_edges_whose_certificates_end_soon_are_told(store, authority):
    with store.write() as uow:
        for code, days in (("H01", 10), ("H02", 100), ("H03", -1)):
            uow.certificates.add(Certificate(code, code, NOW + timedelta(days=days), NOW))
    with capture_logs() as lines:
        jobs(store, authority).warn_of_certificates()
    assert [(line["institution"], line["days_left"]) for line in lines] == [("H01", 10)]


def test_an_authority_in_its_last_year_is_told(store, authority):
    with capture_logs() as lines:
        jobs(store, authority, NOW + timedelta(days=3400)).warn_of_certificates()
    assert ["authority" in line["event"] for line in lines] == [True]


def test_a_server_certificate_is_renewed_while_the_hub_runs(store, authority):
    told = []
    jobs(store, authority, renewed=lambda: told.append(1)).renew_server_certificate()
    before = authority.server_expires_at()
    jobs(store, authority, NOW + timedelta(days=380), lambda: told.append(2)).renew_server_certificate()
    assert authority.server_expires_at() > before
    assert told == [1, 2]


def test_a_signer_near_its_end_is_followed_by_another_while_the_hub_runs(store, authority):
    signer = opened(authority)
    first = signer.name
    jobs(store, authority, NOW + timedelta(days=300), signer=signer).renew_signer()
    assert signer.name == first
    jobs(store, authority, NOW + timedelta(days=380), signer=signer).renew_signer()
    assert signer.name != first


def test_jobs_run_when_the_hub_starts_and_end_when_it_stops(store, authority):
    ran = threading.Event()
    running = Jobs(store, authority, opened(authority), lambda: datetime.now(UTC), 100, ran.set)
    running.start()
    assert ran.wait(5)
    running.stop()
    running.stop()
