"""A piece of a bundle, as the simulated hub gives it."""

from __future__ import annotations

import hashlib
from datetime import datetime

from central_sync.wire.bundles import begun
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import BundlePart


def piece(file: bytes, number: int, offset: int, part_bytes: int, now: datetime, *, tells_body: bool) -> BundlePart:
    """The piece of ``file`` at ``offset``; an older hub's does not say which body it is of."""
    told = begun(file) if tells_body else None
    return BundlePart(
        version=WIRE_VERSION,
        hub_time=now,
        number=number,
        total=len(file),
        digest=hashlib.sha256(file).digest(),
        offset=offset,
        data=file[offset : offset + part_bytes],
        body=told[0].digest if told else b"",
        head_bytes=told[1] if told else 0,
    )
