"""With what the hub signs: receipts for what it has taken, the one root a day, and rulebooks.

Rules
    * Key: Ed25519, made here, in ``signer.pem`` beside the authority (0600, key and certificate in one file); it never leaves the folder.
    * The authority vouches for it for a year or so; in time, or under another authority, a new key follows, and the old one is gone with its
      file. Certificates are kept under ``signers/`` for ever: what was signed is checked years later.
    * Every process on one folder uses the same signer. Of several that find it near its end one makes the next, the others read it. Hubs
      with folders of their own have signers of their own; the database tells all of them to the edges.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_sync.fleet.authority import Authority, AuthorityMissing
from central_sync.fleet.certificates import private_pem
from central_sync.fleet.files import replace
from central_sync.fleet.limits import SIGNER_RENEWAL_DAYS
from central_sync.store import Store
from central_sync.wire import receipts
from central_sync.wire.messages import Batch, BatchAnswer

FOLDER = "signers"
VERSION_WITH_RECEIPTS = 3


class _Held(NamedTuple):
    key: Ed25519PrivateKey
    name: str
    begins_at: datetime
    ends_at: datetime
    certificate: bytes


class Signer:
    """The signer that stands beside ``authority``. Any number of threads may sign at once."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._file = authority.folder / "signer.pem"
        self._folder = authority.folder / FOLDER
        self._held: _Held | None = None

    @property
    def name(self) -> str:
        """How answers name its certificate."""
        return self._opened().name

    @property
    def certificate(self) -> bytes:
        """Its certificate, PEM."""
        return self._opened().certificate

    def begins_at(self) -> datetime:
        """From when on its certificate holds: what is dated before was signed by another."""
        return self._opened().begins_at

    def expires_at(self) -> datetime:
        """When its certificate ends."""
        return self._opened().ends_at

    def open(self, now: datetime) -> None:
        """Read the signer, or make it: the first, or the next when it has less than ``SIGNER_RENEWAL_DAYS`` left or is of
        another authority. The authority is open.

        Called again it takes up what another process has made meanwhile.

        Raises:
            AuthorityMissing: its file cannot be read.
        """
        if self._read(now):
            return
        with self._authority.locked():
            if not self._read(now):  # another process was first
                self._make(now)

    def certificates(self) -> bytes:
        """The certificates of this signer and of all before it in the folder, PEM."""
        return b"".join(file.read_bytes() for file in sorted(self._folder.glob("*.pem")))

    def published(self, store: Store, now: datetime) -> bytes:
        """The certificates of every hub on this database, PEM, after ours are among them: an edge may ask another hub than the one that
        signed.
        """
        own = {file.stem: file.read_text(encoding="ascii") for file in self._folder.glob("*.pem")}
        with store.read() as uow:
            known = uow.signers.all()
        if own.keys() - known.keys():
            with store.write() as uow:
                for name, certificate in own.items():
                    uow.signers.add(name, certificate, now)
        return "".join((known | own).values()).encode()

    def sign(self, text: bytes) -> bytes:
        """The signature over ``text``: 64 bytes."""
        return self._opened().key.sign(text)

    def named(self, text: bytes) -> tuple[str, bytes]:
        """The signer's name, and its signature over ``text``."""
        held = self._opened()
        return held.name, held.key.sign(text)

    def signed(self, institution: str, batch: Batch, answer: BatchAnswer) -> BatchAnswer:
        """``answer`` with the receipt for what it says of ``batch``; as it is if there is nothing to sign for."""
        if answer.code or batch.version < VERSION_WITH_RECEIPTS:
            return answer
        covered = receipts.covered(batch.items, answer.answers)
        if not covered:
            return answer
        held = self._opened()
        text = receipts.signed_text(institution, batch.life, answer.hub_time, map(receipts.leaf, covered))
        return msgspec.structs.replace(answer, signer=held.name, signature=held.key.sign(text))

    def _read(self, now: datetime) -> bool:
        """Take up the signer in the file; whether it is there and has long enough left."""
        try:
            content = self._file.read_bytes()
            key = serialization.load_pem_private_key(content, password=None)
            certificate = x509.load_pem_x509_certificate(content)
        except FileNotFoundError:
            return False
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise AuthorityMissing(f"the signer in {self._file} cannot be read: {type(error).__name__}") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise AuthorityMissing(f"the signer's key in {self._file} is of a foreign kind")
        self._held = _held(key, certificate)
        enough = certificate.not_valid_after_utc - now >= timedelta(days=SIGNER_RENEWAL_DAYS)
        return enough and self._authority.signs(certificate)

    def _make(self, now: datetime) -> None:
        key = Ed25519PrivateKey.generate()
        certificate = self._authority.sign_signer(key.public_key(), now)
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        replace(
            self._folder / f"{_name(certificate)}.pem", pem, 0o644
        )  # first, so that no receipt is without its certificate
        replace(self._file, private_pem(key) + pem, 0o600)
        self._held = _held(key, certificate)

    def _opened(self) -> _Held:
        assert self._held is not None, "open() first"
        return self._held


def _held(key: Ed25519PrivateKey, certificate: x509.Certificate) -> _Held:
    return _Held(
        key=key,
        name=_name(certificate),
        begins_at=certificate.not_valid_before_utc,
        ends_at=certificate.not_valid_after_utc,
        certificate=certificate.public_bytes(serialization.Encoding.PEM),
    )


def _name(certificate: x509.Certificate) -> str:
    return receipts.signer_name(certificate.public_bytes(serialization.Encoding.DER))
