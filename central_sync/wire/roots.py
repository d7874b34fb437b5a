"""PURE: the one root a day that both sides sign, as bytes.

The edge signs ``statement``: this journal held, of that day, these records under this root. The hub signs ``countersigned``: that
statement was here, signed by its edge, at that instant. All numbers are big-endian.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime

from central_sync.wire.limits import DIGEST_BYTES, LIFE_BYTES
from central_sync.wire.messages import DayRoot
from central_sync.wire.receipts import microseconds

DOMAIN = b"pishkhan day root 3\x00"
DOMAIN_COUNTERSIGNED = b"pishkhan day root countersigned 3\x00"


def statement(institution: str, life: bytes, day: date, first: int, last: int, root: bytes) -> bytes:
    """What the edge signs: ``DOMAIN`` || length of the institution (1 byte) || institution || life (16) || day as YYYY-MM-DD (10) ||
    first (8) || last (8) || root (32).
    """
    name = institution.encode()
    assert len(name) < 256
    assert len(life) == LIFE_BYTES
    assert len(root) == DIGEST_BYTES
    return b"".join(
        (
            DOMAIN,
            bytes([len(name)]),
            name,
            life,
            day.isoformat().encode(),
            first.to_bytes(8, "big"),
            last.to_bytes(8, "big"),
            root,
        )
    )


def countersigned(institution: str, root: DayRoot, signed_at: datetime) -> bytes:
    """What the hub signs: ``DOMAIN_COUNTERSIGNED`` || SHA-256(statement) || microseconds since 1970 (8). The edge's signature is no part of
    it: it differs each time, and a root that is offered again gets the same answer.
    """
    stated = statement(institution, root.life, root.day, root.first, root.last, root.root)
    return b"".join(
        (
            DOMAIN_COUNTERSIGNED,
            hashlib.sha256(stated).digest(),
            microseconds(signed_at).to_bytes(8, "big"),
        )
    )
