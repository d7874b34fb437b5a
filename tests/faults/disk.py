"""What may be on a disk when the power goes: built from a trace of shim.c, seeded, as harsh as a disk may be.

Rules of the model
    * What was synced is there. What was not may be there, absent, or torn at sectors, each write for itself and in any order.
    * A sync that fails promises nothing about the writes before it, and neither does any later sync: they stay doubtful for ever,
      until something that is synced is written over them or a synced truncation cuts them off.
    * A file's name (made, renamed, removed) is certain after a sync of the folder; before that the last so many may be undone.
    * ``-shm`` and lock files are no part of it: they do not outlive the power.
"""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

HEAD = struct.Struct("=IIQqq")
SECTORS_BYTES = (512, 4096)
DOUBT = ("there", "absent", "torn")


class Kind(IntEnum):
    """What was done; the numbers are those of shim.c."""

    CREATE = 1
    WRITE = 2
    TRUNCATE = 3
    SYNC = 4
    SYNC_FAILED = 5
    RENAME = 6
    UNLINK = 7
    SYNC_FOLDER = 8
    TOLD = 9


@dataclass(frozen=True, slots=True)
class Event:
    """One record of a trace. ``offset`` of a truncation: the size. ``data`` of a rename: the new name; of TOLD: what was said."""

    kind: Kind
    node: int
    offset: int
    name: str
    data: bytes


def read_trace(path: Path) -> Iterator[Event]:
    """The events of a trace, in order; a record that a kill has cut short ends it."""
    body = path.read_bytes()
    at = 0
    while at + HEAD.size <= len(body):
        kind, name_bytes, node, offset, data_bytes = HEAD.unpack_from(body, at)
        ends = at + HEAD.size + name_bytes + data_bytes
        if ends > len(body):
            return
        name = body[at + HEAD.size : at + HEAD.size + name_bytes].decode()
        yield Event(Kind(kind), node, offset, name, body[at + HEAD.size + name_bytes : ends])
        at = ends


@dataclass(slots=True)
class _Change:
    """A write (``data``) or a truncation to ``offset`` (``data`` is ``None``)."""

    offset: int
    data: bytes | None
    synced: bool = False
    doubtful_for_ever: bool = False


@dataclass(slots=True, eq=False)
class _File:
    """One inode: what is certain, and the changes since, in order."""

    certain: bytearray = field(default_factory=bytearray)
    changes: list[_Change] = field(default_factory=list)

    def synced(self) -> None:
        for change in self.changes:
            change.synced = change.synced or not change.doubtful_for_ever
        while self.changes and self.changes[0].synced:
            _apply(self.certain, self.changes.pop(0))
        for number, change in enumerate(self.changes):
            if change.synced and change.data is None:  # what a synced truncation cuts off is in doubt no longer
                before = [c for c in self.changes[:number] if c.synced or c.data is None or c.offset < change.offset]
                self.changes[:number] = before
                break

    def sync_failed(self) -> None:
        for change in self.changes:
            change.doubtful_for_ever = not change.synced

    def content(self, chance: random.Random, bias: str) -> bytes:
        """One state that the file may be in; ``bias`` settles each doubt alike unless it is ``any``."""
        made = bytearray(self.certain)
        for change in self.changes:
            what = "there" if change.synced else (bias if bias != "any" else chance.choice(DOUBT))
            if what == "there" or (what == "torn" and change.data is None and chance.random() < 0.5):
                _apply(made, change)
            elif what == "torn" and change.data is not None:
                _tear(made, change, chance)
        return bytes(made)


def _apply(content: bytearray, change: _Change) -> None:
    if change.data is None:
        del content[change.offset :]
        content.extend(bytes(change.offset - len(content)))
    else:
        content.extend(bytes(max(0, change.offset - len(content))))
        content[change.offset : change.offset + len(change.data)] = change.data


