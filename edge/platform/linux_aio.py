"""SHELL: writes that nobody waits for: the event loop begins one, goes on, and is told of its end. Linux' own asynchronous I/O, io_submit(2).

A file opened by :func:`direct` is written in whole blocks past the page cache, and what was written is on the disk when its end is told: the
kernel hands the blocks to the disk and comes back, and the disk's answer wakes the loop through a descriptor of its own (``eventfd(2)``). So a
loop needs no thread to be woken, and the interpreter is not given up on the way.

The C library has no names for these calls, so they are made by their numbers; where these are not known there is no :class:`Aio`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import mmap
import os
import platform
import time
from collections.abc import Callable
from typing import Any

Told = Callable[[OSError | None], None]

_DIRECT = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_DSYNC | os.O_DIRECT
_NUMBERS = {"x86_64": (206, 207, 208, 209), "aarch64": (0, 1, 4, 2)}
"""Of io_setup, io_destroy, io_getevents and io_submit."""
_WRITE, _TELLS_DESCRIPTOR = 1, 1  # IOCB_CMD_PWRITE, IOCB_FLAG_RESFD


class _Request(ctypes.Structure):
    """``struct iocb`` of linux/aio_abi.h, as a little-endian machine has it."""

    _fields_ = (
        ("data", ctypes.c_uint64), ("key", ctypes.c_uint32), ("rw_flags", ctypes.c_uint32), ("opcode", ctypes.c_uint16),
        ("priority", ctypes.c_int16), ("descriptor", ctypes.c_uint32), ("buffer", ctypes.c_uint64), ("bytes", ctypes.c_uint64),
        ("offset", ctypes.c_int64), ("reserved", ctypes.c_uint64), ("flags", ctypes.c_uint32), ("tells", ctypes.c_uint32),
    )  # fmt: skip


class _Event(ctypes.Structure):
    """``struct io_event``."""

    _fields_ = (
        ("data", ctypes.c_uint64), ("request", ctypes.c_uint64), ("result", ctypes.c_int64), ("more", ctypes.c_int64),
    )  # fmt: skip


class Aio:
    """One write at a time, of the loop that began it; ``bytes_max``: the longest. :func:`aio` makes one."""

    def __init__(self, loop: asyncio.AbstractEventLoop, told: Told, numbers: tuple[int, ...], bytes_max: int) -> None:
        self._loop = loop
        self._told = told
        self._setup, self._destroy, self._getevents, self._submit = numbers
        self._context = ctypes.c_ulong(0)
        self._request = _Request()
        self._requests = (ctypes.c_void_p * 1)(ctypes.addressof(self._request))
        self._event = _Event()
        self._events = ctypes.byref(self._event)
        self._wakes = -1
        self._memory = mmap.mmap(-1, bytes_max)  # begins with a page, as the disk wants it
        self._address = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))

    def open(self) -> None:
        """Have a context of the kernel's, and let the loop listen for it.

        Raises:
            OSError: a sandbox does not know the calls, or the machine has too many of these.
        """
        self._call(self._setup, 1, ctypes.byref(self._context))
        self._wakes = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._loop.add_reader(self._wakes, self.hear)

    def write(self, descriptor: int, data: bytes, at: int) -> None:
        """Begin to write ``data`` at ``at``, both whole blocks.

        Raises:
            OSError: nothing was written, nor will be.
        """
        self._memory[: len(data)] = data
        request = self._request
        request.opcode, request.descriptor, request.offset = _WRITE, descriptor, at
        request.buffer, request.bytes = self._address, len(data)
        request.flags, request.tells = _TELLS_DESCRIPTOR, self._wakes
        if self._call(self._submit, self._context, 1, self._requests) != 1:
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    def stand_still(self, until_s: float) -> None:
        """Wait for the end of the write without leaving the processor, to :func:`time.monotonic` ``until_s`` at the most; then the loop is told as always."""
        while not self._over():
            if time.monotonic() > until_s:
                return  # whatever wakes the loop stays there for it
            os.sched_yield()  # the kernel may need this very processor to bring it to an end
        self._drain()

    def hear(self) -> None:
        """If the write has ended, tell it now; it is not told again when the loop is woken."""
        self._drain()
        self._over()

    def close(self) -> None:
        """Let go of everything; nothing is being written."""
        if self._wakes >= 0:
            self._loop.remove_reader(self._wakes)
            os.close(self._wakes)
            self._wakes = -1
        if self._context.value:
            self._call(self._destroy, self._context)
            self._context = ctypes.c_ulong(0)

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):  # the kernel tells it a moment later, or not at all
            os.eventfd_read(self._wakes)

    def _over(self) -> bool:
        """Whether it has ended; then it is told."""
        if self._call(self._getevents, self._context, 0, 1, self._events, None) != 1:
            return False
        result, wanted = self._event.result, self._request.bytes
        if result == wanted:
            self._told(None)
        else:
            number = -result if result < 0 else errno.EIO
            self._told(OSError(number, os.strerror(number)))
        return True

    def _call(self, number: int, *given: Any) -> int:
        done: int = _syscall(ctypes.c_long(number), *given)
        if done < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return done


def direct(path: str) -> int:
    """The file at ``path``, open for :class:`Aio`; -1: not on this file system."""
    try:
        return os.open(path, _DIRECT)
    except OSError:
        return -1


def aio(loop: asyncio.AbstractEventLoop, told: Told, bytes_max: int) -> Aio | None:
    """One for ``loop``, where ``told`` is called after each write with what went wrong; ``None``: not on this system."""
    numbers = _NUMBERS.get(platform.machine())
    if numbers is None:
        return None
    made = Aio(loop, told, numbers, bytes_max)
    try:
        made.open()
    except OSError:
        made.close()
        return None
    return made


_syscall = ctypes.PyDLL(None, use_errno=True).syscall
_syscall.restype = ctypes.c_long
