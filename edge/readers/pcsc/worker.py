"""SHELL: one read of one card, in the thread of a seat.

Whoever waits for it may stop waiting at any time (:meth:`Worker.leave`): the read then ends after the call that it is in, lets go of the card, and
nobody hears of it but ``ended``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

import structlog

from central_sync.wire.refusals import Refused
from edge.log import located
from edge.readers import Wanted
from edge.readers.cards.conversation import CardFault, Conversation, converse
from edge.readers.cards.identity import CardIdentity
from edge.readers.pcsc import codec
from edge.readers.pcsc.seat import Seat
from edge.readers.pcsc.service import Card, Context, LibraryMissing, ServiceError

COMMANDS_MAX = 2000
"""Of one read; a card with a photo needs some 100."""
STATUS_BYTES = 2
BUSY_S_MAX = 1.0
"""How long another program that has the card alone is waited for: some look at every new card for a moment."""
BUSY_PAUSE_S = 0.05
AGAIN_PAUSE_S = 0.2
LEAVING_MS = 800
"""How long the service may need to see that a card left which no longer answers; pcscd looks every 400 ms."""

Identify = Callable[[bytes, Wanted], Conversation[CardIdentity]]
log = structlog.get_logger()


class Outcome(NamedTuple):
    """How a read ended: an identity, or a refusal."""

    identity: CardIdentity | None = None
    refused: Refused | None = None


class _Left(Exception):
    """Nobody waits for this read any more."""


class Worker:
    """Reads the card on the service's ``reader`` until ``ends`` (of ``time.monotonic``), in ``seat``."""

    def __init__(self, seat: Seat, reader: str, identify: Identify, wanted: Wanted, ends: float) -> None:
        self.seat = seat
        self._reader = reader
        self._identify = identify
        self._wanted = wanted
        self._ends = ends
        self._left = threading.Event()
        self._begun = False
        self.sharing = False
        """Whether it waits for another program that has the card open."""

    def start(self, ended: Callable[[Outcome], None]) -> None:
        """Begin to read. ``ended`` is called in the thread, once, when the card is free again."""
        self.seat.do(lambda: self._run(ended))

    def leave(self) -> None:
        """Nobody waits any more."""
        self._left.set()

    def _run(self, ended: Callable[[Outcome], None]) -> None:
        try:
            outcome = Outcome(identity=self._read())
        except Refused as refused:
            outcome = Outcome(refused=refused)
        except ServiceError as error:
            self.seat.forget()
            outcome = Outcome(refused=Refused(codec.refusal(error.code), str(error)))
        except CardFault as fault:
            outcome = Outcome(refused=Refused("card_unreadable", str(fault)))
        except LibraryMissing:
            outcome = Outcome(refused=Refused("reader_failed", "the library is missing"))
        except _Left:
            outcome = Outcome(refused=Refused("card_slow"))
        except Exception as error:  # noqa: BLE001 - a fault of ours or the library's in reading one card must end that read only
            log.error("reading a card failed", driver="pcsc", **located(error))
            outcome = Outcome(refused=Refused("card_unreadable", type(error).__name__))
        ended(outcome)

    def _read(self) -> CardIdentity:
        kept = self.seat.kept
        try:
            return self._talk(self.seat.context())
        except ServiceError as error:
            if error.code in codec.AGAIN:
                self._left.wait(AGAIN_PAUSE_S)
            elif kept and not self._begun and error.code != codec.SHARING_VIOLATION:
                self.seat.forget()  # the service may be another one than that of the last read
            else:
                raise
        return self._talk(self.seat.context())

    def _talk(self, context: Context) -> CardIdentity:
        card = self._open(context)
        count = 0

        def transmit(command: bytes) -> bytes:
            nonlocal count
            count += 1
            self._go_on()
            if count > COMMANDS_MAX:
                raise CardFault(f"over {COMMANDS_MAX} commands")
            response = card.transmit(command)
            if len(response) < STATUS_BYTES:  # some drivers hand out nothing when the card leaves
                raise ServiceError(codec.COMM_DATA_LOST)
            return response

        try:
            card.begin()
            self.sharing, self._begun = False, True
            return converse(self._identify(card.atr(), self._wanted), transmit)
        except ServiceError as error:
            raise self._clear(context, error) from error
        finally:
            card.close()

    def _open(self, context: Context) -> Card:
        """The card, shared; another program that has it alone is waited for a moment."""
        until = min(time.monotonic() + BUSY_S_MAX, self._ends)
        while True:
            self._go_on()
            self.sharing = codec.sight(context.changes({self._reader: 0}, 0)[self._reader]).used
            try:
                return context.connect(self._reader)
            except ServiceError as error:
                if error.code != codec.SHARING_VIOLATION or time.monotonic() >= until:
                    raise
            self._left.wait(BUSY_PAUSE_S)

    def _clear(self, context: Context, error: ServiceError) -> ServiceError:
        """``error``, or what is behind it: a card that no longer answers has often left, and the service has not looked yet."""
        if error.code not in codec.UNCLEAR:
            return error
        until = time.monotonic() + LEAVING_MS / 1000
        states, nth = {self._reader: 0}, -1
        while (left_ms := int(1000 * (until - time.monotonic()))) > 0 and not self._left.is_set():
            try:
                states = context.changes(states, left_ms)
            except ServiceError as why:
                return why
            sight = codec.sight(states[self._reader])
            if not sight.connected:
                return ServiceError(codec.READER_UNAVAILABLE)
            if not sight.present or nth not in (-1, sight.nth):
                return ServiceError(codec.REMOVED_CARD)
            nth = sight.nth
        return error

    def _go_on(self) -> None:
        if self._left.is_set():
            raise _Left
        if time.monotonic() >= self._ends:
            raise Refused("card_slow", "before the deadline")
