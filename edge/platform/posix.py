"""SHELL: the Linux side; the meaning of each name stands in the package's text."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import fcntl
import os
import resource
import secrets
import signal
import socket
from collections.abc import Callable
from pathlib import Path

from central_sync.programs import accounts

APPLIANCE = True
ACCEPTS_BY_SOCKET = True
OPENED = os.O_CLOEXEC
"""Flags for every ``os.open``."""
FRESH = OPENED | os.O_NOFOLLOW | os.O_DSYNC
"""Flags for a file that :func:`write_synced` writes."""
_PRIVATE = 0o700
_OTHERS = 0o077
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Of ``malloc.h``."""
_PIECE_BYTES, _TOP_BYTES = 512 * 1024, 4 * 1024 * 1024
_FILES_MAX, _FILES_USUAL = 65_536, 1_024
_ENDS = (signal.SIGTERM, signal.SIGINT)

stranger_to = accounts.stranger_to


def data_folder() -> str:
    """Where the data are, unless we are told another place."""
    return "/var/lib/pishkhan-edge"


def hold(descriptor: int, *, wait: bool) -> None:
    """Have the open file for this process alone until it is closed; ``wait`` while another one has it.

    Raises:
        OSError: another one has it, and we do not wait.
    """
    fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


def write_synced(descriptor: int, data: bytes, at: int) -> int:
    """Write ``data`` at ``at`` of a file opened with ``FRESH``; what was written is on the disk. How many bytes that is."""
    return os.pwrite(descriptor, data, at)


def allot(descriptor: int, size: int) -> bool:
    """Let the file be ``size`` bytes long, and have the room for all of it; what was not there reads as zeros. False: this file system, or a sandbox, lets it
    be had only by writing.

    Raises:
        OSError: there is not so much room.
    """
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS, errno.EPERM):
            raise
        return False
    return True


def read_at(descriptor: int, count: int, at: int) -> bytes:
    """At most ``count`` bytes from ``at`` on."""
    return os.pread(descriptor, count, at)


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | OPENED)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace(fresh: Path, target: Path) -> None:
    """Put ``fresh`` in the place of ``target``, atomically.

    Raises:
        OSError: it cannot be done; both are as they were.
    """
    fresh.replace(target)


def point(link: Path, name: str) -> None:
    """Let ``link`` lead to ``name`` beside it, atomically and durably.

    Raises:
        OSError: it leads where it led.
    """
    fresh = link.with_name(f".{link.name}.{secrets.token_hex(3)}")
    fresh.symlink_to(name)
    fresh.replace(link)
    sync_folder(link.parent)


def pointed(link: Path) -> Path:
    """Where ``link`` leads; a path where nothing is, if it leads nowhere."""
    return link.resolve()


def data_home(folder: Path) -> None:
    """Make the data folder, for its owner alone; nothing if it is there.

    Raises:
        OSError: it cannot be made.
    """
    folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)


def private(folder: Path, *, fresh: bool = False) -> None:
    """Make a folder inside the data folder, for its owner alone; nothing if it is there, unless it must be ``fresh``.

    Raises:
        OSError: it cannot be made, or is there already.
    """
    folder.mkdir(mode=_PRIVATE, parents=not fresh, exist_ok=not fresh)


def owner_only(descriptor: int) -> None:
    """Let nobody but its owner read or write the open file."""
    os.fchmod(descriptor, 0o600)


def others_may_read(mode: int) -> bool:
    """Whether a file of that mode is open to other accounts."""
    return bool(mode & _OTHERS)


def when_told_to_end(act: Callable[[], None]) -> Callable[[], None]:
    """Call ``act`` in the running loop when this process is told to end. What is returned ends that: the next time ends the process at once."""
    loop = asyncio.get_running_loop()
    for number in _ENDS:
        loop.add_signal_handler(number, act)

    def no_more() -> None:
        for number in _ENDS:
            loop.remove_signal_handler(number)

    return no_more


def listen_alone(listening: socket.socket) -> None:
    """Before it is bound: nobody else gets what comes to its port."""
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def bind_to_device(made: socket.socket, device: str) -> None:
    """Before it is bound or connected: it hears and speaks by that interface alone.

    Raises:
        OSError: there is none of that name, or we have no right to it.
    """
    made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")


def spare_memory() -> bool:
    """Have the C library give back what was freed: each piece of half a megabyte is mapped by itself, at the end of the heap four megabytes stay, and
    threads have no heaps of their own. Else it keeps for ever what a thread needed once for some milliseconds, for it takes the first large
    piece that is freed as a sign that more will come. Before threads begin. False: this C library has no such settings.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    wanted = ((_MMAP_THRESHOLD, _PIECE_BYTES), (_TRIM_THRESHOLD, _TOP_BYTES), (_ARENA_MAX, 1))
    return [mallopt(ctypes.c_int(name), ctypes.c_int(value)) for name, value in wanted] == [1] * len(wanted)


def more_files() -> int:
    """Let this process open as many files and connections as the system allows it, of which most systems give a program a thousand at first; how
    many that are.
    """
    try:
        few, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    except OSError:  # a filter of system calls keeps it from us
        return _FILES_USUAL
    wanted = _FILES_MAX if most == resource.RLIM_INFINITY else min(most, _FILES_MAX)
    if few == resource.RLIM_INFINITY or few >= wanted:
        return wanted
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    except (OSError, ValueError):  # whoever started us forbids it
        return few
    return wanted


def say_utf8() -> None:
    """What is printed is UTF-8, here as everywhere."""
