"""An authority's certificate by itself: what it may, and who issued whom."""

from datetime import UTC, datetime

from cryptography import x509

from central_sync.fleet.certificates import authority_in, issued_by, make_authority

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def test_a_new_authority_may_issue_and_signs_itself(tmp_path):
    make_authority(tmp_path, NOW)
    made = authority_in(tmp_path)
    assert made is not None
    assert issued_by(made, made)
    usage = made.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.digital_signature) == (True, False)


def test_what_may_not_issue_is_no_authority(tmp_path, authority):
    assert authority_in(tmp_path / "nowhere") is None
    (tmp_path / "authority.pem").write_bytes(b"no certificate")
    assert authority_in(tmp_path) is None
    (tmp_path / "authority.pem").write_bytes(authority.server_certificate.read_bytes())
    assert authority_in(tmp_path) is None


def test_two_authorities_of_one_name_are_told_apart_by_their_keys(tmp_path, authority):
    make_authority(tmp_path, NOW)
    other, own = authority_in(tmp_path), x509.load_pem_x509_certificate(authority.pem().encode())
    assert other.subject == own.subject
    assert not issued_by(other, own)
    assert not issued_by(own, other)
