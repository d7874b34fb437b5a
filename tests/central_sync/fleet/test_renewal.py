"""An edge renews its certificate by itself, in time and after its end; a stranger, a revoked box or an old one does not."""

import os
import random
import ssl
from datetime import timedelta

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from central_sync.fleet.authority import Authority, key_der
from central_sync.fleet.limits import RENEWAL_LATE_DAYS_MAX, RENEWAL_OVERLAP_MINUTES, RENEWALS_PER_DAY_MAX
from central_sync.fleet.renewal import Renewals, verifies
from central_sync.store.records import Certificate
from central_sync.wire.enrolment import renewal_text
from central_sync.wire.messages import HidBlock, Renewal
from central_sync.wire.refusals import Refused
from tests.central_sync.fleet.conftest import NOW
from tests.central_sync.fleet.test_authority import request_for
from tests.central_sync.fleet.test_service import actions, enrol_request

PEER = "10.0.0.9"
DAY = timedelta(days=1)


class Edge:
    """A box with its key, its certificate, and what the hub knows of it."""

    def __init__(self, fleet, store, at=NOW):
        self.key = ec.generate_private_key(ec.SECP256R1())
        request = enrol_request(fleet.invite("H01", 24, at), request_for(self.key))
        self.certificate = fleet.enrol(request, "https://hub:1", PEER, at).certificate
        self.kept = kept(store, self.certificate)

    def asks(self, **changed):
        fresh = request_for()
        signature = self.key.sign(renewal_text(fresh), ec.ECDSA(hashes.SHA256()))
        asked = Renewal(version=3, signing_request=fresh, certificate=self.certificate, signature=signature)
        return msgspec.structs.replace(asked, **changed)


def kept(store, pem):
    serial = f"{x509.load_pem_x509_certificate(pem.encode()).serial_number:x}"
    with store.read() as uow:
        return uow.certificates.get(serial)


@pytest.fixture
def renewals(store, authority):
    return Renewals(store, authority)


@pytest.fixture
def edge(fleet, store):
    return Edge(fleet, store)


def refusal(call, *arguments):
    with pytest.raises(Refused) as caught:
        call(*arguments)
    return caught.value.code


def test_a_renewed_certificate_is_for_the_new_key_and_stands_in_the_line_of_the_old(renewals, store, edge, authority):
    fresh, at = ec.generate_private_key(ec.SECP256R1()), NOW + 300 * DAY
    told = renewals.renew(edge.kept, Renewal(version=3, signing_request=request_for(fresh)), PEER, at)
    certificate = x509.load_pem_x509_certificate(told.certificate.encode())
    assert certificate.public_key() == fresh.public_key()
    assert authority.issued(certificate)
    assert told.authority == authority.pem()
    row = kept(store, told.certificate)
    assert (row.institution, row.since, row.issued_at) == ("H01", NOW, at)
    assert row.public_key == key_der(fresh.public_key())
    assert actions(store)[-1] == "renewed"


def test_the_old_certificate_is_good_for_a_while_and_revoked_when_the_new_one_has_spoken(renewals, fleet, store, edge):
    at = NOW + 300 * DAY
    new = kept(store, renewals.renew(edge.kept, edge.asks(), PEER, at).certificate)
    assert fleet.admitted("H01", new.serial, at) == new
    assert fleet.admitted("H01", edge.kept.serial, at) == edge.kept, "exchanges under way end in peace"
    later = at + timedelta(minutes=RENEWAL_OVERLAP_MINUTES)
    fleet.admitted("H01", new.serial, later)
    assert refusal(fleet.admitted, "H01", edge.kept.serial, later) == "certificate_refused"


def test_a_renewal_that_never_arrived_leaves_the_old_certificate_good(renewals, fleet, edge):
    renewals.renew(edge.kept, edge.asks(), PEER, NOW + 300 * DAY)
    assert fleet.admitted("H01", edge.kept.serial, NOW + 301 * DAY) == edge.kept


def test_what_was_leased_before_a_renewal_is_still_delivered(renewals, fleet, store, edge):
    new = kept(store, renewals.renew(edge.kept, edge.asks(), PEER, NOW + 300 * DAY).certificate)
    bodies = [item.body for item in fleet.page(new, 0, None, NOW + 300 * DAY).items]
    assert [type(body) for body in bodies] == [HidBlock]


