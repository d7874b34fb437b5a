"""PURE: takes out of plain values whatever could name a person, for a file that leaves the house: the last guard, behind an allow-list of what goes in.

Numbers of seven digits and more (identity numbers, cards, cases, telephones), also when they are written in groups or in another script's digits; every letter
outside ASCII; addresses of e-mail. Instants stay, and digests (40 to 64 hexadecimal digits).
"""

from __future__ import annotations

import re
from typing import Any

GONE = "•"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?)?")
_DIGEST = re.compile(r"(?=[0-9]*[a-f])[0-9a-f]{40,64}")
_NUMBER = re.compile(r"\d(?:[ \-/_]?\d){6,}")
_FOREIGN = re.compile(r"[^\x20-\x7e]+")
_MAIL = re.compile(r"[\w.+-]+@[\w.-]+")


def scrubbed(value: Any) -> Any:
    """``value`` (JSON's kinds) without them, in keys and in values; numbers beyond six digits that are counts of ours stay."""
    match value:
        case str():
            return value if _INSTANT.fullmatch(value) or _DIGEST.fullmatch(value) else _text(value)
        case dict():
            return {_text(str(name)): scrubbed(part) for name, part in value.items()}
        case list() | tuple():
            return [scrubbed(part) for part in value]
        case _:
            return value


def _text(text: str) -> str:
    return _FOREIGN.sub(GONE, _NUMBER.sub(GONE, _MAIL.sub(GONE, text)))
