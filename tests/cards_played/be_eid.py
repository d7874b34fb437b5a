"""A Belgian identity card as tests play it: DF 3F00/DF01 with the files of identity, address and photo. The person is invented."""

from __future__ import annotations

from tests.cards_played.folders import Folder, FolderCard

ATRS = {
    "1.0": bytes.fromhex("3B9894400AA503010101AD1310"),
    "1.7": bytes.fromhex("3B9813400AA503010101AD1311"),
    "1.8": bytes.fromhex("3B7F96000080318065B085040120120FFF829000"),
}
PHOTO = bytes.fromhex("FFD8FFE000104A464946") + bytes(range(256)) * 12 + bytes.fromhex("FFD9")

IDENTITY: dict[int, str | bytes] = {
    0x00: b"\x00\x01",
    0x01: "592000000179",
    0x02: bytes.fromhex("534C494E33660013930D2061C018061F"),
    0x03: "01.03.2024",
    0x04: "28.02.2034",
    0x05: "Sint-Jans-Molenbeek",
    0x06: "85073003328",
    0x07: "Van den Vœrbeeck",
    0x08: "Élodie Marie",
    0x09: "T",
    0x0A: "Belg",
    0x0B: "Liège",
    0x0C: "30 JUL  1985",
    0x0D: "M",
    0x0E: "",
    0x0F: "01",
    0x10: "0",
    0x11: bytes.fromhex("B0FF8100") * 5,
}
ADDRESS: dict[int, str | bytes] = {0x01: "Gemeenteplaats 1 bus 2", 0x02: "1080", 0x03: "Sint-Jans-Molenbeek"}


def tlv(fields: dict[int, str | bytes]) -> bytes:
    """One byte of tag, the length (as many FF as it holds 255s, and the rest), the value."""
    out = b""
    for tag, value in fields.items():
        content = value.encode() if isinstance(value, str) else value
        out += bytes([tag]) + b"\xff" * (len(content) // 255) + bytes([len(content) % 255]) + content
    return out


class BelgianCard(FolderCard):
    """The card; ``identity``, ``address`` and ``photo`` are the contents of the three files, where one has to be special."""

    def __init__(
        self,
        applet: str = "1.7",
        identity: bytes | None = None,
        address: bytes | None = None,
        photo: bytes | None = PHOTO,
        **changed: str,
    ) -> None:
        self.atr = ATRS[applet]
        fields = IDENTITY | {int(tag[1:], 16): text for tag, text in changed.items()}
        files: dict[int, Folder | bytes | list[bytes]] = {
            0x4031: tlv(fields) if identity is None else identity,
            0x4033: tlv(ADDRESS).ljust(117, b"\0") if address is None else address,
        }
        if photo is not None:
            files[0x4035] = photo
        super().__init__(Folder({0xDF01: Folder(files)}))
