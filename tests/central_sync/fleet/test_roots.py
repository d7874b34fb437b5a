"""One root a day, signed by both: the same again gets the same answer, another one never."""

from datetime import timedelta

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from central_sync.fleet.renewal import Renewals
from central_sync.fleet.roots import Roots
from central_sync.fleet.signer import Signer
from central_sync.wire import roots
from central_sync.wire.limits import ROOTS_PER_OFFER_MAX
from central_sync.wire.messages import DayRoot, Renewal, RootsOffer
from central_sync.wire.refusals import Refused
from tests.central_sync.fleet.conftest import NOW
from tests.central_sync.fleet.test_authority import request_for
from tests.central_sync.fleet.test_renewal import Edge
from tests.central_sync.fleet.test_service import actions

YESTERDAY = (NOW - timedelta(days=1)).date()
LIFE = bytes(range(16))


def root_of(key, institution="H01", **changed):
    plain = DayRoot(life=LIFE, day=YESTERDAY, first=1, last=9, root=bytes(32), signature=b"")
    plain = msgspec.structs.replace(plain, **changed)
    text = roots.statement(institution, plain.life, plain.day, plain.first, plain.last, plain.root)
    return msgspec.structs.replace(plain, signature=key.sign(text, ec.ECDSA(hashes.SHA256())))


@pytest.fixture
def signer(authority):
    signer = Signer(authority)
    signer.open(NOW)
    return signer


@pytest.fixture
def service(store, signer):
    return Roots(store, signer)


@pytest.fixture
def edge(fleet, store):
    return Edge(fleet, store)


def take(service, *offered, at=NOW):
    return service.take("H01", RootsOffer(version=3, roots=list(offered)), at).answers


def test_a_root_is_countersigned(service, signer, edge):
    root = root_of(edge.key)
    (answer,) = take(service, root)
    assert (answer.code, answer.day, answer.life, answer.signed_at) == ("", YESTERDAY, LIFE, NOW)
    (certificate,) = x509.load_pem_x509_certificates(signer.certificates())
    certificate.public_key().verify(answer.signature, roots.countersigned("H01", root, NOW))
    assert answer.signer == signer.name


def test_the_same_root_again_gets_the_same_answer(service, edge):
    (first,) = take(service, root_of(edge.key))
    (again,) = take(service, root_of(edge.key), at=NOW + timedelta(days=3))
    assert again == first


@pytest.mark.parametrize("changed", [{"root": b"\x01" * 32}, {"last": 10}, {"first": 2}])
def test_a_second_different_root_of_a_day_is_refused_and_audited(service, edge, store, changed):
    take(service, root_of(edge.key))
    (answer,) = take(service, root_of(edge.key, **changed))
    assert (answer.code, answer.signature) == ("root_differs", b"")
    assert actions(store)[-1] == "root_differs"


def test_another_life_or_hospital_has_roots_of_its_own(service, fleet, store, edge, rulebook):
    take(service, root_of(edge.key))
    (answer,) = take(service, root_of(edge.key, life=bytes(16), root=b"\x01" * 32))
    assert answer.code == ""


def test_a_root_may_be_signed_with_a_key_that_was_renewed_since(service, edge, store, authority):
    Renewals(store, authority).renew(edge.kept, Renewal(version=3, signing_request=request_for()), "peer", NOW)
    (answer,) = take(service, root_of(edge.key))
    assert answer.code == ""


@pytest.mark.parametrize(
    "changed",
    [
        {"life": b""},
        {"root": b""},
        {"first": 0},
        {"first": 10},
        {"last": 2**63},
        {"day": NOW.date()},
        {"day": (NOW + timedelta(days=5)).date()},
        {"signature": b""},
        {"signature": bytes(500)},
    ],
    ids=["life", "root", "first", "order", "last", "today", "future", "no_signature", "long_signature"],
)
def test_a_root_that_is_none_is_refused_and_the_others_are_not(service, edge, changed):
    good = root_of(edge.key)
    bad = msgspec.structs.replace(good, **changed)
    answers = take(service, bad, good)
    assert [answer.code for answer in answers] == ["root_invalid", ""]


def test_a_root_that_somebody_else_signed_is_refused(service, edge):
    stranger = ec.generate_private_key(ec.SECP256R1())
    assert [a.code for a in take(service, root_of(stranger), root_of(edge.key, "H02"))] == ["root_invalid"] * 2


def test_an_offer_has_a_bounded_length(service, edge):
    root = root_of(edge.key)
    with pytest.raises(Refused) as caught:
        take(service, *[root] * (ROOTS_PER_OFFER_MAX + 1))
    assert caught.value.code == "packet_too_large"
