"""The authority's certificates are what TLS and the sync port expect of them, and its keys stay private."""

import stat
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from central_sync.fleet.authority import (
    Authority,
    AuthorityMissing,
    SigningRequestInvalid,
    named_in,
)

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


def request_for(key=None, name="whatever the edge says"):
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


def server_certificate(authority):
    return x509.load_pem_x509_certificate(authority.server_certificate.read_bytes())


def names_in(certificate):
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}


def test_private_keys_are_readable_by_the_hub_alone(authority):
    for file in (authority.folder / "authority.key", authority.server_certificate):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(authority.folder.stat().st_mode) == 0o700
    assert b"PRIVATE" not in authority.authority_certificate.read_bytes()


def test_the_server_certificate_names_localhost_and_what_was_asked_for(authority):
    certificate = server_certificate(authority)
    assert names_in(certificate) == {"localhost", "127.0.0.1", "hub.example"}
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_creating_again_keeps_the_authority_and_adds_names(authority):
    before, server = authority.der(), server_certificate(authority)
    authority.create([], NOW)
    assert server_certificate(authority) == server
    authority.create(["10.0.0.5"], NOW)
    assert authority.der() == before
    assert names_in(server_certificate(authority)) == {"localhost", "127.0.0.1", "hub.example", "10.0.0.5"}


def test_an_edge_certificate_names_its_institution_and_may_only_be_a_client(authority):
    issued = authority.sign_edge(request_for(), "H01", NOW)
    certificate = x509.load_pem_x509_certificate(issued.certificate.encode())
    der = certificate.public_bytes(serialization.Encoding.DER)
    assert named_in(der) == (issued.serial, "H01")
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "H01"
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert issued.to_time - NOW == timedelta(days=398)
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.pem().encode()))


def test_serial_numbers_do_not_repeat(authority):
    request = request_for()
    assert len({authority.sign_edge(request, "H01", NOW).serial for _ in range(20)}) == 20


@pytest.mark.parametrize(
    "request_text",
    [
        "",
        "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
        "x" * 9000,
        request_for(rsa.generate_private_key(65537, 2048)),
        request_for(ec.generate_private_key(ec.SECP384R1())),
    ],
    ids=["empty", "damaged", "too_long", "rsa", "p384"],
)
def test_a_signing_request_of_another_kind_is_refused(authority, request_text):
    with pytest.raises(SigningRequestInvalid):
        authority.sign_edge(request_text, "H01", NOW)


def test_a_signing_request_that_its_key_did_not_sign_is_refused(authority):
    request = x509.load_pem_x509_csr(request_for().encode())
    der = bytearray(request.public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    damaged = x509.load_der_x509_csr(bytes(der)).public_bytes(serialization.Encoding.PEM).decode()
    with pytest.raises(SigningRequestInvalid):
        authority.sign_edge(damaged, "H01", NOW)


def test_the_server_certificate_is_renewed_within_thirty_days_of_its_end_and_not_before(authority):
    before = authority.server_expires_at()
    assert not authority.renew_server_certificate(before - timedelta(days=31))
    assert authority.server_expires_at() == before
    assert authority.renew_server_certificate(before - timedelta(days=29))
    assert authority.server_expires_at() > before
    assert "hub.example" in names_in(server_certificate(authority))


def test_a_missing_authority_says_what_to_do(tmp_path):
    with pytest.raises(AuthorityMissing, match="init"):
        Authority(tmp_path).open()


def test_a_damaged_authority_is_told_and_not_replaced(authority):
    (authority.folder / "authority.key").write_bytes(b"damaged")
    with pytest.raises(AuthorityMissing, match="cannot be read"):
        Authority(authority.folder).open()


def test_a_certificate_without_our_uri_names_no_institution(authority):
    assert named_in(server_certificate(authority).public_bytes(serialization.Encoding.DER))[1] is None
