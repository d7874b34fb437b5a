"""SHELL: a SAM-V reader on a port: looks for a card four times a second, and reads one when it is wanted.

A card that was read answers "find" no more until it is lifted. Whether it lies there still is asked by its new address, which it goes on to answer. A
reader that does not answer that either cannot tell a card that lies from none: the card then counts as lying until another one is found, which is
told as removed and inserted.

A read that was given up before the card was read leaves the card as it was. One that was given up later cannot be repeated without lifting the
card: what it brought waits for the next read, for seconds, and only while the card lies there.
"""

from __future__ import annotations

import time
from enum import Enum

from central_sync.wire.refusals import Refused
from edge.readers import Wanted
from edge.readers.cards import cn_resident, sdt
from edge.readers.cards.conversation import CardFault, converse
from edge.readers.cards.identity import CardIdentity
from edge.readers.serial_line.port import PortTrouble
from edge.readers.serial_line.worker import Line, Task, refusal

LOOK_S = 0.25
MISSES_MAX = 2
"""A card that was found and not read is gone when it was not found so many times one after the other: some readers find it every other time."""
SILENCES_MAX = 3
UNCLAIMED_S_MAX = 10.0


class Presence(Enum):
    """What is known of the field."""

    EMPTY = "empty"
    FOUND = "found"
    READ = "read"


class GivenUp(Exception):
    """Nobody waits for this read any more, and the card was not read yet."""


class SamReader:
    """One SAM-V reader."""

    def __init__(self, line: Line, *, y2023: bool = False) -> None:
        self._line = line
        self._y2023 = y2023
        self._frames = sdt.Frames()
        self._presence = Presence.EMPTY
        self._answers = False
        self._misses = 0
        self._silences = 0
        self._unclaimed: CardIdentity | None = None
        self._unclaimed_until = 0.0

    def begin(self) -> None:
        """Ask the security module for its state; one that does not know the question may still find cards.

        Raises:
            PortTrouble: no answer, or a failed self-test.
        """
        answer = self._ask(sdt.STATUS)
        if answer is sdt.SILENT:
            answer = self._ask(sdt.FIND)
        if answer is sdt.SILENT or answer.status == 0x60:
            raise PortTrouble("reader_failed")

    def turn(self, task: Task | None) -> float:
        """Serve ``task``, or look for a card.

        Raises:
            PortTrouble: the port is gone, or the reader is silent.
        """
        if (returned := self._line.returned()) is not None:
            self._keep(returned)
        if self._unclaimed is not None and time.monotonic() >= self._unclaimed_until:
            self._unclaimed = None
        try:
            if task is None or self._lies():
                self._serve_lying(task) if task else self._look()
            else:
                self._read(task)
        except GivenUp:
            return 0.0
        return 0.0 if task and task.over else LOOK_S

    def _lies(self) -> bool:
        return self._presence is Presence.READ and self._answers and converse(cn_resident.lies(), self._ask)

    def _serve_lying(self, task: Task) -> None:
        """The card was read before. What nobody took is this task's; else it has to be lifted."""
        if (unclaimed := self._unclaimed) is not None:
            self._unclaimed = None
            self._give(unclaimed)
        else:
            task.meanwhile = Refused("card_lying", "since it was read")

    def _give(self, identity: CardIdentity) -> None:
        """To all who wait: a card is read once, and they all asked for it."""
        taken = [task for task in self._line.waiting() if task.give(identity)]
        if not taken:
            self._keep(identity)

    def _keep(self, identity: CardIdentity) -> None:
        self._unclaimed, self._unclaimed_until = identity, time.monotonic() + UNCLAIMED_S_MAX

    def _look(self) -> None:
        if self._lies():
            return
        answer = self._ask(sdt.FIND)
        self._silences = self._silences + 1 if answer is sdt.SILENT else 0
        if self._silences >= SILENCES_MAX:
            raise PortTrouble("reader_failed")
        if answer.status == sdt.FOUND:
            self._found()
        elif answer.status == sdt.FIND_FAILED:
            self._missed()

    def _read(self, task: Task) -> None:
        def ask(request: sdt.Request) -> sdt.Answer:
            if task.over and request is not sdt.NEW_ADDRESS:
                raise GivenUp
            answer = self._ask(request)
            if request is sdt.FIND and answer.status == sdt.FOUND:
                self._found()
            return answer

        try:
            photo = any(one.wanted.photo for one in self._line.waiting())
            reading = converse(cn_resident.read(Wanted(photo=photo), y2023=self._y2023), ask)
        except (CardFault, Refused) as error:
            why = error if isinstance(error, Refused) else Refused("card_unreadable", str(error))
            self._failed(task, why)
            return
        except PortTrouble as trouble:
            if self._presence is Presence.FOUND:
                task.refuse(refusal(trouble.code))
            raise
        if reading is None:
            self._missed()
            if self._presence is Presence.READ:
                task.meanwhile = Refused("card_lying", "since it was read")
            return
        self._presence, self._answers = Presence.READ, reading.answers
        self._give(reading.identity)

    def _failed(self, task: Task, why: Refused) -> None:
        task.refuse(why)
        if why.code == "reader_failed":
            raise PortTrouble("reader_failed")
        if why.code == "card_removed":
            self._empty()
        elif converse(cn_resident.lies(), self._ask):
            self._presence, self._answers = Presence.READ, True

    def _found(self) -> None:
        """A card that is found is new, or was not read yet."""
        if self._presence is Presence.READ:
            self._empty()
        self._presence, self._misses = Presence.FOUND, 0
        self._line.seen(True)

    def _missed(self) -> None:
        if self._presence is Presence.READ and not self._answers:
            return  # it lies there, or it does not: this reader cannot tell
        self._misses += 1
        if self._misses >= MISSES_MAX:
            self._empty()

    def _empty(self) -> None:
        self._presence, self._misses, self._unclaimed = Presence.EMPTY, 0, None
        self._line.seen(False)

    def _ask(self, request: sdt.Request) -> sdt.Answer:
        """The answer to ``request``, or SILENT. A late answer to somebody else is passed over."""
        port, frames = self._line.port, self._frames
        self._line.live()
        port.forget()
        frames.clear()
        port.write(request.frame)
        ends = time.monotonic() + request.seconds
        while True:
            answers = frames.feed(port.read())
            self._line.live()
            over = time.monotonic() >= ends
            while over and not answers and frames.unfinished:
                answers = frames.resynchronise()
            for answer in answers:
                if request.takes(answer):
                    return answer
            if over:
                return sdt.SILENT
