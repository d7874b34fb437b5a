"""PURE: what the pages of central operations say of edges and alerts: words as messages in English, signs, and lines to draw.

A page puts the words into the reader's language; every word stands beside a sign, so that no colour alone says anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from central_sync.fleet import lifecycle
from central_sync.fleet.board import Row
from central_sync.fleet.lifecycle import EdgeState, Reason
from central_sync.store.fleet_records import HUB, HistoryRow, Outage
from central_sync.wire.messages import EdgeReport


def N_(message: str) -> str:  # noqa: N802 -- gettext's name for a message that is translated later
    """Mark a message for the catalogues."""
    return message


STATES = {
    EdgeState.SILENT: N_("silent"),
    EdgeState.IN_TROUBLE: N_("in trouble"),
    EdgeState.LATE: N_("late"),
    EdgeState.UNHEARD: N_("never heard"),
    EdgeState.UP: N_("up"),
}
SIGNS = {
    EdgeState.SILENT: "broken",
    EdgeState.IN_TROUBLE: "warning",
    EdgeState.LATE: "warning",
    EdgeState.UNHEARD: "unknown",
    EdgeState.UP: "well",
}
"""How each state is drawn: a condition of ``macros.html``."""
REASONS = {
    Reason.JOURNAL_UNUSABLE: N_("the journal cannot be used"),
    Reason.DISK_FULL: N_("the disk is full"),
    Reason.CERTIFICATE_ENDED: N_("the certificate has ended"),
    Reason.CLOCK_OFF: N_("the clock is wrong"),
    Reason.IN_DOUBT_OLD: N_("a doubt is not resolved"),
    Reason.BACKLOG_GROWS: N_("the backlog grows"),
    Reason.BACKLOG_OLD: N_("transactions wait for long"),
    Reason.PARKED: N_("transactions are parked"),
    Reason.CONTRADICTIONS: N_("hub and journal contradict each other"),
    Reason.DISK_LOW: N_("the disk is nearly full"),
    Reason.READER_GONE: N_("a card reader is in trouble"),
    Reason.CERTIFICATE_ENDS: N_("the certificate ends soon"),
    Reason.RULEBOOK_REFUSED: N_("a rulebook was refused"),
    Reason.ANCHOR_REFUSED: N_("a trust anchor of ours was not proven"),
    Reason.HIDS_LOW: N_("few case numbers are left"),
    Reason.BACKUP_LATE: N_("the journal is not backed up"),
    Reason.NO_WORKSTATION: N_("no workstation may sign in"),
    Reason.OLD_VERSION: N_("the program is too old"),
}
ADVICE = {
    Reason.JOURNAL_UNUSABLE: N_(
        "Call the hospital at once: new work is refused there. Its technician's page says what to do."
    ),
    Reason.DISK_FULL: N_(
        "Call the hospital: its technician makes room on the gateway's disk. Until then new work is refused."
    ),
    Reason.CERTIFICATE_ENDED: N_(
        "The edge renews it by itself when it reaches the hub. If it does not, invite it anew."
    ),
    Reason.CLOCK_OFF: N_("The hospital's technician sets the gateway's clock right: its time server does not answer."),
    Reason.IN_DOUBT_OLD: N_(
        "The edge asks by itself while the line is up. If the line is up, tell whoever maintains the hub."
    ),
    Reason.BACKLOG_GROWS: N_("More comes in than goes out: look at the line, and under Flow whether the hub is slow."),
    Reason.BACKLOG_OLD: N_(
        "See below which leg is broken. If it is the line, the hospital's technician's page says the next step."
    ),
    Reason.PARKED: N_("The hospital's technician looks at each parked entry and lets it go."),
    Reason.CONTRADICTIONS: N_(
        "At the edge: `pishkhan-edge doctor` and its log say which; tell whoever maintains the hub."
    ),
    Reason.DISK_LOW: N_("The hospital's technician makes room on the gateway's disk; how long it lasts stands below."),
    Reason.READER_GONE: N_(
        "Its desk can type what a card says meanwhile. The technician's page names the reader and the next step."
    ),
    Reason.CERTIFICATE_ENDS: N_("The edge renews it by itself over the line: see that the line is up before that day."),
    Reason.RULEBOOK_REFUSED: N_("The edge goes on with the rulebook that it has. The refusal's name stands below."),
    Reason.ANCHOR_REFUSED: N_("The edge goes on with what it has. See below which one and why; take a wrong one back."),
    Reason.HIDS_LOW: N_("The hub leases more as soon as the edge reaches it: see that the line is up."),
    Reason.BACKUP_LATE: N_("The technician's page of this gateway makes a backup, and says why none was made."),
    Reason.NO_WORKSTATION: N_("The hospital's technician admits the desks' computers on the gateway's page."),
    Reason.OLD_VERSION: N_("Offer it the newer release (`pishkhan-hub release`), or let the technician install it."),
}
"""What an operator does next about each trouble."""
STATE_ADVICE = {
    EdgeState.SILENT: N_(
        "Call the hospital: is the gateway switched on, and does its page say that the line is up? Its desks go on working meanwhile."
    ),
    EdgeState.LATE: N_("Wait a minute: the line may have had a short break."),
    EdgeState.UNHEARD: N_(
        "If an edge is to stand there, make it an invitation; the hospital's technician types its code."
    ),
}
RULES = {
    "edge_silent": N_("the edge is silent"),
    "many_silent": N_("many edges are silent at once: look at the hub's own line first"),
    "backlog_old": N_("transactions wait for long"),
    "in_doubt_old": N_("a doubt is not resolved"),
    "certificate_ends": N_("the certificate ends soon"),
    "clock_off": N_("the clock is wrong"),
    "parked": N_("transactions are parked"),
    "disk_low": N_("the disk is nearly full"),
    "journal_unusable": N_("the journal cannot be used"),
    "reader_gone": N_("a card reader is in trouble"),
    "old_version": N_("the program is too old"),
    "anchor_refused": N_("a trust anchor of ours was not proven"),
    "unreconciled_day": N_("settlements of days ago await their confirmation"),
    "payer_away": N_("a payer does not answer"),
}
"""A rule of the hub's own is told by its name."""
FLAGS = frozenset({"journal_unusable", "old_version", "rulebook_refused"})
"""Measures that are so or not so: their number says nothing."""
LEGS = {
    "readers": N_("card readers"),
    "desks": N_("desks"),
    "edge": N_("the gateway"),
    "line": N_("the line"),
    "hub": N_("the hub"),
}
CONDITIONS = {
    "well": N_("well"),
    "warning": N_("to be seen to"),
    "broken": N_("broken"),
    "unknown": N_("not known"),
}
FLOW_LEGS = {"edge": N_("waiting at the edge"), "line": N_("line, there and back"), "hub": N_("hub")}
DRILLS = {
    "passed": N_("proven"),
    "in_place": N_("in use"),
    "trying": N_("on trial"),
    "": N_("not drilled yet"),
}
"""How a drill of a trust anchor went; what is not here is a fault."""
FAULTS = {
    "handover_stranger": N_("it is announced by an authority that is not known there"),
    "handover_unsigned": N_("the present authority did not sign it"),
    "authority_unreadable": N_("it is no certificate"),
    "authority_is_none": N_("its certificate may not issue others"),
    "authority_key_foreign": N_("its key is of a foreign kind"),
    "authority_not_yet_valid": N_("its time has not begun: look at the clocks"),
    "authority_ended": N_("its time is over: look at the clocks"),
    "drill_other_authority": N_("the hub's next certificate is of another authority"),
    "drill_wrong_name": N_("the hub's next certificate is not for the name by which it is reached from there"),
    "drill_server_ended": N_("the hub's next certificate is not valid now"),
    "drill_broken": N_("the hub's answer to the drill cannot be used"),
    "drill_unanswered": N_("the hub did not answer the drill"),
    "disk": N_("it cannot be kept on that disk"),
    "tunnel_site": N_("the site file of the box cannot take it"),
    "tunnel_unanswered": N_("nobody with that key answers at that address"),
    "tunnel_untried": N_("the box could not make the device to try it with"),
    "tunnel_not_taken": N_("the box could not put it in place"),
    "tunnel_went_back": N_("the hub did not answer through it, and the tunnel before it is back"),
    "tampered": N_("what is offered there was changed on the way, or is not signed as it should be"),
    "expired": N_("what is offered there is older than it may be"),
    "replayed": N_("what is offered there is older than what it knows already"),
    "root_unknown": N_("its root of updates does not lead to the one that is offered"),
}
"""Why an edge does not believe a trust anchor. A fault that is not here is told by its code."""
READER_TROUBLES = {
    "library_missing": N_("its program part is missing"),
    "service_down": N_("the card service does not run"),
    "reader_absent": N_("not there"),
    "reader_forbidden": N_("the system forbids its use"),
    "reader_busy": N_("another program uses it"),
    "reader_failed": N_("it answers with errors"),
    "reader_stuck": N_("its driver hangs"),
    "card_mute": N_("a card does not answer"),
    "agent_away": N_("its computer does not answer"),
}
"""A trouble that is not here is told by its code."""
NOT_TAKEN = {
    "late": N_("no answer in time"),
    "not_offered": N_("it does not offer what the settings ask for: TLS, or signing in"),
    "certificate_refused": N_("its certificate is not one that is trusted here"),
    "tls_failed": N_("no secure line came about"),
    "some_recipients_refused": N_("some have it; for others it was refused"),
}
NOT_TAKEN_NUMBERED = {
    "status": N_("it answered %(number)s"),
    "recipients_refused": N_("it takes none of the addresses: it answered %(number)s"),
}
NOT_TAKEN_BY_KIND = {
    "unreachable": N_("it cannot be reached"),
    "fault": N_("the hub failed over it; its log says where"),
}
"""Why a channel did not take a message: by its code, by a code that ends with a number, by how a code begins."""
REASONS_SHOWN = 3


