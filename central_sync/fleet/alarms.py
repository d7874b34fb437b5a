"""Raises and clears alerts on each new board, acknowledges them, and writes down what is to be told of them, in one unit of work each."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

import structlog

from central_sync.fleet import messages
from central_sync.fleet.alerts import ANCHORS, PAYER, Judge, Rule, Subject, Values
from central_sync.fleet.board import Board
from central_sync.fleet.lifecycle import refused_anchors
from central_sync.fleet.limits import ALERTS_ASKED_EVERY_S, MESSAGES_WINDOW_S, NOTE_CHARACTERS_MAX
from central_sync.payers.lifecycle import silent_since
from central_sync.store import Store
from central_sync.store.fleet_records import Alert, AlertMessage

_log = structlog.get_logger(__name__)


def _anchors(board: Board, institution: str) -> str:
    """Which anchors an edge does not believe, and why: what the audit trail tells, also after the alert was cleared."""
    row = board.of(institution)
    refused = refused_anchors(row.heard.report) if row is not None and row.heard is not None else {}
    return ", ".join(f"{anchor} {why}" for anchor, why in refused.items())


class Alarms:
    """Of one process. ``channels``: the names of those who are told; ``hub``: what the hub calls itself there."""

    def __init__(self, store: Store, rules: Sequence[Rule], channels: Sequence[str], hub: str) -> None:
        self._store = store
        self.rules = rules
        self._judge = Judge(rules)
        self.channels = channels
        self._hub = hub
        self._others: dict[str, Values] = {}
        self._asked_at: datetime | None = None
        self.woken: Callable[[], None] = lambda: None
        """Called when there is something to deliver."""

    def look(self, board: Board, now: datetime) -> None:
        """Raise and clear what ``board`` shows, and write down what is to be told.

        Raises:
            StoreError: the database did not do its part; the next look does it again.
        """
        self._ask(now)
        with self._store.read() as uow:
            still_open = uow.alerts.open_keys()
        raised, cleared = self._judge.judged(self._judge.values(board, self._others, still_open), still_open, now)
        if raised or cleared:
            with self._store.write(urgent=False) as uow:
                for one in raised:
                    name, institution = one.subject
                    fresh = uow.alerts.raise_(one.rule.name, name, institution, one.rule.severity, one.value, now)
                    if fresh and one.rule.measure == ANCHORS:
                        uow.audit.add(now, "hub", "anchor_refused", name, _anchors(board, institution))
                for rule, subject in cleared:
                    uow.alerts.clear(rule, subject, now)
            _log.info("alerts were raised or cleared", count=len(raised) + len(cleared))
        self._tell(now)

    def acknowledge(
        self, alert_id: int, by: str, note: str, scope: Collection[str] | None, now: datetime, actor: str = ""
    ) -> Alert | None:
        """``by`` (``actor`` in the audit trail) sees to an alert within his ``scope``, with a note; the alert as it is now, ``None`` if there is
        none such. Who was first stays.
        """
        with self._store.write() as uow:
            found = uow.alerts.get(alert_id)
            if found is None or (scope is not None and found.institution not in scope):
                return None
            short = "".join(c for c in note if c.isprintable() or c == "\n").strip()[:NOTE_CHARACTERS_MAX]
            if uow.alerts.acknowledge(alert_id, by, short, now):
                uow.audit.add(now, actor or by, "alert_acknowledged", found.subject, f"{found.rule}, alert {alert_id}")
            return uow.alerts.get(alert_id)

    def _ask(self, now: datetime) -> None:
        """The measures that no board shows."""
        if self._asked_at is not None and now - self._asked_at < timedelta(seconds=ALERTS_ASKED_EVERY_S):
            return
        with self._store.read() as uow:
            days = uow.alerts.awaited_since()
            payers = {
                code: since
                for code in uow.payer_shares.payers()
                if (since := silent_since(uow.payer_shares.unanswered(code, now)))
            }
        self._asked_at = now
        self._others = {
            "unreconciled_days": {Subject(code, code): float((now.date() - day).days) for code, day in days.items()},
            "payer_away_s": {Subject(PAYER + code): (now - at).total_seconds() for code, at in payers.items()},
        }

    def _tell(self, now: datetime) -> None:
        with self._store.read() as uow:
            if not uow.alerts.any_untold():
                return
            since = now - timedelta(seconds=MESSAGES_WINDOW_S)
            made = uow.alert_messages.made_since(self.channels[0], since) if self.channels else []
        if messages.postponed(made, now):
            return
        with self._store.write(urgent=False) as uow:
            told = uow.alerts.take_untold()
            text = messages.body(told, self._hub, now)
            for channel in self.channels if told else ():
                uow.alert_messages.add(AlertMessage(uuid.uuid4().hex, channel, text, now, now))
        self.woken()
