"""PURE: the address of a reader on a serial port, as it stands in edge.toml.

``PORT?kind=…&…``, like the query of a web address, but taken literally; every word has a default but ``kind``::

    address = "/dev/ttyUSB0?kind=sdt"  # a SAM-V reader of Chinese ID cards
    address = "COM3?kind=sdt&speed=9600&y2023=yes"
    address = "/dev/ttyACM0?kind=scanner&expects=ir_national_code"
    address = "/dev/serial/by-id/usb-Maker_Scanner?kind=scanner&expects=ir_national_code,token&pause_ms=80"

``speed``: bits a second, 115200 (a SAM-V's own) or 9600 (a scanner's). A port under /dev/serial/by-id stays the same one wherever it is plugged in.

Of ``kind=sdt``
    ``y2023``: ``yes`` to read foreigners' permanent residence cards of 2023 too.

Of ``kind=scanner``
    ``expects``: what is scanned here, the kinds of identifier in the order of trying, and ``token`` for any other text of one word. All kinds, if left out.
    ``pause_ms``: a line ends with CR, LF, or when nothing came for so long; 500, less for a scanner that sends no line end.
    ``kept_s``: how long a scan waits for who reads it, as a card lies on a reader; 20.
"""

from __future__ import annotations

from typing import NamedTuple

from central_sync.terms.identifiers import KINDS

SDT, SCANNER, TOKEN = "sdt", "scanner", "token"
SPEEDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400)
DEFAULT_SPEEDS = {SDT: 115200, SCANNER: 9600}
PAUSE_MS_MIN, PAUSE_MS_MAX = 20, 5_000
KEPT_S_MAX = 300
WORDS = {SDT: {"kind", "speed", "y2023"}, SCANNER: {"kind", "speed", "expects", "pause_ms", "kept_s"}}


class BadAddress(Exception):
    """The text says what to write."""


class LineAddress(NamedTuple):
    """What the words say."""

    port: str
    kind: str
    speed: int
    y2023: bool = False
    expects: tuple[str, ...] = tuple(KINDS)
    pause_s: float = 0.5
    kept_s: float = 20.0


def parse(text: str) -> LineAddress:
    """The address that ``text`` writes.

    Raises:
        BadAddress: no port, an unknown word or kind, a number out of its bounds.
    """
    port, _, query = text.partition("?")
    words = {name: value for name, _, value in (word.partition("=") for word in query.split("&"))} if query else {}
    kind = words.get("kind", "")
    if not port or kind not in WORDS:
        raise BadAddress("write PORT?kind=sdt or PORT?kind=scanner")
    if unknown := sorted(set(words) - WORDS[kind]):
        raise BadAddress(
            f"a reader of kind {kind} has no {', '.join(unknown)}; it has {', '.join(sorted(WORDS[kind]))}"
        )
    expects = tuple(words.get("expects", ",".join(KINDS)).split(","))
    if strange := [one for one in expects if one not in KINDS and one != TOKEN]:
        raise BadAddress(f"expects has no {', '.join(strange)}; it has {', '.join([*KINDS, TOKEN])}")
    speed = _number(words, "speed", DEFAULT_SPEEDS[kind], SPEEDS[0], SPEEDS[-1])
    if speed not in SPEEDS:
        raise BadAddress(f"speed is one of {', '.join(map(str, SPEEDS))}")
    if words.get("y2023", "no") not in ("yes", "no"):
        raise BadAddress("y2023 is yes or no")
    return LineAddress(
        port=port,
        kind=kind,
        speed=speed,
        y2023=words.get("y2023") == "yes",
        expects=expects,
        pause_s=_number(words, "pause_ms", 500, PAUSE_MS_MIN, PAUSE_MS_MAX) / 1000,
        kept_s=_number(words, "kept_s", 20, 1, KEPT_S_MAX),
    )


def _number(words: dict[str, str], name: str, otherwise: int, least: int, most: int) -> int:
    text = words.get(name, str(otherwise))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise BadAddress(f"{name} is a number from {least} to {most}")
    return int(text)
