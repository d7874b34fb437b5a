"""SHELL: the deduction forecast (3101): the insurer's own audit rules on a draft bill, here and now, line or no line.

Rules
    * Nothing of a draft is kept, sent or logged.
    * The rules are those of the hub's rulebook that is in use here, else those that this version of the edge was shipped with
      (``central_sync/benefits/audit/rules.json``); the answer names their version. A draft is judged by one of them from end to end.
    * They are made ready at the first forecast, in a thread (13 ms), for an edge whose hospital never asks should not carry the 9 MB that they need.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING

import structlog

from central_sync.benefits import audit
from central_sync.benefits.audit import bundle
from central_sync.benefits.audit.reference import Place
from central_sync.benefits.bundle import BundleBroken
from central_sync.programs.learning import learn_types
from central_sync.terms.days import civil_day
from central_sync.terms.languages import Language
from central_sync.wire import packets as p
from central_sync.wire.refusals import Refused
from edge.log import located

if TYPE_CHECKING:
    from central_sync.benefits.audit.auditor import Auditor
    from central_sync.benefits.audit.bundle import AuditBundle

_log = structlog.get_logger(__name__)


def shipped() -> bytes:
    """The rules that came with this version.

    Raises:
        OSError: they are not there.
    """
    return files(audit).joinpath(bundle.FILE).read_bytes()


class Forecaster:
    """Answers 3101 for one institution. ``zone`` is the IANA zone of its civil days."""

    def __init__(self, zone: str, rules: bytes | None = None) -> None:
        self._zone = zone
        self._rules = rules
        self._lock = threading.Lock()
        self._taken: AuditBundle | None = None
        self._auditor: Auditor | None = None

    def take_up(self, rules: AuditBundle) -> None:
        """Judge by ``rules`` from now on. If others are in use they are made ready first, in the caller's thread, and exchanged whole.

        Raises:
            BundleBroken: they cannot be used; those of before are.
        """
        with self._lock:
            if self._auditor is not None:
                self._auditor = _made(rules)
            self._taken = rules

    async def answer(self, draft: p.Forecast, now: datetime, language: Language | None = None) -> p.ForecastAnswer:
        """What a reviewer would find in ``draft``, told in ``language``; other calls go on meanwhile.

        Raises:
            Refused: ``forecast_unavailable``.
        """
        return await asyncio.to_thread(self.judge, draft, now, language)

    def judge(self, draft: p.Forecast, now: datetime, language: Language | None = None) -> p.ForecastAnswer:
        """The same, for a caller who waits. Without a ``language`` it is the one that the draft names, else English.

        Raises:
            Refused: ``forecast_unavailable``.
        """
        from edge.drafts import answer_of, claim_of  # with the engine: 4 MB that wait for the first forecast

        try:
            auditor = self._ready()
            claim = claim_of(draft, _region(draft, auditor.bundle.places), civil_day(now, self._zone))
            return answer_of(auditor.judge(claim), draft.currency, language or draft.language or Language.EN)
        except (BundleBroken, OSError) as error:
            _log.error("the audit rules cannot be used", **located(error))
            raise Refused("forecast_unavailable", "the rules cannot be used") from error

    def _ready(self) -> Auditor:
        with self._lock:
            if self._auditor is None:
                given = self._taken
                if given is None:
                    given = bundle.unpacked(shipped() if self._rules is None else self._rules)
                self._auditor = _made(given)
            return self._auditor


def _made(rules: AuditBundle) -> Auditor:
    from central_sync.benefits.audit.auditor import Auditor

    learn_types()
    return Auditor(rules)


def _region(draft: p.Forecast, places: Mapping[str, Place]) -> str:
    """The place of care: the one that the draft names, or the only one with its currency.

    Raises:
        Refused: there is none, or more than one.
    """
    found = [code for code, place in places.items() if place.currency == draft.currency]
    if draft.region:
        found = [code for code in found if code == draft.region]
    if len(found) != 1:
        raise Refused("forecast_unavailable", "$.region: not exactly one has this currency")
    return found[0]