class Anchor(NamedTuple):
    """A trust anchor of an edge: what it is, which is in use (a name, or a ``version``), which is beside it, and how its drill went (:data:`DRILLS`, else a
    fault).
    """

    what: str
    used: str = ""
    following: str = ""
    drill: str = ""
    version: int = 0


class Chart(NamedTuple):
    """A line of a week in a box of 720 by 90: its path, and its highest value."""

    path: str
    most: float


class Bar(NamedTuple):
    """An outage on a time line of 1,000 units: where it begins and how long it is."""

    left: int
    width: int
    outage: Outage


class Line(NamedTuple):
    """A row of the time line: whose (empty: the hub's own), its bars, and how long they are together within the window, in seconds."""

    institution: str
    bars: list[Bar]
    seconds: float


def reasons(row: Row) -> list[str]:
    """What troubles an edge, as messages, the most urgent first."""
    return [REASONS[reason] for reason in row.heard.reasons] if row.heard else []


def not_taken(fault: str) -> tuple[str, str]:
    """Why a channel did not take a message, as a message, and the number in it (empty: it has none); of a code that is not known: no message."""
    if fault in NOT_TAKEN:
        return NOT_TAKEN[fault], ""
    kind, _, number = fault.rpartition("_")
    if kind in NOT_TAKEN_NUMBERED and number.isascii() and number.isdigit():
        return NOT_TAKEN_NUMBERED[kind], number
    return NOT_TAKEN_BY_KIND.get(fault.partition("_")[0], ""), ""


