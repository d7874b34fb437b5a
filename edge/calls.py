"""What a face hands to the intake and gets back, whatever its dialect."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from msgspec import Struct

from central_sync.terms.languages import Language
from edge.outcome import Outcome


class Profile(Struct, frozen=True, kw_only=True):
    """Whom this edge was enrolled for: institution code, currency of its bills, IANA zone of its civil days."""

    institution: str
    currency: str
    zone: str


class Context(Struct, frozen=True, kw_only=True):
    """Who calls, and for which business day (a civil day of the institution)."""

    institution: str
    operator: str
    workstation: str
    business_day: date


class Caller(NamedTuple):
    """Who calls a face that keeps no journal: its desk (a workstation), and until when it is admitted."""

    desk: str
    until: datetime


class Call(Struct, frozen=True, kw_only=True):
    """One call. ``packet`` is JSON in UTF-8 as the HIS wrote it; ``deadline_ms`` counts from now. ``card_read``: the read id of the card
    that proves who is here; empty: nothing is claimed. ``language``: the one that the caller wants to read; ``accepts``: the one that it
    would read, if neither it nor the packet names one.
    """

    number: str
    packet: bytes
    msgid: str
    deadline_ms: int
    context: Context
    card_read: str = ""
    language: Language | None = None
    accepts: Language | None = None


class Reply(Struct, frozen=True, kw_only=True):
    """What is known now; never ``accepted``.

    ``answer``: the answer struct as plain values when final (and ``{"hid": …}`` of a provisional opening of a case).
    ``code`` and ``detail`` when refused. ``confirmation``: see :class:`edge.outcome.Confirmation`. ``ticket`` names what is still
    open (provisional, in doubt): the msgid to query with 43. ``retry_after_s``: of a refusal that ends at a known time, when to come again.
    """

    outcome: Outcome
    msgid: str
    number: str
    answer: dict[str, Any] | None = None
    code: str = ""
    detail: str = ""
    confirmation: str = "none"
    ticket: str = ""
    retry_after_s: int = 0
