"""Hospitals, invitations, certificates, leases, feed and audit, on both databases."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from central_sync.store.records import Certificate, Institution, Invitation

NOW = datetime(2025, 6, 2, 8, 0, tzinfo=UTC)


def hospital(code="H1"):
    return Institution(code, "Hospital", "ir", "t", "Asia/Tehran", "IRR", "jalali", NOW)


def test_a_hospital_is_added_once_and_read_back(store):
    with store.write() as uow:
        assert uow.institutions.add(hospital())
        assert not uow.institutions.add(hospital())
    with store.read() as uow:
        assert uow.institutions.get("H1") == hospital()
        assert uow.institutions.get("H2") is None
        assert uow.institutions.all() == [hospital()]


def test_an_invitation_is_used_by_exactly_one_of_many(store):
    with store.write() as uow:
        uow.invitations.add(Invitation(b"x" * 32, "H1", NOW + timedelta(hours=1)))

    def use(_):
        with store.write() as uow:
            return uow.invitations.use(b"x" * 32, NOW)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(filter(None, pool.map(use, range(16)))) == ["H1"]


def test_an_expired_invitation_is_refused(store):
    with store.write() as uow:
        uow.invitations.add(Invitation(b"x" * 32, "H1", NOW))
        assert uow.invitations.use(b"x" * 32, NOW) is None
        assert uow.invitations.use(b"y" * 32, NOW) is None


def test_revoking_marks_each_certificate_once(store):
    with store.write() as uow:
        uow.certificates.add(Certificate("aa", "H1", NOW + timedelta(days=9), NOW))
        uow.certificates.add(Certificate("bb", "H2", NOW + timedelta(days=9), NOW))
        assert uow.certificates.revoke("H1", NOW) == 1
        assert uow.certificates.revoke("H1", NOW) == 0
        assert uow.certificates.get("aa").revoked_at == NOW
        assert uow.certificates.get("bb").revoked_at is None
        assert [c.serial for c in uow.certificates.of("H1")] == ["aa"]


def test_leases_granted_side_by_side_never_overlap(store):
    def grant(n):
        with store.write() as uow:
            return uow.leases.grant(f"H{n % 3}", 100, NOW)

    with ThreadPoolExecutor(8) as pool:
        blocks = sorted(pool.map(grant, range(40)), key=lambda lease: lease.first)
    assert [(b.first, b.last) for b in blocks] == [(n * 100 + 1, n * 100 + 100) for n in range(40)]
    with store.read() as uow:
        assert uow.leases.holds(blocks[0].institution, 1)
        assert not uow.leases.holds(blocks[0].institution, 4001)
        assert sum(len(uow.leases.of(f"H{n}")) for n in range(3)) == 40


def test_a_reader_of_the_feed_never_steps_over_an_item(store):
    done = threading.Event()

    def add(n):
        with store.write() as uow:
            return uow.feed.add("H1", str(n).encode(), NOW)

    def follow():
        seen, cursor = [], 0
        while True:
            last = done.is_set()
            with store.read() as uow:
                rows = uow.feed.after("H1", cursor)
            seen += [row.cursor for row in rows]
            cursor = seen[-1] if seen else 0
            if last and not rows:
                return seen

    with ThreadPoolExecutor(9) as pool:
        reader = pool.submit(follow)
        cursors = list(pool.map(add, range(60)))
        done.set()
        assert reader.result() == sorted(cursors) == list(range(1, 61))
    with store.read() as uow:
        assert uow.feed.head("H1") == 60
        assert uow.feed.head("H2") == 0


def test_the_audit_trail_keeps_its_order(store):
    with store.write() as uow:
        uow.audit.add(NOW, "operator", "invite", "H1")
        uow.audit.add(NOW, "operator", "revoke", "H1", "lost")
    with store.read() as uow:
        assert [row.action for row in uow.audit.latest()] == ["invite", "revoke"]


def test_certificates_are_revoked_by_name_and_once(store):
    with store.write() as uow:
        for serial in ("aa", "bb", "cc"):
            uow.certificates.add(Certificate(serial, "H1", NOW + timedelta(days=9), NOW))
        assert uow.certificates.revoke_these(["aa", "bb"], NOW) == 2
        assert uow.certificates.revoke_these(["aa"], NOW) == 0
        assert uow.certificates.get("cc").revoked_at is None
