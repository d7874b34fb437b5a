"""SHELL: the calls of the smart card service, through pyscard's thin layer, typed and with one exception.

Each call may hang for as long as the service, a reader's driver or another program likes: call from a thread that nobody waits for. The library lets
other threads run meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.readers.pcsc import codec
from edge.readers.pcsc.codec import SUCCESS

READERS_MAX = 64
CODE_MASK = 0xFFFFFFFF
SCOPE_USER, SHARE_SHARED, LEAVE_CARD, PROTOCOL_ANY = 0, 2, 0, 3


class LibraryMissing(Exception):
    """pyscard, or the system's library below it, is not installed."""


class ServiceError(Exception):
    """A call returned ``code``."""

    def __init__(self, code: int) -> None:
        super().__init__(f"PC/SC 0x{code:08X}")
        self.code = code


def library() -> Any:
    """The layer of pyscard over the system's library.

    Raises:
        LibraryMissing: it cannot be imported.
    """
    try:
        from smartcard import scard
    except (ImportError, OSError) as error:
        raise LibraryMissing from error
    return scard


def checked(code: int, *fine: int) -> int:
    """``code`` as an unsigned number.

    Raises:
        ServiceError: it is neither success nor one of ``fine``.
    """
    code &= CODE_MASK
    if code != SUCCESS and code not in fine:
        raise ServiceError(code)
    return code


class Context:
    """A conversation with the service. Not to be shared between threads, but for :meth:`cancel`."""

    def __init__(self, scard: Any, handle: int) -> None:
        self._scard = scard
        self._handle = handle

    @classmethod
    def begun(cls, scard: Any) -> Context:
        """A new conversation.

        Raises:
            ServiceError: the service does not run, or is not for this user.
        """
        code, handle = scard.SCardEstablishContext(SCOPE_USER)
        checked(code)
        return cls(scard, handle)

    def readers(self) -> list[str]:
        """The names of all readers, ``READERS_MAX`` at most.

        Raises:
            ServiceError: the service does not answer.
        """
        code, names = self._scard.SCardListReaders(self._handle, [])
        checked(code, codec.NO_READERS)
        return sorted(set(names))[:READERS_MAX]

    def changes(self, known: Mapping[str, int], wait_ms: int) -> dict[str, int]:
        """The states of the readers in ``known`` as soon as one is not what is known, or after ``wait_ms``.

        Raises:
            ServiceError: the service does not answer, or a name is of no reader.
        """
        asked = list(known.items())
        code, found = self._scard.SCardGetStatusChange(self._handle, wait_ms, asked)
        if checked(code, codec.TIMEOUT, codec.CANCELLED) == codec.CANCELLED:
            return dict(known)
        # At the end of the wait too: not all that is shown of a reader ends it (pcscd: that a program has it alone).
        return {name: state & CODE_MASK & ~codec.STATE_CHANGED or known[name] for name, state, _atr in found}

    def connect(self, reader: str) -> Card:
        """Open the card on ``reader``, shared with other programs.

        Raises:
            ServiceError: there is none, it is mute, or another program has it alone.
        """
        code, handle, protocol = self._scard.SCardConnect(self._handle, reader, SHARE_SHARED, PROTOCOL_ANY)
        checked(code)
        return Card(self._scard, handle, protocol)

    def cancel(self) -> None:
        """Let :meth:`changes` return now; from another thread."""
        self._scard.SCardCancel(self._handle)

    def release(self) -> None:
        """Give the context back; a service that is gone has it back already, so nothing is raised."""
        self._scard.SCardReleaseContext(self._handle)


class Card:
    """A card that is open; the only program that talks to it between :meth:`begin` and :meth:`close`."""

    def __init__(self, scard: Any, handle: int, protocol: int) -> None:
        self._scard = scard
        self._handle = handle
        self._protocol = protocol

    def begin(self) -> None:
        """Wait until no other program talks to the card, and keep them out.

        Raises:
            ServiceError: the card left or was reset by another program.
        """
        checked(self._scard.SCardBeginTransaction(self._handle))

    def atr(self) -> bytes:
        """The card's answer to reset.

        Raises:
            ServiceError: the card left.
        """
        code, _reader, _state, _protocol, atr = self._scard.SCardStatus(self._handle)
        checked(code)
        return bytes(atr)

    def transmit(self, command: bytes) -> bytes:
        """The raw response to ``command``.

        Raises:
            ServiceError: there is none.
        """
        sent = list(codec.as_sent(command, self._protocol))
        code, response = self._scard.SCardTransmit(self._handle, self._protocol, sent)
        checked(code)
        return bytes(response)

    def close(self) -> None:
        """Let go of the card and leave it as it is; one that is gone needs no more, so nothing is raised."""
        self._scard.SCardEndTransaction(self._handle, LEAVE_CARD)
        self._scard.SCardDisconnect(self._handle, LEAVE_CARD)
