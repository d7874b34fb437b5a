"""PURE: what the technician's page says, from what the edge knows of itself. Texts are messages in English; the page puts them into the reader's language.

Each *leg* of the way from a card to the insurer is judged by itself, so that whoever looks sees at once which one is broken, and what to do next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from edge.firmware.notices import WORDS as SITE_WORDS
from edge.firmware.tunnel import WORDS as TUNNEL_WORDS
from edge.health import BACKUP_DAYS_LATE, CERTIFICATE_DAYS_LOW, FREE_BYTES_LOW, HIDS_LOW, Signs
from edge.limits import CAPACITY_HOURS_LOW
from edge.readers.bindings import ReaderRow
from edge.readers.troubles import TROUBLES

LINE_DOWN = "line_down"


class Condition(StrEnum):
    """How a leg is. ``unknown``: what stands before it is broken, so nobody can say."""

    WELL = "well"
    WARNING = "warning"
    BROKEN = "broken"
    UNKNOWN = "unknown"


Values = Mapping[str, int | str | datetime]


class Remark(NamedTuple):
    """One thing to see to: what is wrong, what to do, the values in both texts, and the page where it is done, if there is one."""

    condition: Condition
    what: str
    do: str
    values: Mapping[str, int | str | datetime] = {}
    page: str = ""


class Leg(NamedTuple):
    """One leg: its name, how it is, and its remarks, the most urgent first."""

    name: str
    condition: Condition
    remarks: tuple[Remark, ...]


def N_(message: str) -> str:  # noqa: N802 -- gettext's name for a message that is translated later
    """Mark a message for the catalogues."""
    return message


READERS, EDGE, VPN, HUB = N_("Card readers"), N_("This gateway"), N_("Line to the centre"), N_("The centre")
PAYERS = N_("The payers")
DESKS = N_("Desks")
WELL = N_("All is well.")
NO_READERS = N_("No reader is set up here.")


def legs(signs: Signs, line_trouble: str, readers: Iterable[ReaderRow]) -> tuple[Leg, ...]:
    """Every leg from the card to whoever pays. ``line_trouble``: why the line is down, as a refusal's code."""
    line = _line(signs, line_trouble)
    return (
        _leg(READERS, _readers(readers)),
        _leg(DESKS, _desks(signs)),
        _leg(EDGE, _edge(signs)),
        _leg(VPN, line),
        _leg(HUB, _hub(signs, line_trouble)),
        _leg(PAYERS, _payers(signs)),
    )


def worst(found: Iterable[Leg]) -> Condition:
    """How the whole way is."""
    return worst_of(leg.condition for leg in found)


def of(found: Iterable[Leg], condition: Condition) -> tuple[Leg, ...]:
    """Those that are so."""
    return tuple(leg for leg in found if leg.condition is condition)


def worst_of(found: Iterable[Condition]) -> Condition:
    """The worst of them; what is not known counts nothing."""
    order, conditions = (Condition.BROKEN, Condition.WARNING, Condition.WELL), set(found)
    return next((one for one in order if one in conditions), Condition.WELL)


def _leg(name: str, remarks: Iterable[Remark]) -> Leg:
    order = (Condition.BROKEN, Condition.UNKNOWN, Condition.WARNING)
    told = tuple(sorted(remarks, key=lambda remark: order.index(remark.condition)))
    return Leg(name, told[0].condition if told else Condition.WELL, told)


def _readers(rows: Iterable[ReaderRow]) -> Iterable[Remark]:
    for row in rows:
        if row.trouble:
            trouble = TROUBLES[row.trouble]
            yield Remark(Condition.BROKEN, trouble.what, trouble.do, {"reader": row.name})


def _desks(signs: Signs) -> Iterable[Remark]:
    if not signs.workstations:
        yield Remark(
            Condition.WARNING,
            N_("No workstation may sign in."),
            N_("Admit the desks' computers: `pishkhan-edge workstation add NAME`."),
            page="/technician/access",
        )


