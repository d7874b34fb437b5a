"""PURE: the Chinese resident ID card and its three sisters, read through a SAM-V module (see ``sdt.py``).

The module reads 256 bytes of text (UTF-16LE, padded with blanks) and a photo of 1024 bytes that only its maker can decode. Two bytes at the same place
in every layout tell which card it is:

    * blank: a citizen's card;
    * ``I``: a foreigner's permanent residence card of 2017, with a number of its own kind;
    * ``J``: the residence card of somebody from Hong Kong, Macao or Taiwan, with a number like a citizen's;
    * ``Y``: a foreigner's permanent residence card of 2023. The widths of its fields come from a single source: it is read only when the
      technician has said so (``y2023``).

A card is found, selected and read anew each time; after a read it answers nobody until it was lifted. A new address that the police wrote onto the card
replaces the printed one; asking for it also tells whether a card that was read still lies there.
"""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

from msgspec import structs

from central_sync.terms import identifiers
from central_sync.wire.refusals import Refused
from edge.readers import Wanted
from edge.readers.cards import sdt
from edge.readers.cards.conversation import CardFault
from edge.readers.cards.dates import day
from edge.readers.cards.identity import CardIdentity

NAME = "cn_resident"
TEXT_BYTES = 256
TYPE_AT = 248
LATIN_CHARACTERS = 35
"""Of a card of 2023; the rest of a longer name stands in another field."""
TRIES = 3
NO_END = "长期"
SEXES = {"1": "male", "2": "female"}
CITIZEN = ("", "0")


class Layout(NamedTuple):
    """``card`` is the kind of card, ``number_kind`` of identifier; ``fields`` are names and widths in bytes, in order; ``nation``: of all its holders."""

    card: str
    number_kind: str
    fields: tuple[tuple[str, int], ...]
    nation: str = ""

    def texts(self, text: bytes) -> dict[str, str]:
        """The fields of ``text``, without their padding."""
        ends = accumulate(width for _, width in self.fields)
        return {
            name: _decoded(text[end - width : end])
            for (name, width), end in zip(self.fields, ends, strict=True)
            if name
        }


_FIRST = (("name", 30), ("sex", 2), ("", 4), ("birth", 16))
_DATES = (("from", 16), ("until", 16))
_LAST = (("type", 2), ("", 6))

LAYOUTS: dict[str, Layout] = {
    "": Layout(
        NAME,
        "cn_resident_number",
        (*_FIRST, ("address", 70), ("number", 36), ("issuer", 30), *_DATES, ("", 28), *_LAST),
        "CHN",
    ),
    "I": Layout(
        "cn_foreign_resident_2017",
        "cn_foreign_resident_number",
        (
            *(("latin", 120), ("sex", 2), ("number", 30), ("nation", 6), ("name", 30)),
            *(*_DATES, ("birth", 16), ("", 4), ("issuer", 8), *_LAST),
        ),
    ),
    "J": Layout(
        "cn_hmt_resident",
        "cn_resident_number",
        (
            *(*_FIRST, ("address", 70), ("number", 36), ("issuer", 30), *_DATES),
            *(("pass", 18), ("", 4), ("", 6), *_LAST),
        ),
        "CHN",
    ),
    "Y": Layout(
        "cn_foreign_resident_2023",
        "cn_foreign_resident_number",
        (*_FIRST, ("latin", 70), ("number", 36), ("", 30), *_DATES, ("latin_rest", 22), ("", 6), *_LAST),
    ),
}
"""Type → layout. Fields without a name are reserved, or of no use at a counter (an ethnic group, how often a card was replaced)."""


class Reading(NamedTuple):
    """Who the card names, and whether it ``answers`` after the read, so that it can be asked whether it still lies there."""

    identity: CardIdentity
    answers: bool


def read(wanted: Wanted, *, found: bool = False, y2023: bool = False) -> sdt.Talk[Reading | None]:
    """Read the card in the field; ``None`` if there is none that can be read. ``found``: it was found just now.

    Raises:
        CardFault: its bytes break the rules, or it refuses.
        Refused: it left, it is of another kind, or the reader does not answer.
    """
    last: sdt.Answer | None = None
    for turn in range(TRIES):
        seen = found and turn == 0
        if not seen:
            seen = _of_reader((yield sdt.FIND)).status == sdt.FOUND
        answer = _of_reader((yield sdt.SELECT))
        if answer.status == sdt.OK:
            answer = yield sdt.READ
            if answer.status == sdt.OK:
                text, photo = _parts(answer.data)
                named = identity(text, photo if wanted.photo else b"", y2023=y2023)
                return (yield from _with_new_address(named))
            if answer is sdt.SILENT:
                raise Refused("card_slow", "no answer to read")
        elif answer.status == sdt.SELECT_FAILED and not seen:
            _gone(last, found)
            return None
        last = _worth_another_turn(answer)
    if last is sdt.SILENT:
        raise Refused("reader_failed", last.meaning)
    if last is not None and last.status == sdt.SELECT_FAILED:
        raise Refused("card_unreadable", "a card is found but not selected: there may be more than one")
    raise CardFault(last.meaning if last else "no answer")


