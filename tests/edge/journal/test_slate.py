"""The slate in front of SQLite: what is on it counts, what was refused or is left of before does not, and what is damaged is never taken for a power cut."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge.journal import frames, slate
from edge.journal.frames import BLOCK_BYTES, Sealed
from edge.journal.slate import Content, Slate
from edge.limits import SLATE_BYTES, SLATE_BYTES_LEAST, SLATE_ROOM

ID = 7
SIDE_BYTES = SLATE_BYTES // 2


def sealed(first: int, records: int = 1, body: bytes = b"body") -> Sealed:
    return Sealed(first, records, 5, 6, b"n" * 12, b"l" * 32, body)


def put(open_slate: Slate, row: Sealed) -> None:
    open_slate.wrote(row, open_slate.write(row))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def open_slate(path: Path) -> Slate:
    return slate.begun(path, ID)


def read(path: Path) -> Content:
    found = slate.content(path)
    assert found is not None
    return found


def test_what_was_written_is_read_in_order_and_the_file_does_not_grow(path: Path, open_slate: Slate) -> None:
    rows = [sealed(1, 3), sealed(4, 1, b"x" * 10_000), sealed(5, 2)]
    for row in rows:
        put(open_slate, row)
    assert (read(path).id, read(path).rows, read(path).beyond) == (ID, rows, 0)
    assert open_slate.rows == rows
    assert slate.path_of(path).stat().st_size == SLATE_BYTES
    assert slate.path_of(path).stat().st_mode & 0o777 == 0o600


def test_what_is_left_of_before_is_not_read_again(path: Path, open_slate: Slate) -> None:
    for first in (1, 2, 3, 4):
        put(open_slate, sealed(first))
    open_slate.taken(4)
    put(open_slate, sealed(5))
    assert read(path).rows == [sealed(5)], "the frame behind it holds the record 2, which does not follow"
    assert read(path).beyond == 4, "no more than what was taken long ago"


def test_a_torn_frame_ends_it_and_a_whole_one_behind_a_broken_one_is_told(path: Path, open_slate: Slate) -> None:
    for first in (1, 2, 3):
        put(open_slate, sealed(first, body=b"b" * 5_000))
    whole = slate.path_of(path).read_bytes()
    for broken, rows, beyond in ((3, 2, 0), (2, 1, 3), (1, 0, 3)):
        at = BLOCK_BYTES + (broken - 1) * 2 * BLOCK_BYTES + BLOCK_BYTES + 100
        slate.path_of(path).write_bytes(whole[:at] + b"!" + whole[at + 1 :])
        assert (len(read(path).rows), read(path).beyond) == (rows, beyond)


def test_another_id_says_nothing_of_what_was_there(path: Path, open_slate: Slate) -> None:
    put(open_slate, sealed(1))
    open_slate.close()
    fresh = slate.begun(path, ID + 1)
    assert (read(path).id, read(path).rows, read(path).beyond) == (ID + 1, [], 0)
    fresh.write(sealed(9))
    assert read(path).rows == [sealed(9)]


def test_one_that_is_gone_on_with_is_wiped_behind_its_last_frame(path: Path, open_slate: Slate) -> None:
    put(open_slate, sealed(1))
    put(open_slate, sealed(2, body=b"b" * 9_000))
    data = bytearray(slate.path_of(path).read_bytes())
    data[3 * BLOCK_BYTES] ^= 1  # the power went while it was written
    slate.path_of(path).write_bytes(data)
    again = slate.resumed(path, read(path))
    assert again.rows == [sealed(1)]
    put(again, sealed(2))
    assert read(path).rows == [sealed(1), sealed(2)]


def test_room_is_told_to_the_byte(open_slate: Slate) -> None:
    least = frames.size_of(sealed(1, body=b""))
    assert len(frames.frame(ID, sealed(1, body=b"")).rstrip(b"\0")) <= least
    most = SIDE_BYTES - BLOCK_BYTES - least
    assert open_slate.fits(sealed(1, body=bytes(most)))
    assert not open_slate.fits(sealed(1, body=bytes(most + 1)))


def test_what_does_not_follow_does_not_fit_until_it_begins_anew(path: Path, open_slate: Slate) -> None:
    assert open_slate.fits(sealed(5))
    put(open_slate, sealed(5, 3))
    again = slate.resumed(path, read(path))
    for one in (open_slate, again):
        assert one.fits(sealed(8)) > one.fits(sealed(9))
        one.taken(7)
        assert one.fits(sealed(9))


def test_a_refused_frame_is_wiped_off_as_soon_as_the_disk_lets_it(
    path: Path, open_slate: Slate, monkeypatch: pytest.MonkeyPatch
) -> None:
    pwrite = os.pwrite

    def fails(descriptor: int, data: bytes, at: int) -> int:
        if any(data):
            pwrite(descriptor, data, at)  # the sync fails: it is there, and nobody knows for how long
        raise OSError(errno.EIO, "no")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", fails)
        with pytest.raises(OSError, match="no"):
            open_slate.write(sealed(1))
        assert not open_slate.clean()
    assert read(path).rows == [sealed(1)]
    assert open_slate.clean()
    assert read(path).rows == []


def test_a_side_that_is_written_while_the_other_is_read_leaves_nothing_out(
    path: Path, open_slate: Slate, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(open_slate, sealed(1))
    begin = slate.path_of(path).read_bytes()[:SIDE_BYTES]
    put(open_slate, sealed(2))
    assert open_slate.turn()
    put(open_slate, sealed(3))
    reads: list[Path] = []
    read_bytes = Path.read_bytes

    def torn_at_first(place: Path) -> bytes:
        reads.append(place)
        data = read_bytes(place)
        return begin + data[SIDE_BYTES:] if len(reads) == 1 else data

    monkeypatch.setattr(Path, "read_bytes", torn_at_first)
    assert read(path).rows == [sealed(1), sealed(2), sealed(3)]
    assert len(reads) == 2


def test_what_is_missing_for_good_is_not_read_for_ever(path: Path, open_slate: Slate) -> None:
    put(open_slate, sealed(1))
    assert open_slate.turn()
    put(open_slate, sealed(5))
    assert read(path).rows == [sealed(1), sealed(5)]


def test_what_is_no_slate_is_none(path: Path) -> None:
    assert slate.content(path) is None
    for data in (b"", b"short", bytes(BLOCK_BYTES)):
        slate.path_of(path).write_bytes(data)
        assert slate.content(path) is None


@pytest.mark.parametrize(
    ("free", "size"), [(SLATE_ROOM * SLATE_BYTES, SLATE_BYTES), (SLATE_ROOM * SLATE_BYTES - 1, SLATE_BYTES_LEAST)]
)
def test_with_little_room_it_is_made_short(path: Path, free: int, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    made = slate.begun(path, ID)
    assert (slate.path_of(path).stat().st_size, read(path).size) == (size, size)
    assert not made.fits(sealed(1, body=bytes(size // 2)))
    made.close()


def test_one_that_is_long_stays_so_and_one_that_is_short_is_made_long_when_there_is_room(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for free, size in ((0, SLATE_BYTES_LEAST), (1 << 40, SLATE_BYTES), (0, SLATE_BYTES)):
        with monkeypatch.context() as patch:
            patch.setattr(shutil, "disk_usage", lambda _, free=free: SimpleNamespace(free=free))
            made = slate.begun(path, ID)
        put(made, sealed(1))
        made.turn()
        put(made, sealed(2))
        assert (read(path).size, read(path).rows) == (size, [sealed(1), sealed(2)])
        made.close()


def test_where_room_is_to_be_had_only_by_writing_all_of_it_is_written(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_: int, __: int, ___: int) -> None:
        raise OSError(errno.EOPNOTSUPP, "no such call")

    monkeypatch.setattr(os, "posix_fallocate", unknown)
    slate.begun(path, ID).close()
    found = slate.path_of(path).stat()
    assert found.st_size == SLATE_BYTES
    assert found.st_blocks * 512 >= SLATE_BYTES, "no holes"


def test_a_disk_that_has_plenty_and_does_not_give_it_gets_a_short_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allot = os.posix_fallocate

    def by_quota(descriptor: int, at: int, size: int) -> None:
        if at + size > SLATE_BYTES_LEAST:
            raise OSError(errno.EDQUOT, "the quota is used up")
        allot(descriptor, at, size)

    monkeypatch.setattr(os, "posix_fallocate", by_quota)
    slate.begun(path, ID).close()
    assert (slate.path_of(path).stat().st_size, read(path).size) == (SLATE_BYTES_LEAST, SLATE_BYTES_LEAST)


def test_without_the_room_for_it_the_file_is_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int, __: int, ___: int) -> None:
        raise OSError(errno.ENOSPC, "no room")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="no room"):
        slate.begun(path, ID)
    assert slate.path_of(path).stat().st_size == 0
