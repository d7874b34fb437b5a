"""The Linux side."""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from edge.platform import posix


def test_a_file_is_held_by_one_alone(tmp_path: Path) -> None:
    one, other = (os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT | posix.OPENED) for _ in range(2))
    posix.hold(one, wait=False)
    with pytest.raises(BlockingIOError):
        posix.hold(other, wait=False)
    os.close(one)
    posix.hold(other, wait=True)
    os.close(other)


def test_a_link_leads_from_one_to_the_next(tmp_path: Path) -> None:
    link = tmp_path / "current"
    assert not posix.pointed(link).exists()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        posix.point(link, name)
        assert posix.pointed(link) == tmp_path / name
    assert {path.name for path in tmp_path.iterdir()} == {"one", "two", "current"}


def test_folders_are_for_their_owner(tmp_path: Path) -> None:
    posix.data_home(tmp_path / "a" / "data")
    posix.private(tmp_path / "a" / "data" / "keys")
    posix.private(tmp_path / "a" / "data" / "keys")
    with pytest.raises(FileExistsError):
        posix.private(tmp_path / "a" / "data" / "keys", fresh=True)
    for folder in (tmp_path / "a" / "data", tmp_path / "a" / "data" / "keys"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert posix.stranger_to(tmp_path) is None
    assert posix.others_may_read(0o640)
    assert not posix.others_may_read(0o600)


def test_what_is_written_is_read_again_and_no_link_is_followed(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "slate", os.O_RDWR | os.O_CREAT | posix.FRESH, 0o644)
    posix.owner_only(descriptor)
    assert posix.write_synced(descriptor, b"abc", 10) == 3
    assert posix.read_at(descriptor, 5, 8) == b"\0\0abc"
    os.close(descriptor)
    assert stat.S_IMODE((tmp_path / "slate").stat().st_mode) == 0o600
    (tmp_path / "link").symlink_to("slate")
    with pytest.raises(OSError, match="symbolic"):
        os.open(tmp_path / "link", os.O_RDWR | posix.FRESH)


_HEAPS = """
import re, sys, threading
from pathlib import Path
from edge.platform import posix
assert sys.argv[1] == "as it is" or posix.spare_memory()

def resident_kb():
    return int(re.search(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text()).group(1))

before, stays = resident_kb(), []
def work():
    for _ in range(4):
        pieces = [bytearray(b"x") * 1_200_000 for _ in range(8)]
        stays.append(bytearray(b"x") * 20_000)
for _ in range(6):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
print(resident_kb() - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="only glibc can be told")
def test_room_is_had_at_once_and_reads_as_zeros(tmp_path: Path) -> None:
    handle = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT | posix.FRESH)
    os.write(handle, b"there")
    assert posix.allot(handle, 100_000)
    assert (tmp_path / "file").read_bytes() == b"there" + bytes(99_995)
    assert os.fstat(handle).st_blocks * 512 >= 100_000
    with pytest.raises(OSError, match=r"too large|No space"):
        posix.allot(handle, 1 << 62)
    os.close(handle)


@pytest.mark.parametrize("why", [errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS, errno.EPERM])
def test_where_room_is_had_only_by_writing_that_is_said(monkeypatch: pytest.MonkeyPatch, why: int) -> None:
    def refuses(*_: int) -> None:
        raise OSError(why, "not here")

    monkeypatch.setattr(os, "posix_fallocate", refuses)
    assert not posix.allot(-1, 100_000)


def test_what_threads_needed_once_goes_back_to_the_system() -> None:
    kept = {
        how: int(subprocess.run([sys.executable, "-c", _HEAPS, how], capture_output=True, check=True, text=True).stdout)
        for how in ("as it is", "spared")
    }
    assert kept["spared"] < 6_000
    assert kept["as it is"] > kept["spared"] + 4_000, "else nothing needs to be told to it any more"


def test_as_many_files_may_be_open_as_the_system_allows() -> None:
    code = """
import resource
from edge import platform
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
most = min(most, 3_000)
resource.setrlimit(resource.RLIMIT_NOFILE, (256, most))
assert platform.more_files() == most
assert resource.getrlimit(resource.RLIMIT_NOFILE) == (most, most)
assert platform.more_files() == most
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_system_that_does_not_say_how_many_files_keeps_nobody_from_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> tuple[int, int]:
        raise PermissionError

    monkeypatch.setattr(posix.resource, "getrlimit", forbidden)
    assert posix.more_files() == 1_024
