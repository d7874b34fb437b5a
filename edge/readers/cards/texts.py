"""PURE: text as cards hold it: padding off, what cannot be seen off, never guessed at."""

from __future__ import annotations

import re
import unicodedata

from edge.readers.cards.conversation import CardFault

_PADDING = b" \x00\xff"
_BLANKS = ("Cc", "Zl", "Zp", "Zs")
_UNSEEN = ("Cf", "Cs")
_JOINERS = "\u200c\u200d"
_FILLERS = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and signs by their class, and blank."""
MARKS_MAX = 8
"""On one letter; Tibetan and Hebrew stack a few."""


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
    """``decoded`` as a person may be shown it: composed (NFC), each run of blanks and control characters as one space, none at the ends.

    What cannot be seen and changes how the rest is seen is taken out: direction marks and overrides, zero-width characters, fillers, tags. A joiner between
    two letters stays, because Persian and Indic names are written with it; so do private characters, with which rare Chinese names are. More marks on
    one letter than any script has are cut. Letters and digits are left as they are (no NFKC, which takes Thai vowels apart), and markup too:
    whoever shows a text escapes it. Doing it twice changes nothing.
    """
    kept: list[str] = []
    for place, character in enumerate(decoded):
        category = unicodedata.category(character)
        if category in _BLANKS:
            kept.append(" ")
        elif character in _JOINERS:
            if kept and _is(kept[-1], "LM") and _is(decoded[place + 1 : place + 2], "L"):
                kept.append(character)
        elif category not in _UNSEEN and character not in _FILLERS and ord(character) & 0xFFFE != 0xFFFE:
            kept.append(character)
    return re.sub(r"\s+", " ", _few_marks(unicodedata.normalize("NFC", "".join(kept)))).strip()


def _few_marks(composed: str) -> str:
    kept, marks = [], 0
    for character in composed:
        marks = marks + 1 if _is(character, "M") else 0
        if marks <= MARKS_MAX:
            kept.append(character)
    return "".join(kept)


def _is(character: str, classes: str) -> bool:
    return character != "" and unicodedata.category(character)[0] in classes


def parts(decoded: str, separator: str = "#") -> str:
    """What a card keeps apart with ``separator``, with single spaces between."""
    return tidy(decoded.replace(separator, " "))