def lies() -> sdt.Talk[bool]:
    """Whether the card that was read, and answered then, still lies there."""
    answer = yield sdt.NEW_ADDRESS
    return answer.status in (sdt.OK, sdt.NO_SUCH_ITEM, sdt.DAMAGED.status)


def identity(text: bytes, photo: bytes = b"", *, y2023: bool = False) -> CardIdentity:
    """Who the 256 bytes of ``text`` name.

    Raises:
        CardFault: a wrong length, no text, a number or a date that is none.
        Refused: ``card_unknown``.
    """
    if len(text) != TEXT_BYTES:
        raise CardFault(f"a text of {len(text)} bytes")
    kind = _decoded(text[TYPE_AT : TYPE_AT + 2])
    layout = LAYOUTS.get("" if kind in CITIZEN else kind)
    if layout is None:
        raise Refused("card_unknown", f"a resident's card of type {text[TYPE_AT : TYPE_AT + 2].hex()}")
    if kind == "Y" and not y2023:
        raise Refused("card_unknown", "a permanent residence card of 2023: write y2023=yes in the reader's address")
    found = layout.texts(text)
    number = identifiers.checked(layout.number_kind, found["number"])
    if number is None:
        raise CardFault("the number fails its check")
    latin = (found.get("latin", "").ljust(LATIN_CHARACTERS) + found.get("latin_rest", "")).strip()
    birth = day(found["birth"])
    if birth is None:
        raise CardFault("no birth date")
    return CardIdentity(
        kind=layout.number_kind,
        number=number,
        card=layout.card,
        name=found["name"] or latin,
        latin_name=latin,
        birth_date=birth,
        sex=SEXES.get(found["sex"], ""),
        nationality=found.get("nation") or layout.nation or number[3:6],
        address=found.get("address", ""),
        card_number=found.get("pass", ""),
        issuer=found.get("issuer", ""),
        valid_from=day(found["from"]),
        valid_until=None if found["until"] == NO_END else day(found["until"]),
        photo=photo,
    )


def _with_new_address(found: CardIdentity) -> sdt.Talk[Reading]:
    answer = yield sdt.NEW_ADDRESS
    if answer.status == sdt.DAMAGED.status:
        answer = yield sdt.NEW_ADDRESS
    address = _decoded(answer.data) if answer.status == sdt.OK else ""
    current = structs.replace(found, address=address) if address else found
    return Reading(current, answer.status in (sdt.OK, sdt.NO_SUCH_ITEM))


def _parts(data: bytes) -> tuple[bytes, bytes]:
    """Text and photo."""
    text_bytes, photo_bytes = int.from_bytes(data[:2]), int.from_bytes(data[2:4])
    if 4 + text_bytes + photo_bytes != len(data):
        raise CardFault("the lengths of text and photo do not fit the answer's")
    return data[4 : 4 + text_bytes], data[4 + text_bytes :]


def _of_reader(answer: sdt.Answer) -> sdt.Answer:
    """``answer`` to find or select: what is the reader's own failure, not the card's, ends the read."""
    if answer.status in (0x21, 0x23, 0x60, 0x66):
        raise Refused("reader_failed", answer.meaning)
    return answer


def _worth_another_turn(answer: sdt.Answer) -> sdt.Answer:
    """``answer``, if another turn may help: the card was not held still, or the line is bad."""
    if answer.status == sdt.WRONG_KIND:
        raise Refused("card_unknown", answer.meaning)
    if answer.status in (0x31, 0x32, 0x33):
        raise CardFault(answer.meaning)
    return answer


def _gone(last: sdt.Answer | None, found: bool) -> None:
    """Nothing is found or selected any more: it was lifted, or lies there since it was read."""
    if last is sdt.DAMAGED:
        raise CardFault("the answer came with a wrong checksum; lift the card and put it down again")
    if found or last is not None:
        raise Refused("card_removed", "during the read")


def _decoded(field: bytes) -> str:
    """A field's text, without its padding.

    Raises:
        CardFault: it is no UTF-16LE, or holds control characters.
    """
    try:
        text = field.decode("utf-16-le").strip(" \0\u3000")
    except UnicodeDecodeError:
        # its text would quote the card's bytes
        raise CardFault("a text that is no UTF-16LE") from None
    if not all(c.isprintable() or c == "\u3000" or _private(c) for c in text):
        raise CardFault("a text with control characters")
    return text


def _private(character: str) -> bool:
    """Rare characters of names live in the private areas."""
    return 0xE000 <= ord(character) <= 0xF8FF or ord(character) >= 0xF0000
