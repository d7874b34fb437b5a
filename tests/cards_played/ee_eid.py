"""Estonian identity cards of three makers as tests play them: the personal data of each in its own place and form. The person is invented."""

from __future__ import annotations

from tests.cards_played.folders import Folder, FolderCard

FIELDS_2018 = (
    "JÕEORG", "JAAK-KRISTJAN", "M", "EST", "28 05 1968 EST", "36805280109", "AS0001234", "31 01 2034", "01 02 2024 PPA", "", "\0", " ", "", "", "",
)  # fmt: skip
FIELDS_2002 = (
    "ŽUKOV", "JAAK-KRISTJAN", "MÄRT", "M", "EST", "28.05.1968", "36805280109", "A1234567", "31.01.2019", "TALLINN / EESTI", "01.02.2014", " ", "", "", "",
    "",
)  # fmt: skip


def _files(fields: tuple[str, ...] | tuple[bytes, ...]) -> dict[int, Folder | bytes | list[bytes]]:
    return {
        0x5001 + at: (field.encode() if isinstance(field, str) else field) or b"\0" for at, field in enumerate(fields)
    }


class EstonianCard2018(FolderCard):
    """IDEMIA, from 2018: the master file is an application of its own; DF 5000 has a file for each field."""

    atr = bytes.fromhex("3BDB960080B1FE451F830012233F536549440F9000F1")

    def __init__(self, fields: tuple[str, ...] | tuple[bytes, ...] = FIELDS_2018) -> None:
        self.main = Folder({0x5000: Folder(_files(fields))})
        super().__init__(self.main, {"A000000077010800070000FE00000100": self.main})


class EstonianCard2025(FolderCard):
    """Thales, from December 2025: a PKCS#15 application; the folder "Document Data" is DFDD."""

    atr = bytes.fromhex("3BFF9600008031FE438031B853654944 64B085051012233F1D")

    def __init__(self, fields: tuple[str, ...] | tuple[bytes, ...] = FIELDS_2018) -> None:
        pkcs15 = Folder()
        super().__init__(Folder({0xDFDD: Folder(_files(fields))}), {"A000000063504B43532D3135": pkcs15})


class EstonianCard2002(FolderCard):
    """Before 2018: DF EEEE, file 5044, one record for each field, in CP1252."""

    atr = bytes.fromhex("3BFA180000 8031FE45FE654944202F20504B4903")

    def __init__(self, fields: tuple[str, ...] | tuple[bytes, ...] = FIELDS_2002) -> None:
        records = [field.encode("cp1252") if isinstance(field, str) else field for field in fields]
        super().__init__(Folder({0xEEEE: Folder({0x5044: records})}))
