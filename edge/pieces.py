"""PURE: whether a piece of a bundle goes on with the file that was begun.

Rules
    * Pieces of one file belong together. So do pieces of two files that differ in their head alone: processes of one hub sign the same body
      each with its own signer. The head stays that of the file that was begun; the body is known by its digest.
    * Whatever is put together here is judged as a whole before it is used (bundles.py): a mistake costs a fetch, never a wrong rulebook.
"""

from __future__ import annotations

from dataclasses import dataclass

from central_sync.wire.limits import BUNDLE_HEAD_BYTES_MAX
from central_sync.wire.messages import BundlePart

_HEAD_BYTES_MAX = BUNDLE_HEAD_BYTES_MAX + 64


@dataclass(frozen=True, slots=True)
class Begun:
    """The beginning of a file that is here: its digest, how long the beginning is, and, as soon as its head is whole (else 0 and empty), its
    number, the digest of its body, and where that begins.
    """

    digest: bytes = b""
    length: int = 0
    number: int = 0
    body: bytes = b""
    head_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Fit:
    """How a piece goes on: what of it is here already (negative: so much is missing between), and how long the file that was begun is.
    ``apart``: by how much the heads of the two files differ in length; ``None``: it is a piece of the same file.
    """

    skip: int
    total: int
    apart: int | None = None


def fit(begun: Begun, part: BundlePart) -> Fit | None:
    """How ``part`` goes on with what was begun; ``None``: it is of another content."""
    if part.digest == begun.digest:
        return Fit(begun.length - part.offset, part.total)
    same = part.body == begun.body and part.number == begun.number
    if not (same and begun.body and 0 < begun.head_bytes <= begun.length and 0 < part.head_bytes <= _HEAD_BYTES_MAX):
        return None
    shift = part.head_bytes - begun.head_bytes
    return Fit(begun.length + shift - part.offset, part.total - shift, abs(shift))
