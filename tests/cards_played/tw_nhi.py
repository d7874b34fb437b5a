"""A Taiwan health insurance card: one answer of 57 bytes; cards of 2025 refuse the SELECT."""

from __future__ import annotations

from tests.cards_played.manners import NO_INSTRUCTION, NOT_FOUND, OK, PlayedCard, data_of

SELECT = bytes.fromhex("00A4040010D158000001000000000000000000001100")
READ = bytes.fromhex("00CA1100020000")
NUMBER = "A123456789"


def basic_data(
    name: bytes = "王小明".encode("big5"), number: str = NUMBER, born: str = "0451231", sex: str = "M"
) -> bytes:
    return b"000012345678" + name.ljust(20, b"\0") + number.encode() + born.encode() + sex.encode() + b"1130101"


class Card(PlayedCard):
    """The card; ``data`` may be changed."""

    atr = bytes.fromhex("3B6800005457204E48490000")
    takes_select = True

    def __init__(self) -> None:
        self.data = basic_data()
        super().__init__()

    def reset(self) -> None:
        super().reset()
        self.chosen = not self.takes_select

    def _answer(self, command: bytes) -> bytes:
        if command[1] == 0xA4 and self.takes_select:
            self.chosen = data_of(command) == data_of(SELECT)  # over T=0 no card ever sees a length behind data
            return OK if self.chosen else NOT_FOUND
        if command == READ and self.chosen:
            return self.data + OK
        return NO_INSTRUCTION


class Card2025(Card):
    """It knows no SELECT, and answers the READ all the same."""

    takes_select = False
