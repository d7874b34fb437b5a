"""PURE: what a barcode or QR scanner types: bytes → lines → an identity.

A line ends with CR, LF, or a pause. Around the number scanners put what nobody asked for: a symbology identifier (``]C1``), start and stop
characters, GS1 application identifiers with their separators, control characters. That is taken off; what is left must be, as a whole, an identifier of
a kind that is expected here and passes its check, or one word if tokens are expected. Nothing is searched for inside longer text, and nothing is
completed (a short barcode is no national code without its zeros): a number that happens to fit is nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from central_sync.terms import identifiers
from central_sync.wire.refusals import Refused
from edge.readers.cards.identity import CardIdentity
from edge.readers.serial_line.address import TOKEN

CARD = "scanned"
LINE_BYTES_MAX = 1024
TOKEN_CHARACTERS_MIN, TOKEN_CHARACTERS_MAX = 6, 512
TOO_LONG = b"\xff" * (LINE_BYTES_MAX + 1)
"""Stands for a line over the limit: it is no text."""

_ENDS = re.compile(rb"[\r\n]")
_SYMBOLOGY = re.compile(r"^\][A-Za-z][0-9A-Za-z]")
_CONTROLS = re.compile(r"[\x00-\x1c\x1e\x1f\x7f]")
_GS = "\x1d"
_GS1 = re.compile(r"^\((\d{2,4})\)")
_PLAIN_GS1 = re.compile(r"^(?:8017|8018|24[01]|21|9[0-9])")
"""Application identifiers that carry a number of somebody: service relations, additional ids, serials, what companies agree."""


class Lines:
    """Cuts what a scanner sends into lines; holds at most one line."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._over = False

    @property
    def begun(self) -> bool:
        """Whether a line is under way."""
        return bool(self._line) or self._over

    def feed(self, some: bytes) -> list[bytes]:
        """The lines that ``some`` more bytes end. Empty lines are none; one that is too long is :data:`TOO_LONG`."""
        *ended, rest = _ENDS.split(some)
        lines = []
        for part in ended:
            self._add(part)
            lines += self.end()
        self._add(rest)
        return lines

    def end(self) -> list[bytes]:
        """The line that is under way ends, because of a pause."""
        line = TOO_LONG if self._over else bytes(self._line)
        self._line.clear()
        self._over = False
        return [line] if line.strip(b" \t\0") else []

    def _add(self, part: bytes) -> None:
        if len(self._line) + len(part) > LINE_BYTES_MAX:
            self._line.clear()
            self._over = True
        if not self._over:
            self._line += part


def identity(line: bytes, expects: Sequence[str]) -> CardIdentity:
    """Whom ``line`` names, as one of the kinds that ``expects`` lists, the first that fits.

    Raises:
        Refused: ``card_unreadable``; the detail never quotes the line.
    """
    if len(line) > LINE_BYTES_MAX:
        raise Refused("card_unreadable", f"a line of over {LINE_BYTES_MAX} bytes")
    try:
        text = line.decode()
    except UnicodeDecodeError:
        # its text would quote the line
        raise Refused("card_unreadable", "a line that is no text") from None
    candidates = list(_candidates(text))
    for kind in expects:
        for candidate in candidates:
            if kind == TOKEN and _is_token(candidate):
                return CardIdentity(kind="", number="", card=CARD, card_number=candidate)
            number = identifiers.checked(kind, candidate)
            if number is not None and len(number) == len(identifiers.normalised(candidate)):
                return CardIdentity(kind=kind, number=number, card=CARD)
    raise Refused("card_unreadable", "a line that is nothing of what is expected here")


def _candidates(text: str) -> Iterator[str]:
    """What ``text`` may be without its wrapping, the plainest first."""
    bare = _CONTROLS.sub("", text).strip()
    without = _SYMBOLOGY.sub("", bare)
    elements = [element for element in without.split(_GS) if element]
    for element in elements if len(elements) <= 8 else []:
        yield element
        yield element.strip("*")
        if stripped := _GS1.sub("", element):
            yield stripped
        if (_GS in text or without != bare) and (stripped := _PLAIN_GS1.sub("", element)):
            yield stripped


def _is_token(text: str) -> bool:
    return (
        TOKEN_CHARACTERS_MIN <= len(text) <= TOKEN_CHARACTERS_MAX
        and text.isascii()
        and text.isprintable()
        and " " not in text
    )
