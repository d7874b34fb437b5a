"""A second factor: time-based codes (RFC 6238) of an app on somebody's phone, and recovery codes on paper.

Rules
    * A secret is made here, shown once, and kept sealed with a key that is not in the database; the account's name is sealed in, so that
      nobody's secret works for another.
    * A code is good in its half minute and the two beside it, compared in constant time, and only once: whoever looked over a shoulder comes too late.
    * A recovery code has 80 random bits, so that its digest tells nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import b32encode
from collections.abc import Sequence
from datetime import datetime

import pyotp
import segno
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ISSUER = "Pishkhan hub"
PURPOSE = b"pishkhan console second factor"
STEP_S = 30
STEPS_BESIDE = 1
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
NONCE_BYTES = 12
CODE_CHARACTERS_MAX = 40
_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")


class Sealed(Exception):
    """What was sealed cannot be opened: it is damaged, another account's, or from another authority."""


class Sealer:
    """Seals secrets with ``key`` (32 bytes)."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def sealed(self, secret: str, account: str) -> bytes:
        """``secret`` as the database may hold it."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), account.encode())

    def opened(self, sealed: bytes, account: str) -> str:
        """The secret.

        Raises:
            Sealed: see there.
        """
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], account.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise Sealed("a second factor cannot be opened") from error


def new_secret() -> str:
    """160 random bits, in base 32."""
    return pyotp.random_base32()


def address(secret: str, account: str) -> str:
    """What an app reads: ``otpauth://totp/…``."""
    return str(pyotp.TOTP(secret, interval=STEP_S).provisioning_uri(name=account, issuer_name=ISSUER))


def picture(text: str) -> str:
    """``text`` as a QR code, for a page: SVG without any style of its own."""
    code = segno.make(text, error="m", micro=False)
    return str(
        code.svg_inline(scale=4, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True)
    )


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code ``code`` is, if it is one of now; every step is compared, whichever fits."""
    typed = plain(code)
    totp, present, found = pyotp.TOTP(secret, interval=STEP_S), int(now.timestamp()) // STEP_S, None
    for step in range(present - STEPS_BESIDE, present + STEPS_BESIDE + 1):
        if pyotp.utils.strings_equal(typed, totp.generate_otp(step)):
            found = step
    return found


def plain(code: str) -> str:
    """A code as it was typed, without the spaces and dashes in it, in Latin digits."""
    kept = "".join(letter for letter in code[:CODE_CHARACTERS_MAX] if letter.isalnum())
    return kept.translate(_DIGITS).upper()


def new_recovery_codes() -> Sequence[str]:
    """Codes for a sheet of paper: four groups of four letters and digits."""
    return [_grouped(b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode()) for _ in range(RECOVERY_CODES)]


def recovery_hash(code: str) -> bytes:
    """What is kept of a recovery code."""
    return hashlib.sha256(plain(code).encode("utf-8", "surrogatepass")).digest()


def _grouped(text: str) -> str:
    return "-".join(text[place : place + 4] for place in range(0, len(text), 4))
