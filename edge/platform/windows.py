"""SHELL: the Windows side; the meaning of each name stands in the package's text.

Only what Windows has is imported at the top, so that the tests of any system can import it.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge.platform.linux_aio import Aio

APPLIANCE = False
ACCEPTS_BY_SOCKET = False
OPENED = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0)
"""Flags for every ``os.open``."""
FRESH = OPENED
"""Flags for a file that :func:`write_synced` writes."""
BUSY_S_MAX = 5.0
"""How long a file that somebody reads may stay in the way of the one that replaces it."""
BUSY_PAUSE_S = 0.02
_ENDS = tuple(getattr(signal, name) for name in ("SIGBREAK", "SIGINT", "SIGTERM") if hasattr(signal, name))
STOP_EVENT = "PISHKHAN_STOP_EVENT"
"""The service's program gives us the handle of an event, by this name: a service has no console to send a key press to."""
_FOR_EVER = 0xFFFFFFFF
_SERVICE, _SYSTEM, _ADMINISTRATORS, _OWNER = "*S-1-5-19", "*S-1-5-18", "*S-1-5-32-544", "*S-1-3-4"
_GRANTS = (f"{_SYSTEM}:(OI)(CI)F", f"{_ADMINISTRATORS}:(OI)(CI)F", f"{_OWNER}:(OI)(CI)F", f"{_SERVICE}:(OI)(CI)M")
_ACCESS_S_MAX = 30
_NAME_BYTES_MAX = 255


def data_folder() -> str:
    """Where the data are, unless we are told another place: the edge's, but where only the agent was installed."""
    home = Path(os.environ.get("ProgramData", r"C:\ProgramData")) / "Pishkhan"  # noqa: SIM112 -- as Windows writes it
    return str(home / ("agent" if (home / "agent").is_dir() and not (home / "edge").is_dir() else "edge"))


def hold(descriptor: int, *, wait: bool) -> None:
    """Have the open file for this process alone until it is closed; ``wait`` while another one has it.

    Raises:
        OSError: another one has it, and we do not wait.
    """
    locking: Any = __import__("msvcrt")  # there is none elsewhere
    os.lseek(descriptor, 0, os.SEEK_SET)
    while True:
        try:
            locking.locking(descriptor, locking.LK_NBLCK, 1)
        except OSError as error:
            if not wait or error.errno not in (errno.EACCES, errno.EDEADLK):
                raise
            time.sleep(BUSY_PAUSE_S)
        else:
            return


def write_synced(descriptor: int, data: bytes, at: int) -> int:
    """Write ``data`` at ``at`` of a file opened with ``FRESH``; what was written is on the disk. How many bytes that is.

    One thread at a time has the file: its place is moved.
    """
    os.lseek(descriptor, at, os.SEEK_SET)
    done = os.write(descriptor, data)
    os.fsync(descriptor)
    return done


def allot(descriptor: int, size: int) -> bool:
    """Let the file be ``size`` bytes long, and have the room for all of it; what was not there reads as zeros. False: this file system has it only by writing.

    Raises:
        OSError: there is not so much room.
    """
    os.ftruncate(descriptor, size)
    return True


def read_at(descriptor: int, count: int, at: int) -> bytes:
    """At most ``count`` bytes from ``at`` on; one thread at a time, as above."""
    os.lseek(descriptor, at, os.SEEK_SET)
    return os.read(descriptor, count)


def sync_folder(_folder: Path) -> None:
    """Nothing is to be done."""


def replace(fresh: Path, target: Path) -> None:
    """Put ``fresh`` in the place of ``target``, atomically; tried for ``BUSY_S_MAX`` while somebody has the old one open.

    Raises:
        OSError: it cannot be done; both are as they were.
    """
    until = time.monotonic() + BUSY_S_MAX
    while True:
        try:
            fresh.replace(target)
        except PermissionError:
            if time.monotonic() > until or target.is_dir():
                raise
            time.sleep(BUSY_PAUSE_S)
        else:
            return


def point(link: Path, name: str) -> None:
    """Let ``link`` lead to ``name`` beside it, atomically and durably.

    Raises:
        OSError: it leads where it led.
    """
    fresh = link.with_name(f".{link.name}.{os.urandom(3).hex()}")
    with fresh.open("xb") as file:
        file.write(name.encode())
        file.flush()
        os.fsync(file.fileno())
    replace(fresh, link)