@pytest.mark.parametrize("days", [300, 399, 398 + RENEWAL_LATE_DAYS_MAX])
def test_the_old_key_renews_over_the_enrol_port_also_after_the_end(renewals, fleet, store, edge, days):
    at = NOW + days * DAY
    new = kept(store, renewals.renew_ended(edge.asks(), PEER, at).certificate)
    assert fleet.admitted("H01", new.serial, at) == new


@pytest.mark.parametrize(
    "case",
    [
        "too_late",
        "revoked",
        "foreign",
        "unknown",
        "other_key",
        "no_signature",
        "other_request",
        "none",
        "long",
        "server",
    ],
)
def test_who_is_not_proven_is_refused_without_a_reason(renewals, fleet, store, edge, authority, tmp_path, case):
    asked, at = edge.asks(), NOW + 399 * DAY
    match case:
        case "too_late":
            at = NOW + (399 + RENEWAL_LATE_DAYS_MAX) * DAY
        case "revoked":
            fleet.revoke("H01", NOW)
        case "foreign":
            other = Authority(tmp_path / "other")
            other.create([], NOW)
            asked = edge.asks(certificate=other.sign_edge(request_for(edge.key), "H01", NOW).certificate)
        case "unknown":
            asked = edge.asks(certificate=authority.sign_edge(request_for(edge.key), "H01", NOW).certificate)
        case "other_key":
            stranger = ec.generate_private_key(ec.SECP256R1())
            signature = stranger.sign(renewal_text(asked.signing_request), ec.ECDSA(hashes.SHA256()))
            asked = msgspec.structs.replace(asked, signature=signature)
        case "no_signature":
            asked = edge.asks(signature=b"")
        case "other_request":
            asked = msgspec.structs.replace(asked, signing_request=request_for())
        case "none":
            asked = edge.asks(certificate="")
        case "long":
            asked = edge.asks(certificate=edge.certificate + "x" * 10_000)
        case "server":
            asked = edge.asks(certificate=authority.server_certificate.read_text())
    with pytest.raises(Refused) as caught:
        renewals.renew_ended(asked, PEER, at)
    assert (caught.value.code, caught.value.detail) == ("certificate_refused", "")
    assert "renewed" not in actions(store)


def test_a_damaged_certificate_is_refused_whatever_is_damaged_in_it(renewals, edge):
    chance = random.Random(7)
    der = x509.load_pem_x509_certificate(edge.certificate.encode()).public_bytes(serialization.Encoding.DER)
    for place in [*range(32), *(chance.randrange(len(der)) for _ in range(300))]:
        damaged = bytearray(der)
        damaged[place] ^= chance.randrange(1, 256)
        pem = ssl.DER_cert_to_PEM_cert(bytes(damaged))
        assert refusal(renewals.renew_ended, edge.asks(certificate=pem), PEER, NOW) == "certificate_refused"


def test_a_bad_signing_request_is_told(renewals, edge):
    request = Renewal(version=3, signing_request="none")
    assert refusal(renewals.renew, edge.kept, request, PEER, NOW) == "packet_invalid"


def test_a_hospital_renews_a_bounded_number_of_times_a_day(renewals, edge):
    at = NOW + 2 * DAY
    for _ in range(RENEWALS_PER_DAY_MAX):
        renewals.renew(edge.kept, edge.asks(), PEER, at)
    assert refusal(renewals.renew, edge.kept, edge.asks(), PEER, at) == "hub_busy"
    renewals.renew(edge.kept, edge.asks(), PEER, at + DAY + timedelta(seconds=1))


def test_whose_key_signed_is_found_among_a_hospitals_certificates():
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
    rows = [
        Certificate(str(n), "H01", NOW, NOW, public_key=key_der(key.public_key()) if n else None)
        for n, key in enumerate(keys)
    ]
    signed = [key.sign(b"text", ec.ECDSA(hashes.SHA256())) for key in keys]
    assert verifies(rows, signed[1], b"text") == rows[1]
    assert verifies(rows, signed[2], b"text") == rows[2]
    assert verifies(rows, signed[0], b"text") is None, "its key was not kept"
    assert verifies(rows, signed[1], b"other") is None
    assert verifies(rows, os.urandom(70), b"text") is None
    assert verifies(rows, bytes(200), b"text") is None
