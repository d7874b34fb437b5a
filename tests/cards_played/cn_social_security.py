"""A Chinese social security card: two files of records that answer tag, length, value."""

from __future__ import annotations

from tests.cards_played.manners import NO_INSTRUCTION, NO_RECORD, NOT_FOUND, OK, PlayedCard, data_of

APPLICATION = bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")
NUMBER = "11010519491231002X"


def record(tag: int, value: bytes) -> bytes:
    return bytes([tag, len(value)]) + value


def card_file() -> dict[int, bytes]:
    return {
        1: record(1, bytes.fromhex("330100D1560000050100000012345678")),
        2: record(2, b"1"),
        3: record(3, b"3.00"),
        4: record(4, bytes.fromhex("914403000000000000000000")),
        5: record(5, bytes.fromhex("20180301")),
        6: record(6, bytes.fromhex("20280301")),
        7: record(7, b"A12345678"),
    }


def person_file() -> dict[int, bytes]:
    return {
        8: record(8, NUMBER.encode()),
        9: record(9, "张三".encode("gbk").ljust(30, b"\0")),
        10: record(10, b"2"),
        11: record(11, b"\x01"),
        12: record(12, bytes.fromhex("110105")),
        13: record(13, bytes.fromhex("19491231")),
    }


class Card(PlayedCard):
    """The card; its records may be changed."""

    atr = bytes.fromhex("3B6D000000814D3286698660018D1004A1")

    def __init__(self) -> None:
        self.files = {0xEF05: card_file(), 0xEF06: person_file()}
        super().__init__()

    def reset(self) -> None:
        super().reset()
        self.chosen, self.file = False, 0

    def _answer(self, command: bytes) -> bytes:
        if command[1] == 0xA4 and command[2] == 0x04:
            self.chosen = data_of(command) == APPLICATION
            return OK if self.chosen else NOT_FOUND
        if command[1] == 0xA4 and self.chosen:
            self.file = int.from_bytes(data_of(command))
            return OK if self.file in self.files else NOT_FOUND
        if command[1] == 0xB2 and self.chosen:
            found = self.files.get(self.file, {}).get(command[2])
            return NO_RECORD if found is None else found + OK
        return NO_INSTRUCTION
