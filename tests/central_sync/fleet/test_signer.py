"""The hub's signer: one for all processes, followed in time by another, and what it signed is checked for ever."""

import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from central_sync.fleet.authority import Authority, AuthorityMissing
from central_sync.fleet.signer import Signer
from central_sync.wire import receipts
from central_sync.wire.messages import Batch, BatchAnswer, ItemAnswer, Verdict
from tests.central_sync.fleet.conftest import NOW
from tests.wire_vectors import samples

BATCH = Batch(version=3, institution="H01", sent_at=NOW, items=[samples.transaction()], life=bytes(range(16)))
ANSWER = BatchAnswer(
    version=3, hub_time=NOW, answers=[ItemAnswer(msgid="m-1", verdict=Verdict.FINAL, digest=bytes(32), decided_at=NOW)]
)


def opened(authority, at=NOW):
    signer = Signer(authority)
    signer.open(at)
    return signer


def holds(signer, answer, batch=BATCH) -> bool:
    certificates = x509.load_pem_x509_certificates(signer.certificates())
    by_name = {receipts.signer_name(c.public_bytes(serialization.Encoding.DER)): c for c in certificates}
    leaves = [receipts.leaf(one) for one in answer.answers]
    text = receipts.signed_text("H01", batch.life, answer.hub_time, leaves)
    try:
        by_name[answer.signer].public_key().verify(answer.signature, text)
    except InvalidSignature:
        return False
    return True


def test_a_receipt_is_signed_over_the_answers_and_checked_with_the_told_certificate(authority):
    signer = opened(authority)
    signed = signer.signed("H01", BATCH, ANSWER)
    assert holds(signer, signed)
    changed = [msgspec.structs.replace(signed.answers[0], packet=b"x")]
    assert not holds(signer, msgspec.structs.replace(signed, answers=changed))


@pytest.mark.parametrize(
    ("batch", "answer"),
    [
        (msgspec.structs.replace(BATCH, version=2), ANSWER),
        (BATCH, msgspec.structs.replace(ANSWER, answers=[], code="clock_wrong")),
        (msgspec.structs.replace(BATCH, items=[]), msgspec.structs.replace(ANSWER, answers=[])),
        (
            BATCH,
            msgspec.structs.replace(ANSWER, answers=[ItemAnswer(msgid="m-1", verdict=Verdict.AGAIN, code="hub_busy")]),
        ),
    ],
    ids=["older_version", "refused_whole", "empty", "again"],
)
def test_where_there_is_nothing_to_sign_for_nothing_is_signed(authority, batch, answer):
    assert opened(authority).signed("H01", batch, answer) == answer


def test_the_certificate_is_the_authoritys_and_good_for_signing_alone(authority):
    (certificate,) = x509.load_pem_x509_certificates(opened(authority).certificates())
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.pem().encode()))
    extensions = certificate.extensions
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["urn:pishkhan:signer"]
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [one.dotted_string for one in usage] == ["1.3.6.1.5.5.7.3.36"]


def test_the_key_is_readable_by_the_hub_alone_and_told_to_nobody(authority):
    signer = opened(authority)
    assert stat.S_IMODE((authority.folder / "signer.pem").stat().st_mode) == 0o600
    assert b"PRIVATE" not in signer.certificates()


def test_processes_that_start_at_once_use_the_same_signer(authority):
    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(lambda _: opened(authority).name, range(8)))
    assert len(names) == 1


def test_a_signer_near_its_end_is_followed_and_its_receipts_still_hold(authority):
    signer, other = opened(authority), opened(authority)
    before = signer.signed("H01", BATCH, ANSWER)
    later = NOW + timedelta(days=369)
    signer.open(later)
    assert signer.name != before.signer
    assert signer.expires_at() - later > timedelta(days=300)
    assert holds(signer, before)
    assert other.name == before.signer, "another process signs with the old key until it looks"
    assert holds(signer, other.signed("H01", BATCH, ANSWER))
    other.open(later)
    assert other.name == signer.name


def test_a_damaged_signer_is_told_and_not_replaced(authority):
    opened(authority)
    (authority.folder / "signer.pem").write_bytes(b"damaged")
    with pytest.raises(AuthorityMissing, match="cannot be read"):
        opened(authority)


def test_hubs_with_folders_of_their_own_tell_each_others_signers(authority, store, tmp_path):
    first = opened(authority)
    shutil.copytree(authority.folder, tmp_path / "other", ignore=shutil.ignore_patterns("signer*"))
    other = Authority(tmp_path / "other")
    other.open()
    second = opened(other)
    assert first.name != second.name
    assert first.published(store, NOW) == first.certificates()
    second.published(store, NOW)
    for signer in (first, second):
        assert len(x509.load_pem_x509_certificates(signer.published(store, NOW))) == 2
