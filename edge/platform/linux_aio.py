"""SHELL: writes that nobody waits for: the event loop begins one, goes on, and is told of its end. Linux' own asynchronous I/O, io_submit(2).

A file opened by :func:`direct` is written in whole blocks past the page cache, and what was written is on the disk when its end is told: the
kernel hands the blocks to the disk and comes back, and the disk's answer wakes the loop through a descriptor of its own (``eventfd(2)``). So a
loop needs no thread to be woken, and the interpreter is not given up on the way.

The calls to the kernel are in ``linux_aio.c``; where that was not built there is no :class:`Aio`.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import mmap
import os
from collections.abc import Callable

try:
    from edge.platform import _linux_aio as kernel
except ImportError:  # no compiler where this was installed
    kernel = None  # type: ignore[assignment]

Told = Callable[[OSError | None], None]

_DIRECT = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_DSYNC | os.O_DIRECT


class Aio:
    """One write at a time, of the loop that began it. ``memory``: from where it is written; nobody may touch that until the write has ended.
    :func:`aio` makes one.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, told: Told, bytes_max: int) -> None:
        self._loop = loop
        self._told = told
        self._context = 0
        self._wakes = -1
        self._size = 0
        self.memory = mmap.mmap(-1, bytes_max)  # begins with a page, as the disk wants it

    def open(self) -> None:
        """Have a context of the kernel's, and let the loop listen for it.

        Raises:
            OSError: a sandbox does not know the calls, or the machine has too many of these.
        """
        self._context = kernel.setup()
        self._wakes = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._loop.add_reader(self._wakes, self.hear)

    def write(self, descriptor: int, size: int, at: int) -> None:
        """Begin to write the first ``size`` bytes of ``memory`` at ``at``, both whole blocks.

        Raises:
            OSError: nothing was written, nor will be.
        """
        kernel.write(self._context, descriptor, self.memory, size, at, self._wakes)
        self._size = size

    def stand_still(self, until_s: float, *, lend: bool = False) -> None:
        """Wait for the end of the write without leaving the processor, to :func:`time.monotonic` ``until_s`` at the most; then the loop is told as always.
        ``lend``: other threads have the interpreter meanwhile.
        """
        if self._over(until_s, lend=lend):
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
        if self._context:
            kernel.destroy(self._context)
            self._context = 0

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):  # the kernel tells it a moment later, or not at all
            os.eventfd_read(self._wakes)

    def _over(self, until_s: float = 0.0, *, lend: bool = False) -> bool:
        """Whether it has ended; then it is told."""
        done = kernel.ended(self._context, until_s, lend)
        if done is None:
            return False
        if done == self._size:
            self._told(None)
        else:
            number = -done if done < 0 else errno.EIO
            self._told(OSError(number, os.strerror(number)))
        return True


def direct(path: str) -> int:
    """The file at ``path``, open for :class:`Aio`; -1: not on this file system."""
    try:
        return os.open(path, _DIRECT)
    except OSError:
        return -1


def aio(loop: asyncio.AbstractEventLoop, told: Told, bytes_max: int) -> Aio | None:
    """One for ``loop``, where ``told`` is called after each write with what went wrong; ``bytes_max``: the longest. ``None``: not on this system."""
    if kernel is None:
        return None
    made = Aio(loop, told, bytes_max)
    try:
        made.open()
    except OSError:
        made.close()
        return None
    return made
