"""PURE: XML from a card, which nobody has vouched for: small, flat, without a document type and without entities.

What the parser cannot grow on is refused before it is looked at: a DOCTYPE ends the parse at once, so no entity is ever defined, expanded or fetched.
The result is not a tree but the text of each element by its path below the root, without namespaces: ``Versicherter/Person/Vorname``.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn
from xml.parsers import expat

from edge.readers.cards.conversation import CardFault

XML_BYTES_MAX = 32_768
ELEMENTS_MAX = 500
DEPTH_MAX = 16
TEXT_CHARACTERS_MAX = 1_000
ENCODINGS = {"iso-8859-15": "iso-8859-15", "iso-8859-1": "iso-8859-1", "us-ascii": "ascii", "utf-8": "utf-8"}
"""Declared encoding → ours. UTF-7, UTF-16 and the like only serve to hide something from whoever looks at the bytes."""
_DECLARED = re.compile(rb"<\?xml\b[^>]*?\bencoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")


class Document:
    """A parsed document: its ``root``'s local name, and the text of each element below it."""

    def __init__(self, root: str, texts: dict[str, list[str]]) -> None:
        self.root = root
        self._texts = texts

    def text(self, path: str) -> str:
        """The text at ``path``, without blanks at the ends; empty if there is no such element.

        Raises:
            CardFault: there are several, and nothing says which one counts.
        """
        found = self._texts.get(path, [])
        if len(found) > 1:
            raise CardFault("an element that may be there once is there several times")
        return found[0].strip() if found else ""

    def has(self, path: str) -> bool:
        """Whether there is an element at ``path``."""
        return path in self._texts


def parsed(data: bytes, default_encoding: str) -> Document:
    """The document in ``data``, which is in ``default_encoding`` unless it declares another one of :data:`ENCODINGS`.

    Raises:
        CardFault: it is none, or it is larger, deeper or cleverer than a card's may be.
    """
    if len(data) > XML_BYTES_MAX:
        raise CardFault(f"XML of over {XML_BYTES_MAX} bytes")
    builder = _Builder()
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.StartDoctypeDeclHandler = builder.refuse
    parser.EntityDeclHandler = builder.refuse
    parser.UnparsedEntityDeclHandler = builder.refuse
    parser.ExternalEntityRefHandler = builder.refuse
    parser.SkippedEntityHandler = builder.refuse
    try:
        parser.Parse(_as_utf8(data, default_encoding), True)
    except expat.ExpatError as error:
        # the parser's own text names a place, never what stands there
        raise CardFault(f"XML that is not well formed ({expat.ErrorString(error.code)})") from None
    return Document(builder.root, builder.texts)


def _as_utf8(data: bytes, default_encoding: str) -> bytes:
    declared = _DECLARED.match(data)
    name = declared[1].decode("ascii").lower() if declared else default_encoding
    if name not in ENCODINGS:
        raise CardFault("XML in an encoding that cards do not use")
    try:
        return data.decode(ENCODINGS[name]).encode()
    except UnicodeDecodeError:
        raise CardFault("XML that is not in the encoding that it declares") from None


class _Builder:
    """Collects texts by path, and stops at the first thing that a card's XML does not have."""

    def __init__(self) -> None:
        self.root = ""
        self.texts: dict[str, list[str]] = {}
        self._path: list[str] = []
        self._open: list[list[str]] = []
        self._elements = 0

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > ELEMENTS_MAX or len(self._path) >= DEPTH_MAX:
            raise CardFault("XML with too many elements, or too deep")
        local = name.rpartition(" ")[2]
        if not self.root:
            self.root = local
        self._path.append(local)
        self._open.append([])

    def end(self, _name: str) -> None:
        text = "".join(self._open.pop())
        if len(self._path) > 1:
            self.texts.setdefault("/".join(self._path[1:]), []).append(text)
        self._path.pop()

    def characters(self, text: str) -> None:
        parts = self._open[-1]
        parts.append(text)
        if sum(map(len, parts)) > TEXT_CHARACTERS_MAX:
            raise CardFault(f"a text of over {TEXT_CHARACTERS_MAX} characters")

    def refuse(self, *_arguments: Any) -> NoReturn:
        raise CardFault("XML with a document type or an entity")
