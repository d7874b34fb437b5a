"""PURE: rules of what alarms, as data; when an alert is raised and cleared; and how little of that is told when much happens at once.

Rules
    * One open alert of a rule and a subject. It is raised when its measure has been beyond for long enough, and cleared when it is back; between
      both nothing changes, so that a value on the edge does not flicker.
    * What is not known (an edge that is silent says nothing of its clock; a hub that has just begun to listen does not know who is silent) raises
      nothing and clears nothing.
    * When many edges go silent at once it is one thing, not many: one alert says so, and the single ones are not raised while it lasts.
    * No person and no case is in an alert: a rule, a hospital's or a payer's code, a number, an instant.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

from central_sync.fleet.board import Board, Heard, Row
from central_sync.fleet.lifecycle import EdgeState, Reason, age_s, refused_anchors
from central_sync.fleet.limits import MASS_EDGES, MASS_SHARE

HUB = "hub"
"""The subject of what concerns no single hospital."""
PAYER = "payer:"
ANCHORS = "anchors_refused"
"""The measure of trust anchors that an edge was told of and does not believe."""
SHIPPED = "alert_rules.toml"


class RulesInvalid(Exception):
    """A file of rules cannot be used; the text names the place."""


class Rule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule: see ``alert_rules.toml``."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}\Z")]
    measure: str = ""
    beyond: float = 0.0
    back: float | None = None
    least: bool = False
    for_s: Annotated[float, Meta(ge=0, le=86_400)] = 0.0
    severity: Literal["urgent", "warning"] = "warning"
    off: bool = False

    def raises(self, value: float) -> bool:
        """Whether ``value`` is beyond."""
        return value < self.beyond if self.least else value > self.beyond

    def clears(self, value: float) -> bool:
        """Whether ``value`` is back."""
        back = self.beyond if self.back is None else self.back
        return value >= back if self.least else value <= back


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    rules: list[Rule]


class Subject(NamedTuple):
    """What an alert is about: its name, and the hospital in whose scope it lies (empty: nobody's alone)."""

    name: str
    institution: str = ""


Values = Mapping[Subject, float | None]
"""Of one measure; ``None``: not known now."""


class Raised(NamedTuple):
    """An alert to raise."""

    rule: Rule
    subject: Subject
    value: float


Key = tuple[str, str]
"""A rule's name and a subject's."""


def shipped() -> tuple[Rule, ...]:
    """The rules that come with the program."""
    return parsed((files(__package__) / SHIPPED).read_text(encoding="utf-8"), SHIPPED)


def parsed(text: str, name: str) -> tuple[Rule, ...]:
    """The rules in ``text`` (TOML) of the file ``name``.

    Raises:
        RulesInvalid: it is no such file.
    """
    try:
        rules = msgspec.convert(tomllib.loads(text), _File).rules
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise RulesInvalid(f"{name}: {error}") from error
    for rule in rules:
        wrong = _wrong(rule)
        if wrong:
            raise RulesInvalid(f"{name}: rule {rule.name}: {wrong}")
    if len({rule.name for rule in rules}) != len(rules):
        raise RulesInvalid(f"{name}: a rule stands twice")
    return tuple(rules)


def laid_over(rules: Sequence[Rule], own: Sequence[Rule]) -> tuple[Rule, ...]:
    """``rules`` with those of a hub's ``own`` file in the place of their namesakes, or added."""
    named = {rule.name: rule for rule in rules} | {rule.name: rule for rule in own}
    return tuple(rule for rule in named.values() if not rule.off)


def _wrong(rule: Rule) -> str:
    if rule.off:
        return ""
    if rule.measure not in MEASURES and rule.measure not in OTHER_MEASURES:
        known = ", ".join(sorted({*MEASURES, *OTHER_MEASURES}))
        return f"there is no measure {rule.measure!r}; there are: {known}"
    if not math.isfinite(rule.beyond) or (rule.back is not None and not math.isfinite(rule.back)):
        return "beyond and back are finite numbers"
    if rule.back is not None and rule.raises(rule.back):
        return "what is back may not be beyond at the same time"
    return ""


# -- measures -------------------------------------------------------------------------------------------------------


def _certificate_days(row: Row, now: datetime) -> float | None:
    ends = row.heard.report.certificate_ends if row.heard else None
    return (ends - now).total_seconds() / 86_400 if ends is not None else None


def _said(measure: Callable[[Any, Row], float | None]) -> Callable[[Row, datetime], float | None]:
    """A measure of what the edge says, which is not known while it says nothing."""

    def measured(row: Row, _now: datetime) -> float | None:
        fresh = row.heard is not None and row.state in (EdgeState.UP, EdgeState.IN_TROUBLE)
        return measure(row.heard.report, row) if fresh and row.heard else None

    return measured


def _silent_s(row: Row, now: datetime) -> float | None:
    if row.heard is None:
        return None
    return (now - row.heard.at).total_seconds() if row.state is EdgeState.SILENT else 0.0


def _has(row: Row, reason: Reason) -> float:
    return float(row.heard is not None and reason in row.heard.reasons)


MEASURES: dict[str, Callable[[Row, datetime], float | None]] = {
    "silent_s": _silent_s,
    "backlog_s": _said(lambda report, _: age_s(report.oldest_at, report)),
    "pending": _said(lambda report, _: report.pending),
    "in_doubt_s": _said(lambda report, _: age_s(report.in_doubt_since, report)),
    "certificate_days": _certificate_days,
    "clock_s": _said(lambda report, _: abs(report.skew_ms) / 1000),
    "parked": _said(lambda report, _: report.parked),
    "disk_hours": _said(lambda report, _: 0.0 if report.full else report.hours_left),
    "journal_unusable": _said(lambda report, _: float(not report.journal_usable)),
    "readers_gone": _said(lambda report, _: len(report.readers_troubled)),
    "old_version": _said(lambda _, row: _has(row, Reason.OLD_VERSION)),
    "rulebook_refused": _said(lambda _, row: _has(row, Reason.RULEBOOK_REFUSED)),
    ANCHORS: _said(lambda report, _: len(refused_anchors(report))),
    "backup_days": _said(lambda report, _: report.backup_days),
}
"""Measures of one edge."""
OTHER_MEASURES = frozenset({"mass_silent", "unreconciled_days", "payer_away_s"})
"""Measures that are no single edge's; whoever asks the database gives their values."""


def _is_awaited(row: Row, board: Board) -> bool:
    """Whether nothing was heard of the edge since the hub began to listen, and it is too early to call it silent."""
    since = board.listening_since
    return row.heard is not None and since is not None and row.heard.at < since and row.state is not EdgeState.SILENT


def mass_silent(board: Board) -> int | None:
    """How many edges are silent, if that are so many that it is one thing; else 0. ``None``: it is too early to say."""
    heard = [row for row in board.rows if row.heard is not None]
    silent = sum(row.state is EdgeState.SILENT for row in heard)
    many = max(MASS_EDGES, MASS_SHARE * len(heard))
    if silent >= many:
        return silent
    return None if silent + sum(_is_awaited(row, board) for row in heard) >= many else 0


def measured(board: Board, others: Mapping[str, Values], whole: Board | None = None) -> dict[str, Values]:
    """Every measure's values on a ``board``; ``others``: those of :data:`OTHER_MEASURES` that are known; ``whole``: all edges, if the board is but a
    part.
    """
    mass = mass_silent(whole or board)
    subjects = [(row, Subject(row.institution, row.institution)) for row in board.rows]
    values: dict[str, Values] = {
        name: {subject: measure(row, board.at) for row, subject in subjects} for name, measure in MEASURES.items()
    }
    awaited = {subject for row, subject in subjects if _is_awaited(row, board)}
    values["silent_s"] = {
        subject: None if subject in awaited or (value and mass) else value
        for subject, value in values["silent_s"].items()
    }  # in a mass those that are open stay as they are, and none is added
    return {**values, "mass_silent": {Subject(HUB): None if mass is None else float(mass)}, **others}


# -- what to raise and to clear ---------------------------------------------------------------------------------------


class Judge:
    """Remembers since when what is not raised yet has been beyond; of one process."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = rules
        self._beyond_since: dict[Key, datetime] = {}
        self._notable: dict[str, tuple[Heard, bool]] = {}

    def values(self, board: Board, others: Mapping[str, Values], still_open: Iterable[Key]) -> dict[str, Values]:
        """As :func:`measured`, but only of edges that matter now: that are silent, said something that is beyond, or have been so. Of ten thousand
        edges nearly all say the same as before, and it is not looked at again.
        """
        held = {subject for _, subject in (*still_open, *self._beyond_since)}
        rows = [
            row
            for row in board.rows
            if row.state is EdgeState.SILENT or row.place.institution in held or self._is_notable(row, board.at)
        ]
        part = Board(board.at, tuple(rows), listening_since=board.listening_since)
        return measured(part, others, board)

    def _is_notable(self, row: Row, now: datetime) -> bool:
        """Whether anything that an edge said last is beyond what a rule allows."""
        if row.heard is None:
            return False
        code = row.place.institution
        known = self._notable.get(code)
        if known is None or known[0] is not row.heard:
            said = ((rule, MEASURES[rule.measure](row, now)) for rule in self.rules if rule.measure in MEASURES)
            known = self._notable[code] = (
                row.heard,
                any(value is not None and rule.raises(value) for rule, value in said),
            )
        return known[1]

    def judged(
        self, values: Mapping[str, Values], still_open: Iterable[Key], now: datetime
    ) -> tuple[list[Raised], list[Key]]:
        """What to raise, and which of what is ``still_open`` to clear."""
        opened = set(still_open)
        raised: list[Raised] = []
        cleared = [key for key in opened if key[0] not in {rule.name for rule in self.rules}]
        beyond: dict[Key, datetime] = {}
        for rule in self.rules:
            known = values.get(rule.measure, {})
            for subject, value in known.items():
                key = (rule.name, subject.name)
                if value is None:
                    if key in self._beyond_since:
                        beyond[key] = self._beyond_since[key]
                elif key in opened:
                    cleared += [key] if rule.clears(value) else []
                elif rule.raises(value):
                    beyond[key] = self._beyond_since.get(key, now)
                    if now - beyond[key] >= timedelta(seconds=rule.for_s):
                        raised.append(Raised(rule, subject, value))
            if rule.measure in values:
                gone = {key for key in opened if key[0] == rule.name} - {(rule.name, one.name) for one in known}
                cleared += gone  # what it was about is no longer there
        self._beyond_since = beyond
        return raised, sorted(cleared)
