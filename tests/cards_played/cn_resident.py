"""A SAM-V reader with Chinese resident cards, played: whole frames in, whole frames out, from the table of frames that the field publishes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

FIND = "AAAAAA96690003200122"
SELECT = "AAAAAA96690003200221"
READ = "AAAAAA96690003300132"
NEW_ADDRESS = "AAAAAA96690003300330"
STATUS = "AAAAAA9669000311FFED"
RESET = "AAAAAA9669000310FFEC"

DONE = "AAAAAA9669000400009094"
FOUND = "AAAAAA9669000800009F0000000097"
NOT_FOUND = "AAAAAA9669000400008084"
SELECTED = "AAAAAA9669000C00009000000000000000009C"
NOT_SELECTED = "AAAAAA9669000400008185"
NOT_READ = "AAAAAA9669000400004145"
NO_SUCH_ITEM = "AAAAAA9669000400009195"
UNKNOWN_COMMAND = "AAAAAA9669000400002125"

PHOTO = bytes(range(256)) * 4
NUMBER = "11010519491231002X"
RESIDENT_OF_TAIWAN = "830000199201300022"
FOREIGNER_2017 = "KAZ110090123105"
FOREIGNER_2023 = "911840198506150011"


def checksum(some: bytes) -> int:
    """Each byte into the one before."""
    total = 0
    for one in some:
        total ^= one
    return total


def answer_frame(status: int, data: bytes = b"") -> bytes:
    """A frame of the reader: length (status, data and checksum), two zeros, the status, data, checksum."""
    body = bytes([0, 0, status]) + data
    size = len(body) + 1
    counted = bytes([size // 256, size % 256]) + body
    return bytes.fromhex("AAAAAA9669") + counted + bytes([checksum(counted)])


def column(text: str, width: int) -> bytes:
    """``text`` in ``width`` bytes of UTF-16LE, blanks behind it."""
    return text.ljust(width // 2).encode("utf-16-le")


def citizen(number: str = NUMBER, name: str = "张三", sex: str = "2", until: str = "长期", kind: str = " ") -> bytes:
    """The text of a citizen's card."""
    text = bytearray(column("", 256))
    for at, width, value in (
        *((0, 30, name), (30, 2, sex), (32, 4, "01"), (36, 16, "19491231"), (52, 70, "北京市朝阳区建国路1号")),
        *(
            (122, 36, number),
            (158, 30, "北京市公安局朝阳分局"),
            (188, 16, "20200101"),
            (204, 16, until),
            (248, 2, kind),
        ),
    ):
        text[at : at + width] = column(value, width)
    return bytes(text)


def hmt_resident(number: str = RESIDENT_OF_TAIWAN) -> bytes:
    """The text of a Taiwan resident's card."""
    return b"".join(
        column(value, width)
        for value, width in (
            *(("陳美玲", 30), ("2", 2), ("", 4), ("19920130", 16), ("上海市浦东新区世纪大道2号", 70), (number, 36)),
            *(
                ("上海市公安局", 30),
                ("20240501", 16),
                ("20290501", 16),
                ("T12345678", 18),
                ("01", 4),
                ("", 6),
                ("J", 2),
                ("", 6),
            ),
        )
    )


def foreigner_2017(number: str = FOREIGNER_2017, chinese: str = "") -> bytes:
    """The text of a foreigner's card of 2017."""
    return b"".join(
        column(value, width)
        for value, width in (
            *(("NAZARBEKOVA, AIGERIM", 120), ("2", 2), (number, 30), ("KAZ", 6), (chinese, 30), ("20190312", 16)),
            *(("20290311", 16), ("19901231", 16), ("01", 4), ("1100", 8), ("I", 2), ("", 6)),
        )
    )


def foreigner_2023(number: str = FOREIGNER_2023) -> bytes:
    """The text of a foreigner's card of 2023."""
    return b"".join(
        column(value, width)
        for value, width in (
            *(
                ("卡尔", 30),
                ("1", 2),
                ("01", 4),
                ("19850615", 16),
                ("LONGNAME, WOLFESCHLEGELSTEINHAUSENB", 70),
                (number, 36),
            ),
            *(("", 30), ("20240101", 16), ("20340101", 16), ("ERGERDORFF", 22), ("", 6), ("Y", 2), ("", 6)),
        )
    )


@dataclass
class Card:
    """What lies in the field. ``at`` is how far the reader got with it: new, found, selected, read."""

    text: bytes = field(default_factory=citizen)
    photo: bytes = PHOTO
    new_address: str = ""
    at: str = "new"


@dataclass
class SamV:
    """The reader. A card that was read is not found again until it was lifted; a new address can be asked for as long as it lies there.

    ``before`` holds, by request, what is done before it is answered (a hand that pulls the card); ``spoil`` what becomes of the answer, once each.
    ``forgetful``: it does not answer the new address after a read, as some readers do not.
    """

    card: Card | None = None
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    spoil: dict[str, list[Callable[[bytes], bytes]]] = field(default_factory=dict)
    forgetful: bool = False
    asked: list[str] = field(default_factory=list)

    def lift(self) -> None:
        """The card leaves."""
        self.card = None

    def answer(self, request: str) -> bytes:
        """To a whole request, as hex."""
        self.asked.append(request)
        self.before.pop(request, lambda: None)()
        said = self._answer(request)
        changes = self.spoil.get(request)
        return changes.pop(0)(said) if changes else said

    def _answer(self, request: str) -> bytes:
        card = self.card
        if request in (STATUS, RESET):
            return bytes.fromhex(DONE)
        if request == FIND:
            if card is None or card.at == "read":
                return bytes.fromhex(NOT_FOUND)
            card.at = "found"
            return bytes.fromhex(FOUND)
        if request == SELECT:
            if card is None or card.at != "found":
                return bytes.fromhex(NOT_SELECTED)
            card.at = "selected"
            return bytes.fromhex(SELECTED)
        if request == READ:
            if card is None or card.at != "selected":
                return bytes.fromhex(NOT_READ)
            card.at = "read"
            sizes = len(card.text).to_bytes(2, "big") + len(card.photo).to_bytes(2, "big")
            return answer_frame(0x90, sizes + card.text + card.photo)
        if request == NEW_ADDRESS:
            if card is None or card.at not in ("selected", "read") or self.forgetful:
                return bytes.fromhex(NOT_READ)
            return answer_frame(0x90, column(card.new_address, 70)) if card.new_address else bytes.fromhex(NO_SUCH_ITEM)
        return bytes.fromhex(UNKNOWN_COMMAND)
