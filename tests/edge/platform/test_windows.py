"""The Windows side, as far as any system can run it; a Windows Python runs all of it in tests/installers/windows."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from edge.platform import windows
from tests.patience import HUNG_S


def test_a_pointer_leads_from_one_to_the_next(tmp_path: Path) -> None:
    link = tmp_path / "current"
    assert not windows.pointed(link).exists()
    for name in ("20260101T000000Z-abcdef", "20260102T000000Z-012345"):
        (tmp_path / name).mkdir()
        windows.point(link, name)
        assert windows.pointed(link) == tmp_path / name
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("content", [b"", b"..", b".", b"a/b", b"..\\up", b"C:evil", b"\xff", b"x" * 300, b"two\0"])
def test_a_pointer_that_could_lead_elsewhere_leads_nowhere(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "current").write_bytes(content)
    assert not windows.pointed(tmp_path / "current").exists()


def test_a_file_that_is_read_is_replaced_when_the_reader_has_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tries = Path.replace, []

    def busy_twice(self: Path, target: Path) -> Path:
        tries.append(target)
        if len(tries) < 3:
            raise PermissionError(errno.EACCES, "somebody reads it")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", busy_twice)
    monkeypatch.setattr(windows, "BUSY_PAUSE_S", 0)
    (tmp_path / "fresh").write_bytes(b"new")
    windows.replace(tmp_path / "fresh", tmp_path / "kept")
    assert (tmp_path / "kept").read_bytes() == b"new"
    assert len(tries) == 3
    tries.clear()
    monkeypatch.setattr(windows, "BUSY_S_MAX", -1)
    (tmp_path / "fresh").write_bytes(b"newer")
    with pytest.raises(PermissionError):
        windows.replace(tmp_path / "fresh", tmp_path / "kept")
    assert (tmp_path / "kept").read_bytes() == b"new"


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "slate", os.O_RDWR | os.O_CREAT | windows.FRESH)
    assert windows.write_synced(descriptor, b"a\r\nb\n", 4096) == 5
    assert windows.read_at(descriptor, 10, 4095) == b"\0a\r\nb\n"
    os.close(descriptor)


def test_room_reads_as_zeros(tmp_path: Path) -> None:
    handle = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT | windows.FRESH)
    os.write(handle, b"there")
    assert windows.allot(handle, 100_000)
    assert (tmp_path / "file").read_bytes() == b"there" + bytes(99_995)
    os.close(handle)


def test_a_file_is_held_by_one_alone_and_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held: set[int] = set()

    def locking(descriptor: int, _mode: int, count: int) -> None:
        assert (count, os.lseek(descriptor, 0, os.SEEK_CUR)) == (1, 0)
        if held:
            raise OSError(errno.EACCES, "another one has it")
        held.add(descriptor)

    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
    monkeypatch.setattr(windows, "BUSY_PAUSE_S", 0.001)
    descriptor = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    windows.hold(descriptor, wait=False)
    with pytest.raises(OSError, match="another one"):
        windows.hold(descriptor, wait=False)
    waiting = threading.Thread(target=windows.hold, args=(descriptor,), kwargs={"wait": True})
    waiting.start()
    held.clear()
    waiting.join(HUNG_S)
    assert held
    os.close(descriptor)


def test_a_data_folder_that_others_could_read_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def icacls(command: list[str], **_: object) -> None:
        asked.append(command)
        raise subprocess.CalledProcessError(5, command)

    monkeypatch.setattr(subprocess, "run", icacls)
    with pytest.raises(OSError, match="cannot be kept out"):
        windows.data_home(tmp_path / "Pishkhan" / "edge")
    assert not (tmp_path / "Pishkhan" / "edge").exists()
    assert "/inheritance:r" in asked[0]
    assert not [grant for grant in asked[0] if "S-1-1-0" in grant or "S-1-5-32-545" in grant], "nobody else"
    windows.data_home(tmp_path)  # it is there: its list is left alone
    assert len(asked) == 1
    windows.private(tmp_path / "keys")
    windows.private(tmp_path / "keys")
    with pytest.raises(FileExistsError):
        windows.private(tmp_path / "keys", fresh=True)


def test_the_data_lie_where_the_installer_puts_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ProgramData", str(tmp_path))
    assert windows.data_folder() == str(tmp_path / "Pishkhan" / "edge")
    (tmp_path / "Pishkhan" / "agent").mkdir(parents=True)
    assert windows.data_folder() == str(tmp_path / "Pishkhan" / "agent")
    (tmp_path / "Pishkhan" / "edge").mkdir()
    assert windows.data_folder() == str(tmp_path / "Pishkhan" / "edge")


async def test_told_to_end_it_hears_it_once() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    told = asyncio.Event()
    heard = windows.when_told_to_end(told.set)
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(HUNG_S):
            await told.wait()
        heard()
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])


async def test_the_services_event_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    waited: list[tuple[int, int]] = []
    wait = Mock(side_effect=lambda handle, ms: waited.append((handle, ms)) or 0)
    monkeypatch.setattr(ctypes, "WinDLL", lambda _: SimpleNamespace(WaitForSingleObject=wait), raising=False)
    monkeypatch.setenv(windows.STOP_EVENT, "42")
    told = asyncio.Event()
    try:
        windows.when_told_to_end(told.set)
        async with asyncio.timeout(HUNG_S):
            await told.wait()
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])
    assert waited == [(42, 0xFFFFFFFF)]


def test_no_interface_is_promised() -> None:
    with pytest.raises(OSError, match="leave listen_device"):
        windows.bind_to_device(None, "eth0")  # type: ignore[arg-type]
