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
from central_sync.pages.languages import Tongue
from central_sync.store.fleet_records import Alert
from central_sync.terms import languages

VERSION = 1
ROOMS = ("central_sync.fleet",)
"""Whose catalogues hold what is said here."""


def N_(message: str) -> str:  # noqa: N802 -- gettext's name for a message that is translated later
    """Mark a message for the catalogues."""
    return message


SEVERITIES = {"urgent": N_("urgent"), "warning": N_("warning")}
WORDS = {
    "edge_silent": N_("the edge is silent"),
    "many_silent": N_("many edges are silent at once: look at the hub's own line first"),
    "backlog_old": N_("transactions wait for long"),
    "in_doubt_old": N_("a doubt is not resolved"),
    "certificate_ends": N_("the edge's certificate ends soon and is not renewed"),
    "clock_off": N_("the edge's clock is wrong"),
    "parked": N_("transactions are parked"),
    "disk_low": N_("the edge's disk is nearly full"),
    "journal_unusable": N_("the edge's journal cannot be used"),
    "reader_gone": N_("a card reader is in trouble"),
    "old_version": N_("the edge's program is too old"),
    "anchor_refused": N_("the edge has not proven a trust anchor of ours"),
    "unreconciled_day": N_("settlements of days ago await their confirmation"),
    "payer_away": N_("a payer does not answer"),
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


def trial(hub: str, now: datetime) -> str:
    """The JSON of a message that tells of nothing: whoever set a channel up sees whether it comes."""
    plain = msgspec.json.decode(body((), hub, now))
    return msgspec.json.encode({**plain, "trial": True}).decode()


def subject(told: str, tongue: Tongue) -> str:
    """The subject line of the mail for a message, for a reader of ``tongue``."""
    plain = msgspec.json.decode(told)
    raised, cleared, own = plain["raised_count"], plain["cleared_count"], tongue.language
    if plain.get("trial"):
        said = tongue.text("a trial message")
    elif raised == 1 and not cleared:
        one = plain["raised"][0]
        said = tongue.text("%(severity)s: %(subject)s: %(what)s") % _named(one, tongue)
    elif not raised:
        said = tongue.text("%(count)s cleared") % {"count": languages.number(cleared, own)}
    elif not cleared:
        said = tongue.text("%(count)s raised") % {"count": languages.number(raised, own)}
    else:
        counts = {"raised": languages.number(raised, own), "cleared": languages.number(cleared, own)}
        said = tongue.text("%(raised)s raised, %(cleared)s cleared") % counts
    return f"[{plain['hub']}] {said}"


def text(told: str, tongue: Tongue) -> str:
    """The mail for a message, for a reader of ``tongue``."""
    plain = msgspec.json.decode(told)
    lines = (
        [tongue.text("This is a trial: nothing alarms, and nobody need do anything."), ""] if plain.get("trial") else []
    )
    for title, name in ((N_("Raised:"), "raised"), (N_("Cleared:"), "cleared")):
        if plain[name]:
            lines += [tongue.text(title), *(f"  {_line(one, tongue)}" for one in plain[name])]
            more = plain[f"{name}_count"] - len(plain[name])
            count = {"count": languages.number(more, tongue.language)}
            lines += [f"  {tongue.text('… and %(count)s more') % count}"] if more else []
            lines.append("")
    by = {"hub": languages.isolated(plain["hub"], tongue.language), "at": _when(plain["at"], tongue)}
    return "\n".join([*lines, tongue.text("Told by %(hub)s, %(at)s.") % by, ""])


def _line(one: dict[str, Any], tongue: Tongue) -> str:
    values = {
        **_named(one, tongue),
        "value": languages.digits(f"{one['value']:g}", tongue.language),
        "since": _when(one["raised_at"], tongue),
    }
    if not one["cleared_at"]:
        return tongue.text("%(severity)s: %(subject)s: %(what)s (%(value)s), since %(since)s") % values
    values["at"] = _when(one["cleared_at"], tongue)
    return tongue.text("%(severity)s: %(subject)s: %(what)s (%(value)s), since %(since)s, cleared %(at)s") % values


def _named(one: dict[str, Any], tongue: Tongue) -> dict[str, str]:
    rule = one["rule"]
    return {
        "severity": tongue.text(SEVERITIES.get(one["severity"], one["severity"])),
        "subject": languages.isolated(one["subject"], tongue.language),
        "what": tongue.text(WORDS[rule]) if rule in WORDS else languages.isolated(rule, tongue.language),
    }


def _when(text: str, tongue: Tongue) -> str:
    """An instant as its reader's calendar and zone have it."""
    return languages.isolated(f"{tongue.clock(datetime.fromisoformat(text))} ({tongue.zone})", tongue.language)


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