def troubles(row: Row) -> list[tuple[str, str]]:
    """What troubles an edge and what to do next, as messages, the most urgent first."""
    return [(REASONS[reason], ADVICE[reason]) for reason in row.heard.reasons] if row.heard else []


def anchors(report: EdgeReport) -> list[Anchor]:
    """The trust anchors of an edge, by what it said."""
    found = [Anchor(N_("the hub's authority"), report.authority, report.authority_next, report.authority_drill)]
    if report.tunnel:
        found.append(Anchor(N_("the tunnel's other end"), report.tunnel, report.tunnel_next, report.tunnel_drill))
    if report.update_root:
        refused = lifecycle.refused_anchors(report).get("update", "")
        found.append(Anchor(N_("the root of updates"), drill=refused, version=report.update_root))
    return found


def chart(points: Sequence[tuple[datetime, float]], begin: datetime, end: datetime) -> Chart:
    """The line through ``points`` between two instants; where half an hour and more is missing, it is broken."""
    width, height, most = 720.0, 90.0, max((value for _, value in points), default=0.0)
    drawn: list[str] = []
    before: datetime | None = None
    for at, value in points:
        x = (at - begin) / (end - begin) * width
        y = height - 2 - (height - 4) * (value / most if most else 0.0)
        gap = before is None or at - before > timedelta(minutes=61)
        drawn.append(f"{'M' if gap else 'L'}{x:.1f} {y:.1f}" + ("h1" if gap else ""))
        before = at
    return Chart(" ".join(drawn), most)


def charts(history: Sequence[HistoryRow], begin: datetime, end: datetime) -> dict[str, Chart]:
    """What is drawn of an edge's week."""
    return {
        "pending": chart([(row.begins_at, float(row.pending)) for row in history], begin, end),
        "oldest": chart([(row.begins_at, float(row.oldest_s)) for row in history], begin, end),
        "skew": chart([(row.begins_at, row.skew_ms / 1000) for row in history], begin, end),
    }


def bars(values: Sequence[int], width: int, height: int) -> str:
    """Columns side by side as one SVG path in a box of ``width`` by ``height``."""
    most, step = max([*values, 1]), width / max(1, len(values))
    return " ".join(
        f"M{place * step:.1f} {height}v-{max(1.0, height * value / most):.1f}h{step * 0.8:.1f}V{height}z"
        for place, value in enumerate(values)
        if value
    )


def time_line(outages: Iterable[Outage], begin: datetime, end: datetime) -> list[Line]:
    """Outages as rows of bars between two instants: the hub's own first, then whoever was away longest."""
    whole = (end - begin).total_seconds()
    found: dict[str, list[Bar]] = {}
    for one in outages:
        first, last = max(one.from_at, begin), min(one.to_at or end, end)
        if last <= first:
            continue
        left = round((first - begin).total_seconds() / whole * 1000)
        width = max(2, round((last - first).total_seconds() / whole * 1000))
        found.setdefault(one.institution, []).append(Bar(min(left, 998), min(width, 1000 - min(left, 998)), one))
    lines = [
        Line(
            "" if code == HUB else code,
            sorted(rows, key=lambda bar: bar.left),
            sum(((bar.outage.to_at or end) - max(bar.outage.from_at, begin)).total_seconds() for bar in rows),
        )
        for code, rows in found.items()
    ]
    return sorted(lines, key=lambda line: (line.institution != "", -line.seconds, line.institution))
