"""SHELL: the serial port itself: the one place that knows pyserial. Every call may block or fail, and belongs into a worker thread.

pyserial is imported when a port is opened: without it the edge starts, and the reader says what is missing.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from serial import Serial

READ_S_MAX = 0.05
"""How long a read waits for the first byte: how soon a worker notices that it is wanted."""
WRITE_S_MAX = 1.0
CHUNK_BYTES_MAX = 4096
_FORBIDDEN = (errno.EACCES, errno.EPERM)
_BUSY = (errno.EAGAIN, errno.EBUSY, errno.EWOULDBLOCK)
_ABSENT = (errno.ENOENT, errno.ENODEV, errno.ENXIO)


_FOREIGN: tuple[type[Exception], ...] = (OSError, ValueError)
with suppress(ImportError):  # there are no terminals on Windows
    import termios

    _FOREIGN = (*_FOREIGN, termios.error)
"""What pyserial lets through: its own exception is an OSError, the terminal's is not."""


class PortTrouble(Exception):
    """The port cannot be used; ``code`` is a key of ``edge.readers.troubles.TROUBLES``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Port(Protocol):
    """An open port. Each call raises :class:`PortTrouble` when the port is gone."""

    def read(self) -> bytes:
        """What has come, after at most ``READ_S_MAX`` seconds; empty if nothing did."""
        ...

    def write(self, some: bytes) -> None:
        """Send ``some``."""

    def forget(self) -> None:
        """Drop what has come and was not read."""

    def close(self) -> None:
        """Give the port back; never fails."""


def open_port(name: str, speed: int) -> Port:
    """The port ``name`` at ``speed`` bits a second, 8N1, for us alone.

    Raises:
        PortTrouble: it is not there, or not ours.
    """
    with _translated("reader_failed"):
        from serial import Serial

        opened = Serial(name, speed, timeout=READ_S_MAX, write_timeout=WRITE_S_MAX, exclusive=_exclusive())
    return _SerialPort(opened)


class _SerialPort:
    def __init__(self, opened: Serial) -> None:
        self._port = opened

    def read(self) -> bytes:
        with _translated("reader_absent"):
            first: bytes = self._port.read(1)
            if first:
                waiting: int = self._port.in_waiting
                first += self._port.read(min(waiting, CHUNK_BYTES_MAX))
            return first

    def write(self, some: bytes) -> None:
        with _translated("reader_absent"):
            self._port.write(some)

    def forget(self) -> None:
        with _translated("reader_absent"):
            self._port.reset_input_buffer()

    def close(self) -> None:
        try:
            self._port.close()
        except (OSError, ValueError):
            return  # a port that was unplugged is closed already


def _exclusive() -> bool | None:
    """On Windows a port is always exclusive, and pyserial refuses the word ``False`` and takes ``None``."""
    return True if os.name == "posix" else None


@contextmanager
def _translated(otherwise: str) -> Iterator[None]:
    """``otherwise``: the trouble of an error that says nothing of its own. On a port that was open it is that the port is gone."""
    try:
        yield
    except ImportError as error:
        raise PortTrouble("library_missing") from error
    except _FOREIGN as error:
        raise PortTrouble(_code(error, otherwise)) from error


def _code(error: Exception, otherwise: str) -> str:
    number = getattr(error, "errno", None)
    if os.name != "posix" and "PermissionError" in str(error):
        return "reader_busy"  # what Windows says of a port that somebody else has open
    if number in _FORBIDDEN:
        return "reader_forbidden"
    if number in _BUSY:
        return "reader_busy"
    if number in _ABSENT:
        return "reader_absent"
    return "reader_absent" if "FileNotFoundError" in str(error) else otherwise  # what Windows says of no port
