"""A bank card: directory, application, processing options, records."""

from __future__ import annotations

from tests.cards_played.manners import NO_INSTRUCTION, NO_RECORD, NOT_FOUND, OK, PlayedCard, data_of

PAN = "4111111111111111"
VISA, MASTERCARD, AMEX, UNIONPAY = "A0000000031010", "A0000000041010", "A00000002501", "A000000333010101"
PSE, PPSE = b"1PAY.SYS.DDF01", b"2PAY.SYS.DDF01"
NOT_SATISFIED = bytes.fromhex("6985")


def tlv(tag: str, value: bytes) -> bytes:
    length = bytes([len(value)]) if len(value) < 0x80 else bytes([0x81, len(value)])
    return bytes.fromhex(tag) + length + value


def pan_record(pan: str = PAN) -> bytes:
    digits = pan + "F" * (len(pan) % 2)
    return tlv("70", tlv("5F24", bytes.fromhex("301231")) + tlv("5A", bytes.fromhex(digits)) + tlv("5F20", b"NOBODY/A"))


def track_record(pan: str = PAN) -> bytes:
    track = pan + "D30122010000012345678"
    return tlv("70", tlv("57", bytes.fromhex(track + "F" * (len(track) % 2))))


class Card(PlayedCard):
    """The card. ``directory`` is ``pse``, ``ppse`` or nothing; ``pdol`` what the application asks for; ``records`` by file and number."""

    atr = bytes.fromhex("3B6500002063CBAB00")

    def __init__(self, aid: str = VISA) -> None:
        self.aid = bytes.fromhex(aid)
        self.directory = "pse"
        self.pdol = b""
        self.format_2 = False
        self.locator = bytes.fromhex("08010100 10010200".replace(" ", ""))
        self.records = {(1, 1): tlv("70", tlv("5F28", b"\x08\x40")), (2, 1): tlv("70", b""), (2, 2): pan_record()}
        super().__init__()

    def reset(self) -> None:
        super().reset()
        self.chosen, self.ready = b"", False

    def _answer(self, command: bytes) -> bytes:
        match command[1]:
            case 0xA4:
                return self._select(data_of(command))
            case 0xA8:
                return self._options(data_of(command))
            case 0xB2:
                return self._record(command[2], command[3] >> 3) if command[3] & 0x07 == 0x04 else bytes.fromhex("6A86")
        return NO_INSTRUCTION

    def _select(self, name: bytes) -> bytes:
        entry = tlv("61", tlv("4F", self.aid) + tlv("50", b"MADE UP") + tlv("87", b"\x01"))
        self.chosen, self.ready = name, False
        if name == PSE and self.directory == "pse":
            return tlv("6F", tlv("84", PSE) + tlv("A5", tlv("88", b"\x01"))) + OK
        if name == PPSE and self.directory == "ppse":
            return tlv("6F", tlv("84", PPSE) + tlv("A5", tlv("BF0C", entry))) + OK
        if name == self.aid:
            return (
                tlv(
                    "6F",
                    tlv("84", name) + tlv("A5", tlv("50", b"MADE UP") + (tlv("9F38", self.pdol) if self.pdol else b"")),
                )
                + OK
            )
        return NOT_FOUND

    def _options(self, data: bytes) -> bytes:
        asked = sum(self.pdol[at + 2] for at in range(0, len(self.pdol), 3))
        if self.chosen != self.aid or data != tlv("83", bytes(asked)):
            return NOT_SATISFIED
        self.ready = True
        options = bytes.fromhex("1980")
        if self.format_2:
            return tlv("77", tlv("82", options) + tlv("94", self.locator)) + OK
        return tlv("80", options + self.locator) + OK

    def _record(self, number: int, sfi: int) -> bytes:
        if self.chosen == PSE and sfi == 1 and self.directory == "pse":
            entry = tlv("70", tlv("61", tlv("4F", self.aid) + tlv("50", b"MADE UP")))
            return entry + OK if number == 1 else NO_RECORD
        found = self.records.get((sfi, number)) if self.ready else None
        return NO_RECORD if found is None else found + OK
