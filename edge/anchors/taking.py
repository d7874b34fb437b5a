"""SHELL: takes up what the hub says of its authorities: drills the next one, believes it when that passed, lets the old one go; and follows the trail.

A drill that fails, a line that breaks and a disk that is full change nothing of what is believed, and are tried again for ever.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp
import msgspec
import structlog

from central_sync.wire.handovers import PASSED, Fault, HandoverRefused, State, name_of
from central_sync.wire.limits import HANDOVERS_MAX
from central_sync.wire.messages import Handover
from edge import identity
from edge.anchors import judge
from edge.anchors.drill import Drill, fault_of
from edge.anchors.shadow import Shadow, ShadowDamaged, slot
from edge.audit import Audit
from edge.errors import LineBroken, LineRefused
from edge.identity import Identity
from edge.limits import ANCHORS_LOOK_S, DRILL_RETRY_S, DRILL_SPREAD_S, TRAIL_PAUSE_S
from edge.line import Line
from edge.log import located

log = structlog.get_logger(__name__)


class Hub(NamedTuple):
    """How the edge stands to its hub. ``who``: the identity in use; ``changed`` is told of another one; ``line_up``; ``renew`` has the
    certificate renewed if it is due; ``enrol_url``: instead of the identity's own.
    """

    who: Callable[[], Identity]
    changed: Callable[[Identity], Awaitable[None]]
    line_up: Callable[[], bool]
    renew: Callable[[], Awaitable[None]]
    enrol_url: str = ""


class Anchors:
    """The task. ``folder`` is the data directory, ``spread_s`` how long it waits at most before it drills what it has just heard of."""

    def __init__(
        self,
        folder: Path,
        line: Line,
        hub: Hub,
        audit: Audit,
        now: Callable[[], datetime],
        spread_s: float = DRILL_SPREAD_S,
        look_s: float = ANCHORS_LOOK_S,
    ) -> None:
        self._folder = folder
        self._slot = slot(folder)
        self._line = line
        self._hub = hub
        self._audit = audit
        self._now = now
        self._spread_s = spread_s
        self._look_s = look_s
        self._heard = 0
        self._word: Handover | None = None
        self._astray = False
        self._fresh = asyncio.Event()
        self._not_before = 0.0
        self._trail_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self.shadow = Shadow()

    def load(self) -> None:
        """Read the slot. One that is damaged counts as empty: the hub tells it again."""
        try:
            self.shadow = self._slot.content()
        except ShadowDamaged as error:
            log.warning("the shadow slot cannot be read", code=type(error).__name__)
        trusted = identity.believed(self._hub.who().authority.read_text())
        word = self.shadow.word
        if word is not None and word.present in trusted:
            self._heard = word.number
        else:
            self.shadow = (
                Shadow()
            )  # it is over, or of another hub, to which we belonged before; if it counts, the hub tells it again

    async def start(self) -> None:
        """Begin to look."""
        self._trail_at = time.monotonic() + self._look_s
        self._task = asyncio.create_task(self._run(), name="anchors")

    async def stop(self) -> None:
        """End. Safe to call twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def said(self) -> dict[str, str]:
        """What the next poll says: the number of the last word heard."""
        return {"handover": str(self._heard)}

    def told(self, word: Handover | None) -> None:
        """The hub has answered a poll with this ``word``."""
        if word is not None and word.number > self._heard:
            self._heard, self._word = word.number, word
            self._fresh.set()

    async def _run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._look_s):
                    await self._fresh.wait()
                await asyncio.sleep(random.uniform(0, self._spread_s))  # noqa: S311 -- it spreads drills, no more
                self._not_before = 0.0
            except TimeoutError:
                pass  # time to look
            self._fresh.clear()
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 -- a fault of ours must not end the task: what is believed stays
                log.error("the hub's authority could not be looked after", **located(error))

    async def look(self) -> None:
        """Do what is due."""
        if self._hub.line_up():
            self._trail_at = time.monotonic() + self._look_s
            if self._astray:
                self._astray = False
                self.shadow = msgspec.structs.replace(self.shadow, refused="", refused_next="")  # it was not our hub's
            word = self._due()
            if word is not None and await self._take(word) and self._word is word:
                self._word = None  # else it is what is tried again
        elif time.monotonic() >= self._trail_at:
            self._trail_at = time.monotonic() + TRAIL_PAUSE_S
            await self._follow()

    def _due(self) -> Handover | None:
        """The last word that is to be done."""
        fresh, kept = self._word, self.shadow.word
        return fresh if fresh is not None and (kept is None or fresh.number > kept.number) else kept

    async def _take(self, word: Handover) -> bool:
        """Do what ``word`` says; whether that is done, or never will be."""
        trusted = identity.believed(self._hub.who().authority.read_text())
        if word.present not in trusted and word.following in trusted:
            self._keep(Shadow(word=word, drill=PASSED))  # we were enrolled with it
            return True
        try:
            judge.believed(word, trusted)
        except HandoverRefused as refused:
            if word == self.shadow.word:
                return True  # of a time before this enrolment
            self._refused(word, refused.fault)
            return True
        if word.state == State.WITHDRAWN:
            await self._believe(judge.ordered(word, self._hub.who().issuer))
            self._keep(Shadow(word=word))
            return True
        if time.monotonic() < self._not_before:
            return False
        if word.following not in trusted and not await self._drilled(word):
            return False
        await self._believe(judge.ordered(word, self._hub.who().issuer))
        if self.shadow.drill != PASSED or self.shadow.following != name_of(word.following):
            self._audit.note("authority_proven", self._now(), code=name_of(word.following))
        if self.shadow.word != word or self.shadow.trouble:
            self._keep(Shadow(word=word, drill=PASSED, drilled_at=self._now()))
        return True

    async def _drilled(self, word: Handover) -> bool:
        """Whether the next authority has proven itself over the line that works; if not, that is kept and told."""
        self._not_before = time.monotonic() + DRILL_RETRY_S
        host = urlsplit(self._line.url).hostname or ""
        try:
            judge.able(word.following, self._now())
            drill = Drill(word.following, host)
            drill.judge(await self._line.drill(name_of(word.following), drill.hello()))
        except HandoverRefused as refused:
            fault = refused.fault
        except LineBroken:
            self._not_before = 0.0  # with the line it is tried again
            return False
        except LineRefused as error:
            if error.code == "hub_busy":
                self._not_before = time.monotonic() + error.retry_after_s
                return False
            fault = Fault.UNANSWERED
        else:
            return True
        self._failed(Shadow(word=word, drill=fault, drilled_at=self._now()))
        return False

    async def _follow(self) -> None:
        """The line is down: perhaps because the hub has another authority by now. Ask on the enrol port how it came to it."""
        who = self._hub.who()
        url = self._hub.enrol_url or who.enrol_url
        if not url:
            return
        trusted = identity.believed(who.authority.read_text())
        try:
            told = await self._line.trail(url, identity.stranger())  # what it says is signed
            newer = [word for word in told.handovers[-HANDOVERS_MAX:] if word.number >= self._heard]
            way = judge.followed(
                newer, trusted
            )  # an older word was withdrawn since perhaps, and anybody may say it again
        except (LineBroken, LineRefused):
            return  # the hub is not there
        except HandoverRefused as refused:
            self._strayed(newer[-1], refused.fault)
            return
        if not way:
            return
        word = way[-1]
        fault = await self._knocked(url, word)
        if fault is not None:
            self._strayed(word, fault)
            return
        await self._believe(judge.ordered(word, who.issuer))
        self._heard = max(self._heard, word.number)
        self._keep(Shadow(word=word, drill=PASSED, drilled_at=self._now()))
        self._audit.note("authority_followed", self._now(), code=self.shadow.following)
        await self._hub.renew()

    async def _knocked(self, url: str, word: Handover) -> Fault | None:
        """Why the hub's enrol port is not that of the authority to which the trail leads; ``None``: it is."""
        try:
            judge.able(word.following, self._now())
            await self._line.trail(url, identity.trusting(ssl.DER_cert_to_PEM_cert(word.following)))
        except HandoverRefused as refused:
            return refused.fault
        except (LineBroken, LineRefused) as error:
            cause = error.__cause__
            if isinstance(cause, aiohttp.ClientConnectorCertificateError):
                found = cause.certificate_error
                return fault_of(found) if isinstance(found, ssl.SSLCertVerificationError) else Fault.BROKEN
            return Fault.UNANSWERED
        return None

    async def _believe(self, authorities: list[bytes]) -> None:
        """Let TLS believe ``authorities``, if that is something new, from the next connection on."""
        who = self._hub.who()
        if identity.believed(who.authority.read_text()) == authorities:
            return
        fresh = await asyncio.to_thread(identity.replace_authorities, self._folder, authorities)
        await self._hub.changed(fresh)
        log.info("the hub's authorities are believed anew", count=len(authorities))

    def _refused(self, word: Handover, fault: Fault) -> None:
        """``word`` itself is not believed: the slot keeps what it holds."""
        self._failed(self._with(word, fault))

    def _strayed(self, word: Handover, fault: Fault) -> None:
        """The same of a trail that whoever answers on the enrol port has told: it counts until the line is up, and is not kept."""
        shadow = self._with(word, fault)
        self._tell_failed(shadow)
        self.shadow, self._astray = shadow, True

    def _with(self, word: Handover, fault: Fault) -> Shadow:
        return msgspec.structs.replace(self.shadow, refused=fault, refused_next=name_of(word.following))

    def _failed(self, shadow: Shadow) -> None:
        self._tell_failed(shadow)
        self._keep(shadow)

    def _tell_failed(self, shadow: Shadow) -> None:
        if shadow.trouble != self.shadow.trouble:
            self._audit.note("authority_refused", self._now(), code=shadow.trouble)
            log.error("the hub's next authority is not believed; what was believed is", code=shadow.trouble)

    def _keep(self, shadow: Shadow) -> None:
        if shadow == self.shadow:
            return
        self.shadow = shadow
        try:
            with self._slot.changing():
                self._slot.write(shadow)
        except ShadowDamaged:
            log.warning("the shadow slot cannot be written", code=Fault.DISK)
