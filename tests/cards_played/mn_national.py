"""A Mongolian ID card: a folder with a file of the citizen and one of the photo; the contactless batch numbers the files otherwise."""

from __future__ import annotations

from tests.cards_played.folders import Folder, FolderCard

NUMBER = "УБ90123101"
JPEG_2000 = bytes.fromhex("0000000C6A5020200D0A870A") + bytes(range(256)) * 20
FIELDS = {
    0x01: NUMBER,
    0x02: "19901231",
    0x03: "Эмэгтэй",
    0x04: "Сарнай",
    0x05: "Батын",
    0x06: "Боржигон",
    0x07: "20331231",
    0x08: "20240115",
    0x09: "Улсын бүртгэлийн ерөнхий газар",
    0x0A: "Улаанбаатар, Хан-Уул",
    0x0B: "110000000000",
    0x0C: "E12345678",
    0x0D: "Улаанбаатар, Хан-Уул дүүрэг, 1-р хороо, Туршилтын гудамж 1-1",
}


def file(fields: dict[int, str | bytes], padding: bytes = b"") -> bytes:
    """Each field as tag (1), length (2, the high byte first), UTF-8."""
    whole = b""
    for tag, value in fields.items():
        raw = value.encode() if isinstance(value, str) else value
        whole += bytes([tag]) + len(raw).to_bytes(2) + raw
    return whole + padding


class MongolianCard(FolderCard):
    """The card; ``change`` writes its file anew."""

    atr = bytes.fromhex("3B6800004D4E474E49440000")
    first = 0x0101

    def __init__(self) -> None:
        self.df = Folder({self.first: file({**FIELDS}), self.first + 1: b"\x0e\x00\x00\x00\x00" + JPEG_2000})
        super().__init__(Folder({0xDF01: self.df}))

    def change(self, fields: dict[int, str | bytes], padding: bytes = b"") -> None:
        self.df.children[self.first] = file({**FIELDS, **fields}, padding)


class ContactlessCard(MongolianCard):
    """The batch that is also read over the air."""

    atr = bytes.fromhex("3B7F96000080318065B085050011120FFF829000")
    first = 0x0201
