"""The transaction catalogue: one row for each transaction, the only place that knows what a number means.

Rules
    * A number that is not here is refused.
    * ``resolution`` is what a broken line means for the row:
      ``read``    changes nothing, is never journaled; line down: ``refused: line_down``.
      ``replay``  safe to arrive late; line down: ``provisional``, and sent until receipted.
      ``fence``   must not happen after the patient has left: certainly unsent at the deadline, it is withdrawn and
                  refused; if it may have left, it is ``in_doubt`` and the edge asks by msgid.
    * ``undone_by`` is the row that takes it back by name; ``reversible`` says whether 2601 may.
    * ``at_edge``: the edge answers it by itself; it never goes on the line, and the hub refuses it.
    * ``opens_case``: the edge gives the transaction a leased HID; every other ``hid`` stands in the packet.

Numbers follow the Chinese national platform where it has one, and the classic 49 (confirm) and 43 (query) of the
provincial libraries. 44 (list what is uncertain) is ours: those libraries have the call, but gave it no number.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from central_sync.wire import packets as p


class Resolution(StrEnum):
    """What a broken line means for a transaction."""

    READ = "read"
    REPLAY = "replay"
    FENCE = "fence"


class Care(StrEnum):
    """Which kind of case a row works on."""

    OUTPATIENT = "outpatient"
    INPATIENT = "inpatient"


class Row(NamedTuple):
    """One transaction. ``numbers[0]`` is its canonical number; the others are spellings of the same thing."""

    name: str
    numbers: tuple[str, ...]
    request: type[p.Request]
    answer: type[p.Answer]
    resolution: Resolution
    care: Care | None = None
    opens_case: bool = False
    confirmed: bool = False
    reversible: bool = False
    undone_by: str = ""
    at_edge: bool = False

    @property
    def number(self) -> str:
        """The canonical number."""
        return self.numbers[0]

    @property
    def journaled(self) -> bool:
        """Whether the edge keeps it: everything that can change anything."""
        return self.resolution is not Resolution.READ


R, O, I = Resolution, Care.OUTPATIENT, Care.INPATIENT

ROWS: tuple[Row, ...] = (
    Row("sign_in", ("9001",), p.SignIn, p.SignInAnswer, R.REPLAY),
    Row("sign_out", ("9002",), p.SignOut, p.SignOutAnswer, R.REPLAY),
    Row("person", ("1101",), p.PersonRequest, p.PersonAnswer, R.READ),
    Row("benefit_check", ("2001",), p.BenefitCheck, p.BenefitAnswer, R.READ),
    Row(
        "registration",
        ("2201",),
        p.Registration,
        p.CaseOpened,
        R.REPLAY,
        O,
        opens_case=True,
        reversible=True,
        undone_by="2202",
    ),
    Row("registration_cancel", ("2202",), p.CaseRef, p.Done, R.REPLAY, O),
    Row("visit", ("2203",), p.Visit, p.Done, R.REPLAY, O),
    Row("outpatient_fees", ("2204",), p.Fees, p.FeesAnswer, R.REPLAY, O, undone_by="2205"),
    Row("outpatient_fees_cancel", ("2205",), p.FeesCancel, p.FeesCancelled, R.REPLAY, O),
    Row("outpatient_pre_settle", ("2206",), p.PreSettle, p.Settlement, R.READ, O),
    Row(
        "outpatient_settle",
        ("2207",),
        p.Settle,
        p.Settlement,
        R.FENCE,
        O,
        confirmed=True,
        reversible=True,
        undone_by="2208",
    ),
    Row("outpatient_settle_cancel", ("2208",), p.SettleCancel, p.SettleCancelled, R.FENCE, O, reversible=True),
    Row("inpatient_fees", ("2301",), p.Fees, p.FeesAnswer, R.REPLAY, I, undone_by="2302"),
    Row("inpatient_fees_cancel", ("2302",), p.FeesCancel, p.FeesCancelled, R.REPLAY, I),
    Row("inpatient_pre_settle", ("2303",), p.PreSettle, p.Settlement, R.READ, I),
    Row(
        "inpatient_settle",
        ("2304",),
        p.Settle,
        p.Settlement,
        R.FENCE,
        I,
        confirmed=True,
        reversible=True,
        undone_by="2305",
    ),
    Row("inpatient_settle_cancel", ("2305",), p.SettleCancel, p.SettleCancelled, R.FENCE, I, reversible=True),
    Row(
        "admission",
        ("2401",),
        p.Admission,
        p.CaseOpened,
        R.REPLAY,
        I,
        opens_case=True,
        reversible=True,
        undone_by="2404",
    ),
    Row("discharge", ("2402",), p.Discharge, p.Done, R.REPLAY, I, undone_by="2405"),
    Row("stay_change", ("2403",), p.StayChange, p.Done, R.REPLAY, I),
    Row("admission_cancel", ("2404",), p.CaseRef, p.Done, R.REPLAY, I),
    Row("discharge_cancel", ("2405",), p.CaseRef, p.Done, R.REPLAY, I),
    Row("confirm", ("49",), p.Confirm, p.Confirmed, R.REPLAY),
    Row("query", ("43", "5203"), p.Query, p.QueryAnswer, R.READ),
    Row("uncertain", ("44",), p.Uncertain, p.UncertainAnswer, R.READ),
    Row("reversal", ("2601",), p.Reversal, p.Reversed, R.REPLAY),
    Row("audit_forecast", ("3101",), p.Forecast, p.ForecastAnswer, R.READ, at_edge=True),
    Row("reconcile_totals", ("3201",), p.ReconcileTotals, p.TotalsAnswer, R.READ),
    Row("reconcile_details", ("3202",), p.ReconcileDetails, p.DetailsAnswer, R.READ),
)

BY_NUMBER: dict[str, Row] = {number: row for row in ROWS for number in row.numbers}
BY_NAME: dict[str, Row] = {row.name: row for row in ROWS}

assert len(BY_NUMBER) == sum(len(row.numbers) for row in ROWS), "a number stands twice"
assert all(row.undone_by in BY_NUMBER for row in ROWS if row.undone_by)
assert all(row.resolution is R.READ for row in ROWS if row.at_edge)
assert all(row.resolution is R.FENCE for row in ROWS if row.confirmed)
