"""A smart card made of folders and files (ISO 7816-4): what several kinds of played cards share.

It answers SELECT by name, by file and by path, READ BINARY (also by short identifier) and READ RECORD; all else is an unknown instruction. ``answers``
overrides single commands, to play a card that misbehaves; ``t0`` plays a card that hands out its data by GET RESPONSE, as cards of
protocol T=0 do; ``chunk`` is the most that it gives at once; an ``exact`` card gives nothing when it is asked for more than is left, but says how much is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

OK, EARLY_END = bytes.fromhex("9000"), bytes.fromhex("6282")
NOT_FOUND, NO_RECORD, PAST_END, LOCKED = (bytes.fromhex(status) for status in ("6A82", "6A83", "6B00", "6982"))
NO_FILE, NO_INSTRUCTION = bytes.fromhex("6986"), bytes.fromhex("6D00")
MASTER = 0x3F00


@dataclass
class Folder:
    """A dedicated file: its children by file identifier, and the short identifiers of those that have one."""

    children: dict[int, Folder | bytes | list[bytes]] = field(default_factory=dict)
    short: dict[int, int] = field(default_factory=dict)
    locked: set[int] = field(default_factory=set)


class FolderCard:
    """A card with a master file and applications by their names (AIDs)."""

    atr = bytes.fromhex("3B00")

    def __init__(self, master: Folder, applications: dict[str, Folder] | None = None) -> None:
        self.master = master
        self.applications = {bytes.fromhex(aid): folder for aid, folder in (applications or {}).items()}
        self.answers: dict[str, str] = {}
        self.t0 = False
        self.chunk = 256
        self.early_end = EARLY_END
        self.exact = False
        self.log: list[str] = []
        self.reset()

    def reset(self) -> None:
        """As after a cold reset: the master file is selected, and no file in it."""
        self.folder = self.master
        self.file: int | None = None
        self.pending = b""

    def apdu(self, command: bytes) -> bytes:
        """The response to ``command``, with its status."""
        self.log.append(command.hex().upper())
        if command.hex().upper() in self.answers:
            return bytes.fromhex(self.answers[command.hex().upper()])
        if command[1] == 0xC0:
            data, self.pending = self.pending[: command[4] or 256], self.pending[command[4] or 256 :]
            return data + (bytes([0x61, min(len(self.pending), 255)]) if self.pending else OK)
        answer = self._answer(command)
        if self.t0 and len(answer) > 2 and answer[-2:] == OK:
            self.pending = answer[:-2]
            return bytes([0x61, len(self.pending) & 0xFF])
        return answer

    def _answer(self, command: bytes) -> bytes:
        ins, p1, p2 = command[1:4]
        match ins:
            case 0xA4:
                return self._select(p1, command[5 : 5 + command[4]] if len(command) > 5 else b"")
            case 0xB0:
                return self._read_binary(p1, p2, command[4] or 256)
            case 0xB2:
                return self._read_record(p1, p2 >> 3)
        return NO_INSTRUCTION

    def _select(self, p1: int, data: bytes) -> bytes:
        if p1 == 0x04:
            return self._enter(self.applications.get(data))
        if p1 == 0x08:
            path = [int.from_bytes(data[at : at + 2]) for at in range(0, len(data), 2)]
            return self._walk(path[1:] if path[:1] == [MASTER] else path)
        number = int.from_bytes(data)
        if p1 == 0x00 and number in (0, MASTER):
            return self._enter(self.master)
        child = self.folder.children.get(number)
        if child is None:
            return NOT_FOUND
        if isinstance(child, Folder):
            return self._enter(child) if p1 in (0x00, 0x01) else NOT_FOUND
        if p1 not in (0x00, 0x02):
            return NOT_FOUND
        self.file = number
        return OK

    def _enter(self, folder: Folder | bytes | list[bytes] | None) -> bytes:
        if not isinstance(folder, Folder):
            return NOT_FOUND
        self.folder, self.file = folder, None
        return OK

    def _walk(self, path: list[int]) -> bytes:
        folder = self.master
        for number in path[:-1]:
            child = folder.children.get(number)
            if not isinstance(child, Folder):
                return NOT_FOUND
            folder = child
        last = folder.children.get(path[-1])
        if last is None:
            return NOT_FOUND
        if isinstance(last, Folder):
            return self._enter(last)
        self.folder, self.file = folder, path[-1]
        return OK

    def _content(self) -> bytes | list[bytes] | None:
        content = self.folder.children.get(self.file) if self.file is not None else None
        return None if isinstance(content, Folder) else content

    def _read_binary(self, p1: int, p2: int, wanted: int) -> bytes:
        offset = p1 << 8 | p2
        if p1 & 0x80:
            self.file, offset = self.folder.short.get(p1 & 0x1F), p2
            if self.file is None:
                return NOT_FOUND
        if self.file in self.folder.locked:
            return LOCKED
        content = self._content()
        if not isinstance(content, bytes):
            return NO_FILE
        if offset >= len(content):
            return PAST_END
        if self.exact and wanted < 256 and len(content) - offset < wanted:
            return bytes([0x6C, len(content) - offset])
        data = content[offset : offset + min(wanted, self.chunk)]
        return data + (OK if len(data) == wanted or len(data) == self.chunk else self.early_end)

    def _read_record(self, number: int, short: int) -> bytes:
        if short:
            self.file = self.folder.short.get(short)
        content = self._content()
        if not isinstance(content, list):
            return NO_FILE
        return content[number - 1] + OK if 1 <= number <= len(content) else NO_RECORD
