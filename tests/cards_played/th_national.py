"""A Thai national ID card: a field answers only as a whole, and its bytes are fetched with GET RESPONSE."""

from __future__ import annotations

from tests.cards_played.manners import BY_61, NO_INSTRUCTION, NOT_FOUND, OK, PlayedCard, data_of

NATIONAL, INSURANCE = bytes.fromhex("A000000054480001"), bytes.fromhex("A000000054480083")
NUMBER = "1234567890121"
PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(1, 256)) * 19 + b"\xff\xd9"
PHOTO_PLACES = [
    0x017B, 0x027A, 0x0379, 0x0478, 0x0577, 0x0676, 0x0775, 0x0874, 0x0973, 0x0A72,
    0x0B71, 0x0C70, 0x0D6F, 0x0E6E, 0x0F6D, 0x106C, 0x116B, 0x126A, 0x1369, 0x1468,
]  # fmt: skip


def padded(text: str, width: int) -> bytes:
    return text.encode("tis-620").ljust(width)


def national_fields() -> dict[int, bytes]:
    photo = PHOTO.ljust(5100)
    return {
        0x0004: padded(NUMBER, 0x0D),
        0x0011: padded("นาย#สมชาย##ใจดี", 0x64),
        0x0075: padded("Mr.#Somchai##Jaidee", 0x64),
        0x00D9: padded("25231231", 8),
        0x00E1: b"1",
        0x00F6: padded("ท้องถิ่นเขตบางรัก/กรุงเทพมหานคร", 0x64),
        0x0167: padded("25620415", 8),
        0x016F: padded("25700414", 8),
        0x1579: padded("99/1#หมู่ที่ 2####ตำบลสมมุติ#อำเภอสมมุติ#จังหวัดสมมุติ", 0x64),
        **{place: photo[n * 255 : n * 255 + 255] for n, place in enumerate(PHOTO_PLACES)},
    }


def insurance_fields() -> dict[int, bytes]:
    return {
        0x0004: padded("สิทธิหลักประกันสุขภาพแห่งชาติ", 0x3C),
        0x0040: padded("ผู้มีรายได้น้อย", 0x64),
        0x00A4: padded("รพ.สมมุติ", 0x50),
        0x00F4: padded("รพ.สต.สมมุติ", 0x50),
        0x0144: b"1",
        0x0145: padded("25630101", 8),
        0x014D: padded("99999999", 8),
        0x0155: padded("25640101", 8),
        0x015D: b"3",
    }


class Card(PlayedCard):
    """The card; its fields may be changed, and ``insurance`` emptied."""

    atr = bytes.fromhex("3B791800005448204E4944203131")

    def __init__(self) -> None:
        self.national, self.insurance = national_fields(), insurance_fields()
        super().__init__()
        self.way = BY_61

    def reset(self) -> None:
        super().reset()
        self.fields: dict[int, bytes] = {}

    def _answer(self, command: bytes) -> bytes:
        if command[:4] == bytes.fromhex("00A40400"):
            self.fields = {NATIONAL: self.national, INSURANCE: self.insurance}.get(data_of(command), {})
            return bytes.fromhex("6F088406A00000005448") + OK if self.fields else NOT_FOUND
        if command[:2] == bytes.fromhex("80B0") and len(command) == 7 and command[4:6] == bytes.fromhex("0200"):
            found = self.fields.get(int.from_bytes(command[2:4]))
            return bytes.fromhex("6B00") if found is None else found + OK
        return NO_INSTRUCTION


class OtherCard(Card):
    """Of the batch that fetches with P2 = 01."""

    atr = bytes.fromhex("3B6700002920006F789000")
    fetch_p2 = 0x01
