"""The enrolment code: what a technician types at the edge, so that hub and edge know each other before anything is trusted.

It holds a one-time secret (the hub knows the edge by it) and the beginning of the fingerprint of the hub's authority
(the edge knows the hub by it), and a check that catches a mistyped code before any of it is sent. Written in Crockford's
base 32 in groups of five: no I, L, O or U, so that it survives a telephone call. On the line the secret travels as
lower-case hexadecimal (:func:`secret_text`), and only to a hub whose authority has that fingerprint.
"""

from __future__ import annotations

import hashlib

SECRET_BYTES = 10
FINGERPRINT_BYTES = 16
_CHECK_BYTES = 2
_GROUP_CHARACTERS = 5
_CODE_CHARACTERS = 45
_CODE_CHARACTERS_TYPED_MAX = 200

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {c: i for i, c in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_PADDING_BITS = _CODE_CHARACTERS * 5 - (SECRET_BYTES + FINGERPRINT_BYTES + _CHECK_BYTES) * 8

assert 0 <= _PADDING_BITS < 5
assert _CODE_CHARACTERS % _GROUP_CHARACTERS == 0


class CodeMistyped(ValueError):
    """The text is no enrolment code: wrong length, characters or check. Its text never repeats the code."""


def fingerprint(authority_der: bytes) -> bytes:
    """The first 16 bytes of SHA-256 over the authority's certificate (DER): what the code carries of it."""
    return hashlib.sha256(authority_der).digest()[:FINGERPRINT_BYTES]


def secret_text(secret: bytes) -> str:
    """The secret as ``EnrolRequest.secret`` carries it: lower-case hexadecimal."""
    return secret.hex()


def renewal_text(signing_request: str) -> bytes:
    """What the key of a certificate that has ended signs, so that the hub believes the signing request (PEM) to be its edge's."""
    return b"pishkhan renewal 3\x00" + hashlib.sha256(signing_request.encode()).digest()


def make_code(secret: bytes, authority_der: bytes) -> str:
    """The code for a technician: nine groups of five, joined with dashes.

    Args:
        secret: ten random bytes, used once.
        authority_der: the certificate of the hub's authority, DER.
    """
    assert len(secret) == SECRET_BYTES
    held = secret + fingerprint(authority_der)
    number = int.from_bytes(held + _check(held), "big") << _PADDING_BITS
    text = "".join(_ALPHABET[number >> (5 * i) & 31] for i in reversed(range(_CODE_CHARACTERS)))
    return "-".join(text[i : i + _GROUP_CHARACTERS] for i in range(0, _CODE_CHARACTERS, _GROUP_CHARACTERS))


def read_code(text: str) -> tuple[bytes, bytes]:
    """``(secret, fingerprint)`` of a code as typed: any case, spaces and dashes anywhere, O for 0, I and L for 1.

    Raises:
        CodeMistyped: it is no code, or a character is wrong.
    """
    if len(text) > _CODE_CHARACTERS_TYPED_MAX:
        raise CodeMistyped("the code is too long")
    letters = "".join(c for c in text.upper() if not c.isspace() and c not in "-‐‑–—_")
    if len(letters) != _CODE_CHARACTERS:
        raise CodeMistyped(f"the code has {_CODE_CHARACTERS} letters and digits; {len(letters)} were given")
    number = 0
    for place, letter in enumerate(letters):
        value = _VALUES.get(letter)
        if value is None:
            raise CodeMistyped(f"character {place + 1} of the code is none that a code has")
        number = number << 5 | value
    held_bytes = SECRET_BYTES + FINGERPRINT_BYTES + _CHECK_BYTES
    if number & ((1 << _PADDING_BITS) - 1):
        raise CodeMistyped("the code is mistyped")
    held = (number >> _PADDING_BITS).to_bytes(held_bytes, "big")
    held, check = held[:-_CHECK_BYTES], held[-_CHECK_BYTES:]
    if _check(held) != check:
        raise CodeMistyped("the code is mistyped")
    return held[:SECRET_BYTES], held[SECRET_BYTES:]


def _check(held: bytes) -> bytes:
    return hashlib.sha256(b"pishkhan enrolment code\x00" + held).digest()[:_CHECK_BYTES]
