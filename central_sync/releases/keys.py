"""Files of signing keys: Ed25519, the private part under a passphrase (PKCS#8, PEM), the public part beside it as ``NAME.pub``."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.signer import CryptoSigner, SSlibKey

PASSPHRASE_CHARACTERS_MIN = 12


class KeyUnusable(Exception):
    """A key's file cannot be used; the text says why."""


def make(path: Path, passphrase: str) -> str:
    """Make a key in ``path`` and ``path``.pub; its id. An empty passphrase leaves it open: for a key that a program uses alone.

    Raises:
        KeyUnusable: there is a file already, or the passphrase is too short.
    """
    if passphrase and len(passphrase) < PASSPHRASE_CHARACTERS_MIN:
        raise KeyUnusable(f"a passphrase has at least {PASSPHRASE_CHARACTERS_MIN} characters")
    key = Ed25519PrivateKey.generate()
    sealed: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        sealed = serialization.BestAvailableEncryption(passphrase.encode())
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    try:
        _write_new(path, private, 0o600)
        _write_new(path.with_name(path.name + ".pub"), public, 0o644)
    except OSError as error:
        raise KeyUnusable(f"{error.filename} cannot be written: {error.strerror}") from error
    return public_key(path.with_name(path.name + ".pub")).keyid


def signer(path: Path, passphrase: str) -> CryptoSigner:
    """What signs with the key in ``path``.

    Raises:
        KeyUnusable: it cannot be read, or the passphrase is another.
    """
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), passphrase.encode() or None)
    except OSError as error:
        raise KeyUnusable(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(f"{path} is no private key, or its passphrase is another") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"{path} is a key of another kind: Ed25519 is needed")
    return CryptoSigner(key)


def public_key(path: Path) -> SSlibKey:
    """The public key in ``path``.

    Raises:
        KeyUnusable: it cannot be read.
    """
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise KeyUnusable(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(f"{path} is no public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusable(f"{path} is a key of another kind: Ed25519 is needed")
    return SSlibKey.from_crypto(key)


def _write_new(path: Path, content: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
