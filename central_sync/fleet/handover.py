"""From one authority to the next: the next one is made in a shadow slot, drilled by every edge, put in use, and the old one let go.

Rules
    * ``next`` → ``switch`` → ``retire``. ``withdraw`` undoes the first, ``back`` the second. Each is one change of ``handover.json`` (slots.py) and
      one word to the edges, signed by the old authority; what runs takes it up within seconds.
    * Between ``next`` and ``retire`` the hub believes the certificates of both. What it issues is of the one in use.
    * The old key is gone with ``retire``. Its last word stays in the trail for edges that come back later, unless it was stolen: then nothing that
      it signed may be followed, and whoever knows it alone is invited anew.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from central_sync.errors import HubError
from central_sync.fleet.authority import Authority, AuthorityMissing
from central_sync.fleet.certificates import make_authority
from central_sync.fleet.slots import SLOTS, Slots, Standing, StandingUnreadable
from central_sync.wire.handovers import State, name_of, signed_text
from central_sync.wire.messages import Handover
from central_sync.wire.receipts import microseconds


class HandoverError(HubError):
    """What the operator asked for is not possible now; the text says why and what would be."""


class Handovers:
    """The changes, on the authority's ``folder``. Synchronous; ``now`` is aware UTC."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._slots = Slots(folder)

    def standing(self) -> Standing:
        """Which authority is in use, and what was said last.

        Raises:
            HandoverError: it cannot be read.
        """
        try:
            return self._slots.standing()
        except StandingUnreadable as error:
            raise HandoverError(str(error)) from error

    def next(self, now: datetime) -> str:
        """Make the next authority and announce it; its name.

        Raises:
            HandoverError: there is one already.
        """
        with self._changing() as standing:
            if standing.shadow is not None:
                raise HandoverError("there is another authority beside the one in use already: `authority show`")
            present = self._authority(standing.current)
            present.keep_derived()
            slot = self._made(now)
            following = self._authority(slot).der()
            last = standing.handover.number if standing.handover is not None else 0
            word = _signed(present, following, State.ANNOUNCED, last, now)
            self._slots.keep(Standing(current=standing.current, shadow=slot, handover=word))
            return slot

    def withdraw(self, now: datetime) -> str:
        """Take back the next authority; its name.

        Raises:
            HandoverError: there is none, or it is in use.
        """
        with self._changing() as standing:
            last, _ = _needed(standing, State.ANNOUNCED)
            word = self._after(last, State.WITHDRAWN, standing.current, now)
            self._slots.keep(Standing(current=standing.current, handover=word))
            self._slots.clear()
            return name_of(word.following)

    def switch(self, now: datetime) -> str:
        """Put the next authority in use; its name.

        Raises:
            HandoverError: there is none, or it is in use, or it is not what was announced.
        """
        with self._changing() as standing:
            last, shadow = _needed(standing, State.ANNOUNCED)
            if self._authority(shadow).der() != last.following:
                raise HandoverError(
                    "what lies in the slot is not what was announced: withdraw it, and make another one"
                )
            word = self._after(last, State.SWITCHED, standing.current, now)
            self._slots.keep(Standing(current=shadow, shadow=standing.current, handover=word))
            return name_of(word.following)

    def back(self, now: datetime) -> str:
        """Put the old authority in use again, the next one beside it; the old one's name.

        Raises:
            HandoverError: the next one is not in use, or the old one is over.
        """
        with self._changing() as standing:
            last, old = _needed(standing, State.SWITCHED)
            word = self._after(last, State.ANNOUNCED, old, now)
            self._slots.keep(Standing(current=old, shadow=standing.current, handover=word))
            return name_of(word.present)

    def retire(self, now: datetime, *, stolen: bool = False) -> str:
        """Let the old authority go; its name. ``stolen``: nobody may follow it any more.

        Raises:
            HandoverError: the next one is not in use.
        """
        with self._changing() as standing:
            last, old = _needed(standing, State.SWITCHED)
            word = self._after(last, State.RETIRED, old, now)
            if not stolen:
                self._slots.keep_link(word)
            self._slots.keep(Standing(current=standing.current, handover=word))
            self._slots.clear()
            return name_of(word.present)

    @contextmanager
    def _changing(self) -> Iterator[Standing]:
        authority = Authority(self._folder)
        authority.open()
        with authority.locked():
            standing = self.standing()
            self._slots.clear()
            yield standing

    def _authority(self, slot: str) -> Authority:
        found = Authority(self._folder, slot)
        found.open()
        return found

    def _made(self, now: datetime) -> str:
        """A new authority with its server certificate in a slot of its own, which nothing names yet."""
        slots = self._folder / SLOTS
        fresh = slots / f"new-{secrets.token_hex(4)}"
        fresh.mkdir(mode=0o700, parents=True)
        make_authority(fresh, now)
        made = self._authority(fresh.name)
        made.make_server_certificate(now)
        home = slots / made.name
        if home.exists():
            shutil.rmtree(home)
        fresh.rename(home)
        return home.name

    def _after(self, last: Handover, state: State, old: str, now: datetime) -> Handover:
        """The word that follows ``last``, of the same two authorities."""
        return _signed(self._authority(old), last.following, state, last.number, now)


def trail(slots: Slots) -> list[Handover]:
    """What an edge that was away may follow, oldest first: the links of the past, and the present one once the next authority is in use.

    Raises:
        AuthorityMissing: it cannot be read.
    """
    try:
        found, standing = slots.trail(), slots.standing()
    except StandingUnreadable as error:
        raise AuthorityMissing(str(error)) from error
    word = standing.handover
    done = word is not None and word.state == State.SWITCHED and standing.shadow is not None
    return [*found, word] if done and word is not None else found


def _signed(old: Authority, following: bytes, state: State, last: int, now: datetime) -> Handover:
    number, present = max(last + 1, int(now.timestamp())), old.der()
    return Handover(
        number=number,
        state=state,
        present=present,
        following=following,
        issued_at=now,
        signature=old.signature(signed_text(number, state, present, following, microseconds(now))),
    )


def _needed(standing: Standing, state: State) -> tuple[Handover, str]:
    """The last word and the shadow slot, if the handover is in ``state``.

    Raises:
        HandoverError: it is not.
    """
    last, shadow = standing.handover, standing.shadow
    if last is None or shadow is None:
        raise HandoverError("there is no next authority: `authority next` makes one")
    if last.state == state:
        return last, shadow
    if last.state == State.SWITCHED:
        raise HandoverError("the next authority is in use already: `authority back`, or `authority retire`")
    raise HandoverError("the next authority is not in use yet: `authority switch`")
