"""SHELL: the rulebook that this edge uses: loaded after the edge is ready, fetched when the hub names a newer one, exchanged whole.

Rules
    * The feed tells that a newer one is in force. It is fetched piece by piece, from where it stopped, also after a restart, and whichever
      process of the hub gives the pieces (pieces.py); pieces of another content (its digest says so) begin it anew. Nothing of it is used before all of it is accepted (bundles.py).
    * Loading is a thread's work. What is new is on the disk before it is used; whoever computes goes on with the old one until then.
    * What is refused is noted in the audit file, told to the hub with the next poll, once, and shown until one is accepted. It is not fetched
      again until the hub names another, or this program starts anew.
    * A line that breaks, or a disk that is full, is tried again for ever.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import structlog

from central_sync.terms.languages import Language
from central_sync.wire.bundles import BundleRefused, Fault
from central_sync.wire.limits import BUNDLE_BYTES_MAX, BUNDLE_HEAD_BYTES_MAX
from central_sync.wire.messages import BundleWord
from edge.audit import Audit
from edge.errors import LineBroken, LineRefused
from edge.limits import BUNDLE_REFUSED_PAUSE_S, RETRY_CAP_S, RETRY_FIRST_S
from edge.line import Line
from edge.log import located
from edge.pieces import Begun, fit
from edge.retry import Backoff

if TYPE_CHECKING:
    from edge.bundles import Accepted
    from edge.shelf import Shelf

_log = structlog.get_logger(__name__)
FILE_BYTES_MAX = BUNDLE_BYTES_MAX + BUNDLE_HEAD_BYTES_MAX + 64
"""What says that it is larger is not begun."""
_BACKOFF = Backoff(RETRY_FIRST_S, RETRY_CAP_S)


class _NotYet(Exception):
    """The hub process that we reached has not taken up what another one told us of."""


class Standing(NamedTuple):
    """``version`` is empty and ``number`` 0 while only what was shipped is in use; ``days`` since it was issued; ``trouble``: a code."""

    version: str
    number: int
    days: int | None
    trouble: str


class Rulebooks:
    """What is in use, and the task that keeps it new.

    Args:
        shelf: makes the place where they are kept; called in a thread, for it brings the engine's modules with it.
        taken: called in a thread with each rulebook before it is in use.
        now: the wall clock.

    ``look`` is called once it is known what is in use: the hub can then be asked for what is newer.
    """

    def __init__(
        self,
        shelf: Callable[[], Shelf],
        line: Line,
        audit: Audit,
        taken: Callable[[Accepted], None],
        now: Callable[[], datetime],
    ) -> None:
        self._make_shelf = shelf
        self._line = line
        self._audit = audit
        self._taken = taken
        self._now = now
        self.look: Callable[[], None] = lambda: None
        self._wanted = asyncio.Event()
        self._ready = asyncio.Event()
        self._untold: Fault | None = None
        self._resumed = self._mixed = False
        self._mixes = True
        self._task: asyncio.Task[None] | None = None
        self._shelf: Shelf | None = None
        self.current: Accepted | None = None
        self.trouble = ""
        self.heard = 0

    async def start(self) -> None:
        """Begin: load what is kept, then fetch what the hub names."""
        self._task = asyncio.create_task(self._run(), name="rulebooks")

    async def stop(self) -> None:
        """End. Safe to call twice; what is fetched so far is kept."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def said(self) -> dict[str, str]:
        """What the next poll says of us; nothing while it is not known yet."""
        if not self._ready.is_set():
            return {}
        return {"bundle": str(self.heard)} | ({"bundle_trouble": self._untold} if self._untold else {})

    def told(self, word: BundleWord | None, said: dict[str, str]) -> None:
        """The hub has answered a poll that ``said`` this, with this ``word``."""
        if self._untold and said.get("bundle_trouble") == self._untold:
            self._untold = None
        if word is not None and word.number > self.heard:
            self.heard = word.number
            self._wanted.set()

    @property
    def standing(self) -> Standing:
        """What is in use, for whoever asks how the edge stands."""
        told = self.current.told if self.current else None
        if told is None:
            return Standing("", 0, None, self.trouble)
        return Standing(told.version, told.number, max(0, (self._now() - told.issued_at).days), self.trouble)

    def called(self, key: str, language: Language) -> str:
        """What the rulebook in use calls a rule or a scheme in ``language``; empty if it does not say so."""
        return self.current.whole.rulebook.called(key, language) if self.current else ""

    async def _run(self) -> None:
        await self._load()
        self._ready.set()
        self.look()
        failures = 0
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            pause_s = 0.0
            try:
                await self._fetch()
                failures = 0
            except (LineBroken, _NotYet):
                failures += 1
                due = _BACKOFF.next_at(failures, 0.0, random.random())  # noqa: S311 -- it spreads retries, no more
                pause_s = RETRY_CAP_S if due is None else due
            except LineRefused as error:
                self.trouble = error.code
                pause_s = max(error.retry_after_s, BUNDLE_REFUSED_PAUSE_S)
            except BundleRefused as refused:
                self._refused(refused)
            except OSError as error:
                self.trouble = "disk"
                _log.error("the rulebook cannot be kept", **located(error))
                pause_s = RETRY_CAP_S
            except Exception as error:  # noqa: BLE001 -- a fault of ours must not end the task: what is in use stays, and it is tried again
                self.trouble = Fault.DAMAGED
                _log.error("a rulebook failed inside", **located(error))
                pause_s = RETRY_CAP_S
            if pause_s:
                self._wanted.set()
                await asyncio.sleep(pause_s)

    async def _load(self) -> None:
        try:
            self._shelf = await asyncio.to_thread(self._make_shelf)
            found, fault = await asyncio.to_thread(self._shelf.best)
            if fault is not None:
                self.trouble = fault
                self._audit.note("rulebook_refused", self._now(), code=fault)
                _log.error("a rulebook that was kept cannot be used", code=fault)
            if found is not None:
                await self._take_up(found)
        except OSError as error:
            self.trouble = "disk"
            _log.error("the kept rulebooks cannot be read", **located(error))
        except Exception as error:  # noqa: BLE001 -- without it the packaged rules are used: the edge works on
            self.trouble = Fault.DAMAGED
            _log.error("the kept rulebook failed inside", **located(error))

    async def _fetch(self) -> None:
        shelf = self._kept()
        number, file = await self._whole(shelf)
        held = self.current.told.number if self.current else 0
        try:
            accepted = await asyncio.to_thread(shelf.judged, file, held)
        except BundleRefused as refused:
            await asyncio.to_thread(shelf.forget_beginning)
            if self._resumed and refused.fault in (Fault.DAMAGED, Fault.CUT_OFF):
                self._resumed, self._mixes = False, not self._mixed
                self._wanted.set()  # a beginning that was torn is no fault of the hub's: once anew
                return
            raise
        await asyncio.to_thread(shelf.keep, accepted.told.number, file)
        await self._take_up(accepted)
        self.trouble, self._mixes = "", True
        self._audit.note("rulebook_taken", self._now(), code=accepted.told.version[:12])
        if number < self.heard:
            self._wanted.set()

    async def _whole(self, shelf: Shelf) -> tuple[int, bytes]:
        """The file of what is in force at the hub, as far as it has to be fetched. Each piece is asked for so far back as the heads of the
        hub's processes differ in length: whoever answers, it then goes on without a gap.
        """
        begun, back = await asyncio.to_thread(shelf.beginning), 0
        self._resumed, self._mixed = begun.length > 0, False
        while True:
            part = await self._line.bundle_part(max(0, begun.length - back))
            if part.number < self.heard:
                raise _NotYet
            if not 0 < part.total <= FILE_BYTES_MAX:
                raise BundleRefused(Fault.DAMAGED, "too large")
            found = fit(begun, part)
            if found is not None and found.apart is not None and not self._mixes:
                found = None
            if found is not None and found.apart is not None:
                self._resumed = self._mixed = True  # should it not fit after all, it is fetched anew
                if found.skip < 0 and back < found.apart:
                    back = found.apart
                    continue
                back = max(back, found.apart)
            if found is None or found.skip < 0:
                begun, back, self._resumed = Begun(part.digest), 0, False
                await asyncio.to_thread(shelf.begin, part.digest)
                if part.offset:
                    continue
                found = fit(begun, part)
                assert found is not None, "it has its digest"
            data = part.data[found.skip :]
            if begun.length < found.total and not data:
                raise LineBroken("a piece of nothing", left=True)
            if data:
                await asyncio.to_thread(shelf.add, data)
            begun = (
                replace(begun, length=begun.length + len(data))
                if begun.head_bytes
                else await asyncio.to_thread(shelf.beginning)
            )
            if begun.length >= found.total:
                return part.number, await asyncio.to_thread(shelf.fetched)

    async def _take_up(self, accepted: Accepted) -> None:
        await asyncio.to_thread(self._taken, accepted)
        self.current = accepted
        self.heard = max(self.heard, accepted.told.number)
        _log.info("a rulebook is in use", version=accepted.told.version, number=accepted.told.number)

    def _refused(self, refused: BundleRefused) -> None:
        self.trouble = self._untold = refused.fault
        self._audit.note("rulebook_refused", self._now(), code=refused.fault)
        _log.error("the hub's rulebook was refused", code=refused.fault, number=self.heard)

    def _kept(self) -> Shelf:
        assert self._shelf is not None, "it is made before anything is fetched"
        return self._shelf
