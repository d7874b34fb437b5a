"""Files of signing keys."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from central_sync.releases import keys
from central_sync.releases.keys import KeyUnusable

PASSPHRASE = "a long passphrase"


def test_a_key_is_sealed_and_its_public_part_lies_beside_it(tmp_path):
    name = keys.make(tmp_path / "root", PASSPHRASE)
    assert (tmp_path / "root").stat().st_mode & 0o777 == 0o600
    assert b"ENCRYPTED" in (tmp_path / "root").read_bytes()
    assert keys.public_key(tmp_path / "root.pub").keyid == name
    assert keys.signer(tmp_path / "root", PASSPHRASE).public_key.keyid == name


def test_a_key_is_never_overwritten(tmp_path):
    keys.make(tmp_path / "root", PASSPHRASE)
    before = (tmp_path / "root").read_bytes()
    with pytest.raises(KeyUnusable, match="cannot be written"):
        keys.make(tmp_path / "root", PASSPHRASE)
    assert (tmp_path / "root").read_bytes() == before


@pytest.mark.parametrize("passphrase", ["", "another passphrase"])
def test_a_wrong_passphrase_opens_nothing(tmp_path, passphrase):
    keys.make(tmp_path / "root", PASSPHRASE)
    with pytest.raises(KeyUnusable, match="passphrase"):
        keys.signer(tmp_path / "root", passphrase)


def test_a_short_passphrase_is_refused(tmp_path):
    with pytest.raises(KeyUnusable, match="at least 12"):
        keys.make(tmp_path / "root", "short")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_key_of_ours_is_refused(tmp_path):
    (tmp_path / "text").write_text("no key")
    other = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "ec").write_bytes(
        other.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (tmp_path / "ec.pub").write_bytes(
        other.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    for name in ("text", "ec", "missing"):
        with pytest.raises(KeyUnusable):
            keys.signer(tmp_path / name, "")
    for name in ("text", "ec.pub", "missing"):
        with pytest.raises(KeyUnusable):
            keys.public_key(tmp_path / name)
