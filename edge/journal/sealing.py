"""The keys that the journal's bodies are sealed with: AES-256-GCM data keys, each wrapped by the device's own key.

In the data folder, both of mode 0600 and replaced atomically:

``device.key``
    32 random bytes, in hexadecimal, made at the first start. It never leaves the box: a copy of the folder without it is of no
    use to a thief. (A TPM or another home may take its place; :func:`_device_key` is the only one who reads it.)
``journal.keys``
    JSON: every data key ever used, its number, and itself wrapped (AES-256-GCM; the number and the device key's fingerprint are
    bound in). ``current`` names the one that seals; the others only open.

A data key's number is random, so that a key file that was lost and made anew is recognised as lost, never taken for damage, and
a restored journal's keys do not meet those of another life. A new key is on the disk before anything is sealed with it.
A device key is changed in three writes (wrapped by both, the new device key, wrapped by the new one alone), so that a
power cut between them leaves a pair that fits. A nonce is 12 random bytes: one key seals at most ``SEALED_PER_KEY_MAX`` bodies.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from edge import files, platform
from edge.errors import JournalDamaged, JournalError

DEVICE_FILE = "device.key"
KEYS_FILE = "journal.keys"
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
KEYS_FILE_BYTES_MAX = 1024 * 1024
SEALED_PER_KEY_MAX = 2**32
"""NIST SP 800-38D, 8.3: with random nonces of 96 bits. At a hundred commits a second, without a pause, this is sixteen months."""

_FORMAT = 1
_PURPOSE = b"pishkhan journal data key"
_NUMBER_MAX = 2**31 - 1
_RESTORE = "restore it from a backup of this folder, or restore the journal on a new folder (`journal restore`)"


class _Wrap(Struct, frozen=True):
    """A data key wrapped by the device key of fingerprint ``device``: nonce and sealed bytes."""

    device: str
    sealed: bytes


class _Key(Struct, frozen=True):
    number: int
    made_at: datetime
    wraps: list[_Wrap]


class _File(Struct, frozen=True):
    format: int
    current: int
    keys: list[_Key]


class Vault:
    """The data keys of one journal, open. Safe to use from several threads; made by :meth:`open` or :meth:`adopt`."""

    def __init__(self, folder: Path, device: bytes, file: _File) -> None:
        self._folder = folder
        self._device = device
        self._file = file
        self._ciphers: dict[int, AESGCM] = {}
        self._keys: dict[int, bytes] = {}

    @classmethod
    def open(cls, folder: Path, *, create: bool, now: datetime | None = None) -> Vault:
        """The vault in ``folder``. ``create``: make device key and first data key where there is neither; only for a new journal.

        Raises:
            JournalError: a file is missing, unreadable, open to others, or the two do not belong together; the text says what to do.
        """
        device_path, keys_path = folder / DEVICE_FILE, folder / KEYS_FILE
        if create and not keys_path.exists():
            device = _device_key(device_path) if device_path.exists() else _new_device_key(device_path)
            return cls._made(folder, device, {_fresh_number({}): os.urandom(KEY_BYTES)}, now)
        vault = cls(folder, _device_key(device_path), _read(keys_path))
        vault._unwrap()
        return vault

    @classmethod
    def adopt(cls, folder: Path, keys: Mapping[int, bytes], now: datetime | None = None) -> Vault:
        """A vault for a restored journal: opens what ``keys`` opened, and seals with a new key. There must be none in ``folder``.

        Raises:
            JournalError: ``folder`` has a vault, or cannot be written.
        """
        device_path, keys_path = folder / DEVICE_FILE, folder / KEYS_FILE
        if keys_path.exists() or device_path.exists():
            raise JournalError(f"{folder} holds the keys of a journal already: restore into an empty folder")
        device = _new_device_key(device_path)
        return cls._made(folder, device, {**keys, _fresh_number(keys): os.urandom(KEY_BYTES)}, now)

    @classmethod
    def _made(cls, folder: Path, device: bytes, keys: Mapping[int, bytes], now: datetime | None) -> Vault:
        """With the last of ``keys`` as the current one."""
        made_at = now or datetime.now(UTC)
        rows = [_Key(number, made_at, [_wrapped(device, number, key)]) for number, key in keys.items()]
        vault = cls(folder, device, _File(_FORMAT, rows[-1].number, rows))
        vault._write(vault._file)
        vault._unwrap()
        return vault

    @property
    def current(self) -> int:
        """The number of the key that seals."""
        return self._file.current

    @property
    def current_since(self) -> datetime:
        """When the key that seals was made."""
        return next(key.made_at for key in self._file.keys if key.number == self._file.current)

    @property
    def keys(self) -> Mapping[int, bytes]:
        """Every data key by its number, in clear: for a backup, which seals them anew. Never written or logged as they are."""
        return dict(self._keys)

    def key(self, number: int) -> bytes:
        """The data key of that number, in clear.

        Raises:
            JournalError: there is no such key.
        """
        self._cipher(number)
        return self._keys[number]

    def seal(self, key: int, nonce: bytes, plain: bytes, aad: bytes) -> bytes:
        """``plain`` encrypted, with its tag of 16 bytes behind. A nonce must not come twice with one key.

        Raises:
            JournalError: there is no such key.
        """
        return self._cipher(key).encrypt(nonce, plain, aad)

    def open_sealed(self, key: int, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
        """What :meth:`seal` was given.

        Raises:
            JournalDamaged: ``sealed``, ``nonce`` or ``aad`` was altered.
            JournalError: there is no such key.
        """
        try:
            return self._cipher(key).decrypt(nonce, sealed, aad)
        except (InvalidTag, ValueError) as error:
            raise JournalDamaged(
                "a sealed part of the journal was altered: keep the file, and restore a backup"
            ) from error

    def rotate(self, now: datetime) -> int:
        """Make a new data key, seal with it from now on, and tell its number. Old ones go on opening what they sealed.

        Raises:
            JournalError: it cannot be written; the old key stays the current one.
        """
        number = _fresh_number(self._keys)
        row = _Key(number, now, [_wrapped(self._device, number, os.urandom(KEY_BYTES))])
        file = _File(_FORMAT, number, [*self._file.keys, row])
        self._write(file)
        self._file = file
        self._unwrap()
        return number

    def change_device_key(self) -> None:
        """Make a new device key and wrap every data key with it; what is sealed stays as it is.

        Raises:
            JournalError: it cannot be written; old or new, what is on the disk fits together.
        """
        device = os.urandom(KEY_BYTES)
        fresh = {number: _wrapped(device, number, key) for number, key in self._keys.items()}
        both = [_Key(key.number, key.made_at, [*key.wraps, fresh[key.number]]) for key in self._file.keys]
        alone = [_Key(key.number, key.made_at, [fresh[key.number]]) for key in self._file.keys]
        self._write(_File(_FORMAT, self._file.current, both))
        try:
            files.replace(self._folder / DEVICE_FILE, device.hex().encode() + b"\n")
        except OSError as error:
            raise JournalError(f"{DEVICE_FILE} cannot be written: {error.strerror}") from error
        self._device, self._file = device, _File(_FORMAT, self._file.current, alone)
        self._write(self._file)

    def _cipher(self, number: int) -> AESGCM:
        cipher = self._ciphers.get(number)
        if cipher is not None:
            return cipher
        # beside a running edge that has rotated since we looked
        self._device, self._file = _device_key(self._folder / DEVICE_FILE), _read(self._folder / KEYS_FILE)
        self._unwrap()
        if number not in self._ciphers:
            raise JournalError(f"{KEYS_FILE} lacks the data key {number} of this journal: {_RESTORE}")
        return self._ciphers[number]

    def _unwrap(self) -> None:
        device = _fingerprint(self._device)
        for key in self._file.keys:
            if key.number in self._ciphers:
                continue
            wrap = next((wrap for wrap in key.wraps if wrap.device == device), None)
            if wrap is None:
                raise JournalError(f"{KEYS_FILE} was wrapped by another device key than {DEVICE_FILE}: {_RESTORE}")
            plain = _unwrapped(self._device, key.number, wrap)
            self._keys[key.number] = plain
            self._ciphers[key.number] = AESGCM(plain)
        if self._file.current not in self._ciphers:
            raise JournalError(f"{KEYS_FILE} lacks its current key: {_RESTORE}")

    def _write(self, file: _File) -> None:
        try:
            files.replace(self._folder / KEYS_FILE, msgspec.json.format(msgspec.json.encode(file)) + b"\n")
        except OSError as error:
            raise JournalError(f"{KEYS_FILE} cannot be written: {error.strerror}") from error


def _read(path: Path) -> _File:
    try:
        if path.stat().st_size > KEYS_FILE_BYTES_MAX:
            raise JournalError(f"{path.name} is too large to be the journal's keys: {_RESTORE}")
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError as error:
        raise JournalError(f"{path.name} is gone, and without it the journal cannot be read: {_RESTORE}") from error
    except OSError as error:
        raise JournalError(f"{path.name} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise JournalError(f"{path.name} is damaged: {_RESTORE}") from error
    if file.format != _FORMAT:
        raise JournalError(f"{path.name} has format {file.format}; this edge reads {_FORMAT}")
    return file


def _device_key(path: Path) -> bytes:
    try:
        mode, text = path.stat().st_mode, path.read_bytes()
    except FileNotFoundError as error:
        raise JournalError(f"{path.name} is gone, and without it the journal cannot be read: {_RESTORE}") from error
    except OSError as error:
        raise JournalError(f"{path.name} cannot be read: {error.strerror}") from error
    if platform.others_may_read(mode):
        raise JournalError(f"{path} can be read by other accounts: chmod 600 {path}")
    try:
        key = bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise JournalError(f"{path.name} is damaged: {_RESTORE}")
    return key


def _new_device_key(path: Path) -> bytes:
    key = os.urandom(KEY_BYTES)
    try:
        files.replace(path, key.hex().encode() + b"\n")
    except OSError as error:
        raise JournalError(f"{path.name} cannot be written: {error.strerror}") from error
    return key


def _fresh_number(taken: Mapping[int, bytes]) -> int:
    while (number := secrets.randbelow(_NUMBER_MAX) + 1) in taken:
        pass
    return number


def _wrapped(device: bytes, number: int, key: bytes) -> _Wrap:
    nonce, name = os.urandom(NONCE_BYTES), _fingerprint(device)
    return _Wrap(name, nonce + AESGCM(device).encrypt(nonce, key, _bound(number, name)))


def _unwrapped(device: bytes, number: int, wrap: _Wrap) -> bytes:
    nonce, sealed = wrap.sealed[:NONCE_BYTES], wrap.sealed[NONCE_BYTES:]
    try:
        return AESGCM(device).decrypt(nonce, sealed, _bound(number, wrap.device))
    except (InvalidTag, ValueError) as error:
        raise JournalError(f"{KEYS_FILE} is damaged: {_RESTORE}") from error


def _bound(number: int, device: str) -> bytes:
    return _PURPOSE + number.to_bytes(4, "big") + device.encode()


def _fingerprint(device: bytes) -> str:
    """Names a device key without telling it."""
    return hashlib.sha256(b"pishkhan device key" + device).hexdigest()[:16]
