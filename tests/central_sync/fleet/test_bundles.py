"""Which sealed rulebooks a hub believes, and which not."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_sync.benefits import compiled
from central_sync.fleet import bundles as signed
from central_sync.fleet.authority import Authority
from central_sync.fleet.signer import Signer
from central_sync.rulebook.build import build
from central_sync.wire import bundles
from central_sync.wire.bundles import BundleRefused, Fault
from tests.central_sync.fleet.conftest import NOW

WHOLE = build()
BODY = bundles.squeezed(compiled.packed(WHOLE))
NUMBER = 1_800_000_000


@pytest.fixture
def signer(authority):
    authority.open()
    made = Signer(authority)
    made.open(NOW)
    return made


def fault_of(file: bytes, authority: Authority) -> Fault:
    with pytest.raises(BundleRefused) as refused:
        signed.believed(file, authority)
    return refused.value.fault


def resealed(file: bytes, **other) -> bytes:
    """``file`` with another head around the same body."""
    head, body = bundles.opened(file)
    return bundles.sealed(msgspec.structs.replace(head, **other), body)


def test_a_sealed_rulebook_is_believed_and_is_the_same_for_the_same(authority, signer):
    file = signed.sealed(signer, WHOLE, BODY, NUMBER, NOW)
    told, body = signed.believed(file, authority)
    assert body == BODY
    assert (told.version, told.law, told.audit) == (WHOLE.version, WHOLE.rulebook.version, WHOLE.audit.version)
    assert (told.number, told.issued_at) == (NUMBER, NOW)
    assert signed.sealed(signer, WHOLE, BODY, NUMBER, NOW) == file


def test_what_was_published_before_the_signer_was_made_is_dated_when_its_certificate_began(authority, signer):
    told, _ = signed.believed(signed.sealed(signer, WHOLE, BODY, NUMBER, NOW - timedelta(days=400)), authority)
    assert told.issued_at == signer.begins_at()


def test_a_stranger_is_not_believed(tmp_path, authority, signer):
    other = Authority(tmp_path / "other")
    other.create(["hub"], NOW)
    other.open()
    theirs = Signer(other)
    theirs.open(NOW)
    file = signed.sealed(theirs, WHOLE, BODY, NUMBER, NOW)
    assert signed.believed(file, other)[1] == BODY
    assert fault_of(file, authority) is Fault.STRANGER
    ours = signed.sealed(signer, WHOLE, BODY, NUMBER, NOW)
    key = Ed25519PrivateKey.generate()
    text = bundles.signed_text(bundles.opened(ours)[0].statement)
    assert fault_of(resealed(ours, signature=key.sign(text)), authority) is Fault.STRANGER
    assert fault_of(resealed(ours, certificate=b"no PEM"), authority) is Fault.STRANGER
    assert fault_of(resealed(ours, signer="0000000000000000"), authority) is Fault.STRANGER
    server = authority.server_certificate.read_bytes()
    assert fault_of(resealed(ours, certificate=server), authority) is Fault.STRANGER


def test_a_statement_that_was_changed_or_is_out_of_its_signers_time_is_a_strangers(authority, signer):
    file = signed.sealed(signer, WHOLE, BODY, NUMBER, NOW)
    statement = bundles.opened(file)[0].statement
    for other in ({"number": NUMBER + 1}, {"issued_at": NOW + timedelta(days=9_000)}, {"institution": "H01"}):
        changed = msgspec.structs.replace(statement, **other)
        assert fault_of(resealed(file, statement=changed), authority) is Fault.STRANGER
    late = signed.sealed(signer, WHOLE, BODY, NUMBER, signer.expires_at() + timedelta(days=1))
    assert fault_of(late, authority) is Fault.STRANGER


def test_what_was_made_for_a_hospital_is_not_taken_for_all(authority, signer):
    file = signed.sealed(signer, WHOLE, BODY, NUMBER, NOW, "cn", "H01")
    assert fault_of(file, authority) is Fault.ELSEWHERE


def test_the_key_is_the_one_that_signs_receipts(authority, signer):
    head, _ = bundles.opened(signed.sealed(signer, WHOLE, BODY, NUMBER, NOW))
    assert head.signer == signer.name
    assert head.certificate in signer.certificates()
    content = (authority.folder / "signer.pem").read_bytes()
    key = serialization.load_pem_private_key(content, password=None)
    assert isinstance(key, Ed25519PrivateKey)
