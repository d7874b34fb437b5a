"""PURE: text in fields of fixed width: padding off, control characters off, never guessed at."""

from __future__ import annotations

import re
import unicodedata

from edge.readers.cards.conversation import CardFault

_PADDING = b" \x00\xff"


def text(field: bytes, encoding: str = "ascii") -> str:
    """The text of ``field``: decoded, composed (NFC), with single spaces, and none at the ends. NULs, spaces and FF at its end are padding.

    Raises:
        CardFault: its bytes are not of ``encoding``; the fault does not quote them.
    """
    try:
        decoded = field.rstrip(_PADDING).decode(encoding)
    except UnicodeDecodeError:
        # its text would quote the card's bytes
        raise CardFault(f"a text that is not {encoding}") from None
    return tidy(decoded)


def tidy(decoded: str) -> str:
    """``decoded`` composed (NFC), each run of blanks and control characters as one space, and none at the ends."""
    visible = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in decoded)
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", visible)).strip()


def parts(decoded: str, separator: str = "#") -> str:
    """What a card keeps apart with ``separator``, with single spaces between."""
    return tidy(decoded.replace(separator, " "))
