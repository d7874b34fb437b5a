"""PURE: what is told of alerts, as JSON for programs and as a text for people, and when it is told: one message for all that came at once.

A message holds rules, codes of hospitals and payers, numbers and instants; nobody's name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from central_sync.fleet.limits import ALERTS_TOLD_MAX, MESSAGES_FREE, MESSAGES_PAUSE_S, MESSAGES_WINDOW_S
from central_sync.store.fleet_records import Alert

VERSION = 1
WORDS = {
    "edge_silent": "the edge is silent",
    "many_silent": "many edges are silent at once: look at the hub's own line first",
    "backlog_old": "transactions wait for long",
    "in_doubt_old": "a doubt is not resolved",
    "certificate_ends": "the edge's certificate ends soon and is not renewed",
    "clock_off": "the edge's clock is wrong",
    "parked": "transactions are parked",
    "disk_low": "the edge's disk is nearly full",
    "journal_unusable": "the edge's journal cannot be used",
    "reader_gone": "a card reader is in trouble",
    "old_version": "the edge's program is too old",
    "unreconciled_day": "settlements of days ago await their confirmation",
    "payer_away": "a payer does not answer",
}
"""Rule → what is the matter. A hub's own rule is told by its name."""


def postponed(made: Sequence[datetime], now: datetime) -> bool:
    """Whether what there is to tell waits, given when messages were ``made`` lately: after some, one tells for a while what came meanwhile."""
    recent = [at for at in made if now - at < timedelta(seconds=MESSAGES_WINDOW_S)]
    return len(recent) >= MESSAGES_FREE and now - max(recent) < timedelta(seconds=MESSAGES_PAUSE_S)


def body(alerts: Sequence[Alert], hub: str, now: datetime) -> str:
    """The JSON of a message about ``alerts`` that were raised or cleared since the one before."""
    raised = [one for one in alerts if one.cleared_at is None]
    cleared = [one for one in alerts if one.cleared_at is not None]
    rules = Counter(one.rule for one in raised)
    plain = {
        "version": VERSION,
        "hub": hub,
        "at": now.isoformat(),
        "raised": [_plain(one) for one in _urgent_first(raised)[:ALERTS_TOLD_MAX]],
        "cleared": [_plain(one) for one in _urgent_first(cleared)[:ALERTS_TOLD_MAX]],
        "raised_count": len(raised),
        "cleared_count": len(cleared),
        "raised_by_rule": dict(sorted(rules.items())),
    }
    return msgspec.json.encode(plain).decode()


def subject(told: str) -> str:
    """The subject line of the mail for a message."""
    plain = msgspec.json.decode(told)
    raised, cleared = plain["raised_count"], plain["cleared_count"]
    if raised == 1 and not cleared:
        one = plain["raised"][0]
        return f"[{plain['hub']}] {one['severity']}: {one['subject']}: {WORDS.get(one['rule'], one['rule'])}"
    if not raised:
        return f"[{plain['hub']}] {cleared} cleared"
    return f"[{plain['hub']}] {raised} raised" + (f", {cleared} cleared" if cleared else "")


def text(told: str) -> str:
    """The mail for a message."""
    plain = msgspec.json.decode(told)
    lines: list[str] = []
    for title, name in (("Raised", "raised"), ("Cleared", "cleared")):
        if plain[name]:
            lines += [f"{title}:", *(f"  {_line(one)}" for one in plain[name])]
            more = plain[f"{name}_count"] - len(plain[name])
            lines += [f"  … and {more} more"] if more else []
            lines.append("")
    return "\n".join([*lines, f"Told by {plain['hub']} at {plain['at']}.", ""])


def _line(one: dict[str, Any]) -> str:
    ended = f", cleared {one['cleared_at']}" if one["cleared_at"] else ""
    what = WORDS.get(one["rule"], one["rule"])
    return f"{one['severity']}: {one['subject']}: {what} ({one['value']:g}), since {one['raised_at']}{ended}"


def _urgent_first(alerts: Sequence[Alert]) -> list[Alert]:
    return sorted(alerts, key=lambda one: (one.severity != "urgent", one.raised_at, one.id))


def _plain(one: Alert) -> dict[str, Any]:
    return {
        "id": one.id,
        "rule": one.rule,
        "subject": one.subject,
        "institution": one.institution,
        "severity": one.severity,
        "value": one.value,
        "raised_at": one.raised_at.isoformat(),
        "cleared_at": one.cleared_at.isoformat() if one.cleared_at else "",
    }
