"""Settlements that somebody was answered, read from a file: what the HIS got (a reply's body, or its answer alone), as JSON."""

from __future__ import annotations

from pathlib import Path

import msgspec

from central_sync.benefits.document import Settled
from central_sync.rulebook.strict import RulebookError
from central_sync.terms.money import CURRENCIES

FILE_BYTES_MAX = 8 * 1024 * 1024
_DEEP_MAX = 4


def answer(file: Path) -> Settled:
    """The settlement in ``file``.

    Raises:
        RulebookError: it is none; names what is wrong, never a value.
    """
    if file.stat().st_size > FILE_BYTES_MAX:
        raise RulebookError(file.name, "document", "is too large for one settlement")
    try:
        found = msgspec.json.decode(file.read_bytes())
        for _ in range(_DEEP_MAX):
            if isinstance(found, dict) and "patient_trace" not in found and isinstance(found.get("answer"), dict):
                found = found["answer"]
        settled = msgspec.convert(found, Settled)
    except msgspec.ValidationError as error:
        where = str(error).partition(" - at ")[2].strip("`")
        raise RulebookError(file.name, where or "document", "is no settlement's answer") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RulebookError(file.name, "document", "is not JSON") from None
    if settled.currency not in CURRENCIES:
        raise RulebookError(file.name, "currency", "is not known")
    return settled
