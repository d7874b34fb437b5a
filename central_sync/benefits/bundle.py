"""A rulebook as text: one body of bytes, the same for the same content, and back. Its hash is the rulebook's version.

PURE. The body is JSON with sorted keys; ratios are text (``9/10``). The version is the SHA-256 of the body with an empty version, so
two rulebooks of one version say the same to the letter. ``compiled.py`` is the form in which it is kept and sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import msgspec

from central_sync.benefits.parameters import Rulebook


class BundleBroken(ValueError):
    """The bytes are no rulebook, or not the one whose version they name."""


def packed(rulebook: Rulebook) -> bytes:
    """``rulebook`` as bytes."""
    return msgspec.json.encode(rulebook, enc_hook=_text, order="sorted")


def unpacked(body: bytes) -> Rulebook:
    """The rulebook in ``body``.

    Raises:
        BundleBroken: shape or version is wrong.
    """
    rulebook = shaped(body)
    if versioned(rulebook).version != rulebook.version:
        raise BundleBroken("the content has another version")
    return rulebook


def shaped(body: bytes) -> Rulebook:
    """The rulebook in ``body``, whatever version it names: a signature vouches for it, or it is a part of another.

    Raises:
        BundleBroken: its shape is wrong.
    """
    try:
        return msgspec.json.decode(body, type=Rulebook, dec_hook=_ratio)
    except (msgspec.DecodeError, ValueError, ZeroDivisionError) as error:
        raise BundleBroken("not a rulebook") from error


def versioned(rulebook: Rulebook) -> Rulebook:
    """``rulebook`` with the version that its content has."""
    return replace(rulebook, version=hashlib.sha256(packed(replace(rulebook, version=""))).hexdigest())


def _text(value: Any) -> Any:
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)  # a catalogue that is decoded item by item
    raise NotImplementedError(type(value).__name__)


def _ratio(kind: type, value: Any) -> Fraction:
    if kind is Fraction and isinstance(value, str):
        return Fraction(value)
    raise NotImplementedError(kind.__name__)