def _tear(content: bytearray, change: _Change, chance: random.Random) -> None:
    """Some of the sectors that the write touches; sectors lie on the file's own grid."""
    assert change.data is not None
    size = chance.choice(SECTORS_BYTES)
    ends = change.offset + len(change.data)
    at = change.offset
    while at < ends:
        upto = min(ends, (at // size + 1) * size)
        if chance.random() < 0.5:
            _apply(content, _Change(at, change.data[at - change.offset : upto - change.offset]))
        at = upto


class Disk:
    """The disk under one folder. Feed it the events of a trace; :meth:`state` is what a power cut after the last one leaves."""

    def __init__(self) -> None:
        self._files: dict[int, _File] = {}
        self._names: dict[str, _File] = {}
        self._renamed: list[tuple[Kind, str, str, _File | None]] = []
        self.told = b""
        """Everything that was said so far."""

    def feed(self, event: Event) -> None:
        """One thing that happened."""
        match event.kind:
            case Kind.CREATE:
                self._files[event.node] = made = _File()
                self._renamed.append((event.kind, event.name, "", made))
            case Kind.WRITE:
                self._file(event).changes.append(_Change(event.offset, event.data))
            case Kind.TRUNCATE:
                self._file(event).changes.append(_Change(event.offset, None))
            case Kind.SYNC:
                self._file(event).synced()
            case Kind.SYNC_FAILED:
                self._file(event).sync_failed()
            case Kind.RENAME | Kind.UNLINK:
                self._renamed.append((event.kind, event.name, event.data.decode(), None))
            case Kind.SYNC_FOLDER:
                _rename(self._names, self._renamed)
                self._renamed = []
            case Kind.TOLD:
                self.told += event.data

    def _file(self, event: Event) -> _File:
        try:
            return self._files[event.node]
        except KeyError:
            raise AssertionError("a file that was there before the trace began: start with an empty folder") from None

    def state(self, chance: random.Random, bias: str = "any") -> dict[str, bytes]:
        """One state that a power cut now may leave: name → content. ``bias``: ``there``, ``absent``, ``torn`` or ``any`` for all."""
        names = dict(self._names)
        kept = len(self._renamed) if bias == "there" else chance.randint(0, len(self._renamed))
        _rename(names, self._renamed[:kept])
        return {name: file.content(chance, bias) for name, file in sorted(names.items()) if not name.endswith("-shm")}


def _rename(names: dict[str, _File], changes: list[tuple[Kind, str, str, _File | None]]) -> None:
    for kind, name, to, made in changes:
        if kind is Kind.CREATE:
            assert made is not None
            names[name] = made
            continue
        file = names.pop(name, None)
        if kind is Kind.RENAME and file is not None and to:
            names[to] = file


def lay_down(state: dict[str, bytes], folder: Path) -> None:
    """Write a state into an empty folder, for its owner alone."""
    for name, content in state.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.rstrip(b"\0"))
        os.truncate(path, len(content))
        path.chmod(0o600)


@dataclass(frozen=True, slots=True)
class Cut:
    """A power cut: after how many events, what had been told by then, and one state that it may have left."""

    at: int
    told: bytes
    state: dict[str, bytes]


def cuts(trace: Path, count: int, seed: int, begin: bytes = b"", places: Sequence[int] | None = None) -> Iterator[Cut]:
    """``count`` cuts of a trace, each with a state of its own: spread over it (from where ``begin`` was said), or at some of
    ``places`` (numbers of events). Every second state takes an extreme: everything absent, torn, or there.
    """
    events = list(read_trace(trace))
    chance = random.Random(seed)
    first = next((n + 1 for n, e in enumerate(events) if e.kind is Kind.TOLD and begin in e.data), 0) if begin else 0
    where = sorted(chance.choice(places) if places else chance.randint(first, len(events)) for _ in range(count))
    biases = ("any", "absent", "any", "torn", "any", "there")
    disk, fed = Disk(), 0
    for number, place in enumerate(where):
        while fed < place:
            disk.feed(events[fed])
            fed += 1
        yield Cut(place, disk.told, disk.state(chance, biases[number % len(biases)]))
