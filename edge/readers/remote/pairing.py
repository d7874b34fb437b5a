"""PURE: how a PC is paired with its edge, as both sides write it.

The code that a technician types is that of ``central_sync.wire.enrolment``: a secret of ten bytes, used once, and the first sixteen bytes of the
fingerprint of the certificate that the edge's agents' port shows. The PC looks at the certificate first and sends nothing to any other.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from central_sync.wire.enrolment import SECRET_BYTES

PAIR_PATH = "/agents/v1/pair"
LINE_PATH = "/agents/v1/line"
ASKED_BYTES_MAX = 4096
ANSWER_BYTES_MAX = 4096
KEY_CHARACTERS_MIN = 43
"""32 random bytes in base 64."""


class PairAsked(Struct, frozen=True, kw_only=True):
    """What the PC sends: the code's secret (hexadecimal), and the key that it has made for itself."""

    secret: Annotated[str, Meta(pattern=f"^[0-9a-f]{{{2 * SECRET_BYTES}}}$")]
    key: Annotated[str, Meta(pattern=rf"^[A-Za-z0-9_-]{{{KEY_CHARACTERS_MIN},128}}$")]


class PairAnswer(Struct, frozen=True, kw_only=True):
    """What the edge answers: the PC's name here, the institution, and its IANA zone."""

    name: str
    institution: str
    zone: str
