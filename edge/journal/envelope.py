"""The file of a backup: one journal, encrypted for the recovery key and signed by the edge; who holds neither can neither read nor alter it.

::

    "PSKBKUP1" || length of the header (4) || header (JSON) || chunks || signature (ECDSA P-256 with SHA-256, DER) || its length (2)

* The header tells what is inside (manifest), whose it is (the edge's certificate), and holds the file's key, a fresh one, wrapped for the
  recovery key: X25519 with a key made for this file alone, HKDF-SHA-256, AES-256-GCM.
* A chunk is ``CHUNK_BYTES`` of the content under AES-256-GCM; its nonce is a prefix, its number, and whether it is the last; the header's hash is
  bound in. So chunks can be neither altered, moved nor left out.
* The content is the journal's data keys (MessagePack, its length before it: 4) and then the journal's file. The device key is not in it.
* The signature covers everything before it, and is checked before anything is opened.

The recovery key is made once (``journal recovery-key``): its secret half is printed for the safe and never kept on the box, its
public half is ``DIR/recovery.key``. A thief of box or backup can read no backup; a lost recovery key makes old backups worthless.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from msgspec import Struct

from edge import platform
from edge.errors import JournalError
from edge.files import OWNER_ONLY, sync_folder

MAGIC = b"PSKBKUP1"
CHUNK_BYTES = 1024 * 1024
HEADER_BYTES_MAX = 64 * 1024
KEYS_BYTES_MAX = 1024 * 1024
RECOVERY_FILE = "recovery.key"
_TAG_BYTES, _KEY_BYTES, _CHECK_BYTES, _GROUP = 16, 32, 3, 7
_INFO = b"pishkhan backup 1"

Tell = Callable[[int, int, str], None]


class BackupUnusable(JournalError):
    """A backup, or a recovery key, that cannot be used; the text says why."""


class Manifest(Struct, frozen=True, kw_only=True):
    """What a backup holds: the journal of ``institution`` in its ``life`` up to the record ``head``, whose chain ends with ``link``.

    ``recorded_at``: when the last transaction in it was recorded, ``None`` if it holds none.
    """

    institution: str
    life: bytes
    head: int
    link: bytes
    made_at: datetime
    recorded_at: datetime | None
    version: str
    file_bytes: int


class Header(Struct, frozen=True, kw_only=True):
    """See the module's text. ``certificate``: the edge's, PEM."""

    manifest: Manifest
    certificate: str
    recovery: bytes
    ephemeral: bytes
    wrapped: bytes
    prefix: bytes


def new_recovery() -> tuple[str, bytes]:
    """``(secret, public)``: what goes into the safe, in characters one can type, and what stays on the box."""
    secret = os.urandom(_KEY_BYTES)
    text = base64.b32encode(secret + _check(secret)).decode()
    grouped = "-".join(text[i : i + _GROUP] for i in range(0, len(text), _GROUP))
    return grouped, X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def recovery_of(typed: str) -> X25519PrivateKey:
    """The recovery key that was typed.

    Raises:
        BackupUnusable: it was mistyped.
    """
    text = "".join(typed.upper().replace("0", "O").replace("1", "I").replace("8", "B").split()).replace("-", "")
    try:
        data = base64.b32decode(text)
    except ValueError:
        data = b""
    secret, check = data[:_KEY_BYTES], data[_KEY_BYTES:]
    if len(secret) != _KEY_BYTES or check != _check(secret):
        raise BackupUnusable("the recovery key is mistyped")
    return X25519PrivateKey.from_private_bytes(secret)


def write(
    target: Path,
    source: Path,
    manifest: Manifest,
    keys: Mapping[int, bytes],
    recovery: bytes,
    certificate: str,
    key: ec.EllipticCurvePrivateKey,
    tell: Tell,
) -> bytes:
    """Make the backup ``target`` of the journal file ``source``; it is whole and on the disk when this returns. Its file key, for a trial.

    Raises:
        OSError: it cannot be written; nothing is left.
    """
    file_key, prefix = os.urandom(_KEY_BYTES), os.urandom(7)
    ephemeral = X25519PrivateKey.generate()
    public = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(recovery))
    wrapped = AESGCM(_derived(shared, public, recovery)).encrypt(bytes(12), file_key, None)
    header = Header(
        manifest=manifest, certificate=certificate, recovery=recovery, ephemeral=public, wrapped=wrapped, prefix=prefix
    )
    text = msgspec.json.encode(header)
    fresh = target.with_name(f".{target.name}.part")
    fresh.unlink(missing_ok=True)
    try:
        with open(fresh, "xb", opener=_owner_only) as out, source.open("rb") as content:
            hashing = hashlib.sha256()
            head = MAGIC + len(text).to_bytes(4, "big") + text
            for part in (head, *_sealed(content, keys, file_key, prefix, text, source.stat().st_size, tell)):
                hashing.update(part)
                out.write(part)
            signature = key.sign(hashing.digest(), ec.ECDSA(utils.Prehashed(hashes.SHA256())))
            out.write(signature + len(signature).to_bytes(2, "big"))
            out.flush()
            os.fsync(out.fileno())
        platform.replace(fresh, target)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)
    return file_key


def read_header(path: Path) -> Header:
    """What a backup says of itself; nothing of it is believed before :func:`verify`.

    Raises:
        BackupUnusable: it is none.
    """
    with path.open("rb") as file:
        return _header(file)[0]


def verify(path: Path, tell: Tell) -> Header:
    """The header, once the whole file is known to be as the edge of its certificate wrote it.

    Raises:
        BackupUnusable: it was altered or cut short.
    """
    with path.open("rb") as file:
        header, _ = _header(file)
        end, signature = _signature(file)
        file.seek(0)
        hashing, done = hashlib.sha256(), 0
        while done < end:
            part = file.read(min(CHUNK_BYTES, end - done))
            if not part:
                raise BackupUnusable("the backup is cut short")
            hashing.update(part)
            done += len(part)
            tell(done, end, "checking the signature")
    try:
        public = x509.load_pem_x509_certificate(header.certificate.encode()).public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        public.verify(signature, hashing.digest(), ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    except (ValueError, AssertionError, InvalidSignature, UnsupportedAlgorithm) as error:
        raise BackupUnusable("the backup was altered or cut short: its signature does not hold") from error
    return header


def file_key_of(header: Header, recovery: X25519PrivateKey) -> bytes:
    """The file's key.

    Raises:
        BackupUnusable: the backup was made for another recovery key.
    """
    public = recovery.public_key().public_bytes_raw()
    if public != header.recovery:
        raise BackupUnusable("the backup was made for another recovery key")
    try:
        shared = recovery.exchange(X25519PublicKey.from_public_bytes(header.ephemeral))
        return AESGCM(_derived(shared, header.ephemeral, public)).decrypt(bytes(12), header.wrapped, None)
    except (ValueError, InvalidTag) as error:
        raise BackupUnusable("the backup's key cannot be opened") from error


def extract(path: Path, file_key: bytes, target: Path, tell: Tell) -> dict[int, bytes]:
    """Put the journal's file at ``target`` (which must not exist) and tell its data keys.

    Raises:
        BackupUnusable: the key is wrong, or a chunk was altered.
        OSError: it cannot be written; nothing is left.
    """
    try:
        with path.open("rb") as file, open(target, "xb", opener=_owner_only) as out:
            header, text = _header(file)
            end, _ = _signature(file)
            file.seek(len(MAGIC) + 4 + len(text))
            content = _opened(file, end, file_key, header.prefix, text, tell)
            keys, rest = _keys_in(content)
            out.write(rest)
            out.writelines(content)
            out.flush()
            os.fsync(out.fileno())
    except FileExistsError:
        raise
    except (OSError, BackupUnusable):
        target.unlink(missing_ok=True)
        raise
    return keys


def _sealed(
    content: BinaryIO, keys: Mapping[int, bytes], file_key: bytes, prefix: bytes, text: bytes, size: int, tell: Tell
) -> Iterator[bytes]:
    cipher, bound = AESGCM(file_key), hashlib.sha256(text).digest()
    packed = msgspec.msgpack.encode(dict(keys))
    held, number, done = len(packed).to_bytes(4, "big") + packed, 0, 0
    while True:
        part = content.read(CHUNK_BYTES)
        done += len(part)
        held += part
        while len(held) > CHUNK_BYTES:
            yield cipher.encrypt(_nonce(prefix, number, last=False), held[:CHUNK_BYTES], bound)
            held, number = held[CHUNK_BYTES:], number + 1
        if not part:
            yield cipher.encrypt(_nonce(prefix, number, last=True), held, bound)
            return
        tell(done, size, "encrypting")


def _opened(file: BinaryIO, end: int, file_key: bytes, prefix: bytes, text: bytes, tell: Tell) -> Iterator[bytes]:
    cipher, bound, number = AESGCM(file_key), hashlib.sha256(text).digest(), 0
    while (at := file.tell()) < end:
        part = file.read(min(CHUNK_BYTES + _TAG_BYTES, end - at))
        last = file.tell() >= end
        try:
            yield cipher.decrypt(_nonce(prefix, number, last=last), part, bound)
        except (InvalidTag, ValueError) as error:
            raise BackupUnusable("the backup cannot be opened: another key, or it was altered") from error
        number += 1
        tell(file.tell(), end, "decrypting")


def _keys_in(content: Iterator[bytes]) -> tuple[dict[int, bytes], bytes]:
    held = next(content, b"")
    size = int.from_bytes(held[:4], "big")
    while len(held) < 4 + size and size <= KEYS_BYTES_MAX and (more := next(content, b"")):
        held += more
    try:
        return msgspec.msgpack.decode(held[4 : 4 + size], type=dict[int, bytes]), held[4 + size :]
    except msgspec.DecodeError as error:
        raise BackupUnusable("the backup holds no keys") from error


def _header(file: BinaryIO) -> tuple[Header, bytes]:
    start = file.read(len(MAGIC) + 4)
    size = int.from_bytes(start[len(MAGIC) :], "big")
    if start[: len(MAGIC)] != MAGIC or size > HEADER_BYTES_MAX:
        raise BackupUnusable("the file is no backup of a journal")
    text = file.read(size)
    try:
        return msgspec.json.decode(text, type=Header), text
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BackupUnusable("the backup's header is damaged") from error


def _signature(file: BinaryIO) -> tuple[int, bytes]:
    """Where it begins, and itself."""
    end = file.seek(0, os.SEEK_END) - 2
    file.seek(max(0, end))
    begin = end - int.from_bytes(file.read(2), "big")
    if begin <= len(MAGIC):
        raise BackupUnusable("the backup is cut short")
    file.seek(begin)
    return begin, file.read(end - begin)


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


def _derived(shared: bytes, ephemeral: bytes, recovery: bytes) -> bytes:
    return HKDF(hashes.SHA256(), _KEY_BYTES, None, _INFO + ephemeral + recovery).derive(shared)


def _check(secret: bytes) -> bytes:
    return hashlib.sha256(b"pishkhan recovery key" + secret).digest()[:_CHECK_BYTES]


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags | platform.OPENED, OWNER_ONLY)