def _edge(signs: Signs) -> Iterable[Remark]:
    if not signs.journal_usable:
        yield Remark(Condition.BROKEN, N_("The journal cannot be used."), N_("Look at the disk of the data directory."))
    if signs.maintained:
        yield Remark(
            Condition.WARNING,
            N_("Maintenance is on: the desks begin nothing new."),
            N_("It ends by itself at its time. End it on its page when you are done."),
            page="/technician/maintenance",
        )
    if signs.full:
        yield Remark(
            Condition.BROKEN, N_("The journal's disk is nearly full, and new work is refused."), N_("Make room on it.")
        )
    elif signs.hours_left is not None and signs.hours_left < CAPACITY_HOURS_LOW:
        yield Remark(
            Condition.WARNING,
            N_("At today's rate the journal's disk lasts %(hours)s."),
            N_("Make room on it."),
            {"hours": int(signs.hours_left)},
        )
    elif signs.free_bytes < FREE_BYTES_LOW:
        mebibytes = signs.free_bytes // 2**20
        yield Remark(
            Condition.WARNING,
            N_("Only %(mebibytes)s MiB are free on the disk."),
            N_("Make room on it."),
            {"mebibytes": mebibytes},
        )
    if not signs.clock_right:
        yield Remark(
            Condition.BROKEN,
            N_("The clock differs from the centre's."),
            N_("Mend the time synchronisation of this machine."),
        )
    if signs.backup_days > BACKUP_DAYS_LATE:
        yield Remark(
            Condition.WARNING,
            N_("The journal was not backed up for %(days)s."),
            N_("Back it up, and see why it was not: `pishkhan-edge journal backup`."),
            {"days": signs.backup_days},
            "/technician/backups",
        )
    site = SITE_WORDS.get(signs.site.state)
    if site is not None:
        values: Values = {"count": len(signs.site.files), "fault": signs.site.fault}
        yield Remark(Condition.WARNING, site.what, site.do, values)
    yield from _transactions(signs)


def _transactions(signs: Signs) -> Iterable[Remark]:
    if signs.parked:
        yield Remark(
            Condition.WARNING,
            N_("Parked transactions: %(count)s. What follows them in their cases waits."),
            N_("Look at them: `pishkhan-edge journal show`."),
            {"count": signs.parked},
            "/technician/journal?state=parked",
        )
    if signs.contradictions:
        yield Remark(
            Condition.WARNING,
            N_("How often the centre contradicted the journal since the start: %(count)s."),
            N_("Look into the log, and tell the centre."),
            {"count": signs.contradictions},
        )


def _line(signs: Signs, trouble: str) -> Iterable[Remark]:
    words = TUNNEL_WORDS.get(signs.tunnel) if signs.tunnel is not None else None
    if words is not None:
        yield Remark(Condition.WARNING if signs.line_up else Condition.BROKEN, words.what, words.do)
    if signs.certificate_days_left < 0:
        yield Remark(
            Condition.BROKEN,
            N_("This gateway's certificate has ended."),
            N_("It is renewed when the centre's enrolment address is reached; otherwise enrol again."),
        )
    elif signs.certificate_days_left < CERTIFICATE_DAYS_LOW:
        yield Remark(
            Condition.WARNING,
            N_("The certificate ends in %(days)s and is not renewed."),
            N_("Look at the line."),
            {"days": signs.certificate_days_left},
        )
    if not signs.line_up and trouble in ("", LINE_DOWN):
        yield Remark(
            Condition.BROKEN,
            N_("The centre cannot be reached."),
            N_("Look at the cable and the VPN. The desks go on; what they did is sent when the line is back."),
            page="/technician/checks",
        )


def _hub(signs: Signs, trouble: str) -> Iterable[Remark]:
    if not signs.line_up and trouble in ("", LINE_DOWN):
        yield Remark(Condition.UNKNOWN, N_("Nobody can say while the line is down."), N_("Mend the line first."))
    elif not signs.line_up:
        yield Remark(
            Condition.BROKEN,
            N_("The centre answers, and takes nothing from this gateway (%(code)s)."),
            N_("Call the centre, and tell them the code."),
            {"code": trouble},
        )
    if signs.hids_left < HIDS_LOW:
        yield Remark(
            Condition.WARNING,
            N_("Few case numbers are left: %(count)s."),
            N_("The centre leases more when the line is up."),
            {"count": signs.hids_left},
        )


def _payers(signs: Signs) -> Iterable[Remark]:
    if not signs.line_up:
        yield Remark(Condition.UNKNOWN, N_("Nobody can say while the line is down."), N_("Mend the line first."))
    elif signs.payers is None:
        yield Remark(
            Condition.UNKNOWN,
            N_("The centre has not said which payers answer."),
            N_("It does so within a minute. A centre of an older version never does."),
        )
    else:
        for one in signs.payers:
            yield Remark(
                Condition.BROKEN,
                N_(
                    "It has given no answer that can be used since %(since)s; shares of this hospital that wait for it: %(count)s."
                ),
                N_(
                    "Nothing is lost, and the desks go on. The centre asks again by itself; if it lasts for hours, call the centre and name this payer."
                ),
                {"payer": one.payer, "since": one.since, "count": one.shares},
            )
