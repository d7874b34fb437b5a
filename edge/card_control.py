"""SHELL: what the control socket offers of card readers: how they are, and a card read for a technician.

Such a read is nobody's: it is not remembered, told to no stream, and proves nobody's presence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from central_sync.wire.refusals import Refused
from edge.control import Tell, Verb
from edge.readers.desks import Desks

READERS, READ_CARD = "readers", "read_card"
WAIT_S_MAX = 120.0


class CardControl:
    """The verbs of card readers."""

    def __init__(self, desks: Desks) -> None:
        self._desks = desks

    @property
    def verbs(self) -> Mapping[str, Verb]:
        """What the control socket offers."""
        return {READERS: self._readers, READ_CARD: self._read_card}

    async def _readers(self, _told: Mapping[str, Any], _tell: Tell) -> Mapping[str, Any]:
        return {"readers": msgspec.to_builtins(self._desks.rows())}

    async def _read_card(self, told: Mapping[str, Any], _tell: Tell) -> Mapping[str, Any]:
        wait_s = min(max(float(told["wait_s"]), 0.0), WAIT_S_MAX)
        try:
            reader, identity = await self._desks.look(str(told["reader"]), wait_s)
        except Refused as refusal:
            return {"code": refusal.code, "detail": refusal.detail}
        return {"reader": reader, "identity": msgspec.to_builtins(identity)}
