"""An authority, an edge and a signer of the hub with their certificates, and what they sign, for tests of evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from central_sync.wire import receipts
from central_sync.wire.messages import Enrolment
from edge import identity, signers

NOW = datetime.now(UTC).replace(microsecond=0)
Public = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


@dataclass
class Authority:
    """Issues certificates that name their owner by URI."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    certificate: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        self.certificate = self._signed(self.key.public_key(), "authority", None, NOW)

    def issue(self, public: Public, uri: str, at: datetime = NOW) -> x509.Certificate:
        return self._signed(public, "leaf", uri, at)

    def _signed(self, public: Public, name: str, uri: str | None, at: datetime) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")]))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(at - timedelta(days=30))
            .not_valid_after(at + timedelta(days=30))
            .add_extension(x509.BasicConstraints(ca=uri is None, path_length=None), critical=True)
        )
        if uri is not None:
            san = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)])
            builder = builder.add_extension(san, critical=False)
        return builder.sign(self.key, hashes.SHA256())


class Papers:
    """All that the proof of one hospital's transaction is signed with."""

    def __init__(self, institution: str = "H001", authority: Authority | None = None) -> None:
        self.institution = institution
        self.authority = authority or Authority()
        self.edge_key = ec.generate_private_key(ec.SECP256R1())
        self.edge = self.authority.issue(self.edge_key.public_key(), f"urn:pishkhan:institution:{institution}")
        self.signer_key = ed25519.Ed25519PrivateKey.generate()
        self.signer = self.authority.issue(self.signer_key.public_key(), receipts.SIGNER_URI)
        self.signer_name = receipts.signer_name(self.signer.public_bytes(serialization.Encoding.DER))

    def edge_signs(self, text: bytes) -> bytes:
        return self.edge_key.sign(text, ec.ECDSA(hashes.SHA256()))


def enrolled(folder: Path, papers: Papers) -> Path:
    """``folder`` as a data folder of an edge with these papers, which knows the hub's signer."""
    folder.mkdir(exist_ok=True)
    told = Enrolment(
        institution=papers.institution, name="One", zone="Asia/Tehran", currency="IRR", calendar="solar_hijri",
        certificate=pem(papers.edge), authority=pem(papers.authority.certificate), sync_url="https://127.0.0.1:1",
    )  # fmt: skip
    identity._store(folder, told, identity._private(papers.edge_key), told.authority)
    (folder / signers.FOLDER).mkdir()
    (folder / signers.FOLDER / f"{papers.signer_name}.pem").write_text(pem(papers.signer))
    return folder


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