def pointed(link: Path) -> Path:
    """Where ``link`` leads; a path where nothing is, if it leads nowhere."""
    try:
        with link.open("rb") as file:
            name = file.read(_NAME_BYTES_MAX + 1).decode()
    except (OSError, UnicodeDecodeError):
        return link / "nowhere"
    if not name or len(name) > _NAME_BYTES_MAX or set(name) & set('\\/:*?"<>|\0') or not name.strip("."):
        return link / "nowhere"
    return link.with_name(name)


def data_home(folder: Path) -> None:
    """Make the data folder, for the system, administrators, its owner and the service's account; nothing if it is there.

    Raises:
        OSError: it cannot be made, or others cannot be kept out; then there is none.
    """
    if folder.is_dir():
        return
    folder.mkdir(parents=True)
    icacls = Path(os.environ.get("SystemRoot", r"C:\Windows")) / "System32" / "icacls.exe"  # noqa: SIM112 -- as Windows writes it
    command = [str(icacls), str(folder), "/inheritance:r", "/grant:r", *_GRANTS]
    try:
        subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=_ACCESS_S_MAX)  # noqa: S603 -- our own list
    except (OSError, subprocess.SubprocessError) as error:
        folder.rmdir()
        raise OSError(errno.EACCES, "other accounts cannot be kept out (icacls failed)", str(folder)) from error


def private(folder: Path, *, fresh: bool = False) -> None:
    """Make a folder inside the data folder, with its access list; nothing if it is there, unless it must be ``fresh``.

    A mode of its own would shut out the service, if an administrator makes it, or the administrator.

    Raises:
        OSError: it cannot be made, or is there already.
    """
    folder.mkdir(parents=not fresh, exist_ok=not fresh)


def direct(_path: str) -> int:
    """Files that :func:`aio` writes are not to be had."""
    return -1


def aio(_loop: asyncio.AbstractEventLoop, _told: Callable[[OSError | None], None], _bytes_max: int) -> Aio | None:
    """Not to be had: the journal's thread writes."""
    return None


def owner_only(_descriptor: int) -> None:
    """Let nobody but its owner read or write the open file: its folder's access list does that."""


def others_may_read(_mode: int) -> bool:
    """Whether a file of that mode is open to other accounts: Windows' modes do not tell, the folder's access list decides."""
    return False


def stranger_to(_folder: Path) -> str | None:
    """The account that the folder belongs to, if that is not ours: files of either are open to both."""
    return None


def when_told_to_end(act: Callable[[], None]) -> Callable[[], None]:
    """Call ``act`` in the running loop when this process is told to end. What is returned ends that: the next time ends the process at once."""
    loop = asyncio.get_running_loop()
    for number in _ENDS:
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(act))
    if os.environ.get(STOP_EVENT, "").isdigit():
        threading.Thread(target=_wait_for_service, args=(loop, act), name="service", daemon=True).start()

    def no_more() -> None:
        for number in _ENDS:
            signal.signal(number, signal.SIG_DFL)

    return no_more


def _wait_for_service(loop: asyncio.AbstractEventLoop, act: Callable[[], None]) -> None:
    library: Any = ctypes  # its WinDLL is on Windows alone
    wait = library.WinDLL("kernel32").WaitForSingleObject
    wait.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    if wait(int(os.environ[STOP_EVENT]), _FOR_EVER) == 0 and not loop.is_closed():
        loop.call_soon_threadsafe(act)


def listen_alone(listening: socket.socket) -> None:
    """Before it is bound: nobody else gets what comes to its port."""
    exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE", None)
    if exclusive is not None:
        listening.setsockopt(socket.SOL_SOCKET, exclusive, 1)


def bind_to_device(_made: socket.socket, _device: str) -> None:
    """Refuse: Windows binds to addresses only, and what comes in by another network would be heard too.

    Raises:
        OSError: always.
    """
    raise OSError(errno.ENOTSUP, "Windows cannot bind to an interface: leave listen_device and sync_device empty")


def spare_memory() -> bool:
    """Windows' own heap gives large pieces back by itself."""
    return False


def more_files() -> int:
    """Windows counts a process's handles in millions."""
    return 65_536


def say_utf8() -> None:
    """What is printed into a file or to another program is UTF-8, here as everywhere; a console shows every letter by itself."""
    for stream in (sys.stdout, sys.stderr, sys.stdin):
        if stream is not None and not stream.isatty() and hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
