"""Reading the previous wire version: its plain maps are lifted, step by step, to the present shape.

Version 2 knew no lives, receipts, renewals and roots. What version 3 added to its messages may be left out, so no map has to be
changed; a batch that says 2 gets an answer that says 2, without a signature.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from central_sync.wire.limits import WIRE_VERSION, WIRE_VERSION_OLDEST
from central_sync.wire.refusals import Refused

Plain = dict[str, Any]

LIFTS: dict[tuple[str, int], Callable[[Plain], Plain]] = {}
"""(message, version) → how that version's map becomes the next version's; no entry: the shape did not change."""


def lifted(plain: object, kind: type) -> object:
    """``plain`` in the present shape of ``kind``; messages without a version pass as they are.

    Raises:
        Refused: ``version_unsupported`` or ``packet_invalid``.
    """
    if not isinstance(plain, dict) or "version" not in plain:
        return plain
    version = plain["version"]
    if not isinstance(version, int) or not WIRE_VERSION_OLDEST <= version <= WIRE_VERSION:
        raise Refused("version_unsupported", f"this end reads {WIRE_VERSION_OLDEST} to {WIRE_VERSION}")
    for step in range(version, WIRE_VERSION):
        lift = LIFTS.get((kind.__name__, step))
        try:
            plain = lift(plain) if lift else plain
        except (KeyError, TypeError, AttributeError) as error:
            raise Refused("packet_invalid", f"version {step}") from error
    return plain
