"""Judges a claim: facts, decision tables, findings, and what each would take off.

PURE. All tables are one JDM document, evaluated once for the whole claim by zen-engine with its static loader, whose tables are compiled when
the auditor is made; every other way in compiles them again at each call. Rules
    * The wording in force decides: on the line's day of service, for a case rule on the last day of the case. A line that lies outside its
      case is judged by the case's last day, and a day before all wordings by the oldest: no claim escapes by an absurd date.
    * No coin is taken twice: a line loses the largest of what its findings take, a bill the largest of its case findings and its lines
      together.
    * A rule whose facts need a record that is not known is listed as open.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import msgspec
import zen
from msgspec import Struct

from central_sync.benefits.audit.bundle import AuditBundle, Rule, Takes
from central_sync.benefits.audit.case_facts import case_facts
from central_sync.benefits.audit.claim import Claim
from central_sync.benefits.audit.line_facts import line_facts
from central_sync.benefits.audit.reference import Place
from central_sync.benefits.audit.vocabulary import Needs, OfCase, OfLine
from central_sync.benefits.bundle import BundleBroken
from central_sync.terms.money import Rounding, rounded

MODEL = "audit"
"""The key of the one document."""
LINES_AT_ONCE = 100
"""From somewhere above this the engine deals the lines of a loop out to threads, which costs three times as much a line as it does alone."""
TABLES = {"case": "case_rules", "line": "line_rules"}
"""What a table is about → where its hits stand in the result."""
OUTPUT = "rule"
"""The one output column: a key of the bundle's rules."""


class Facts(Struct, frozen=True):
    """What the tables see."""

    case: OfCase
    lines: list[OfLine]


class Finding(Struct, frozen=True, kw_only=True):
    """One rule that fired: on the line ``serial``, or (empty) on the case; ``takes`` coins."""

    rule: Rule
    serial: str
    takes: int


class Audit(Struct, frozen=True, kw_only=True):
    """What an audit says. ``total``: what the bill charges, without refund lines. ``deduction``: what of it would be taken off in all. ``open``: rules that could not be judged."""

    findings: tuple[Finding, ...]
    total: int
    deduction: int
    open: tuple[str, ...]
    version: str


class Auditor:
    """One set of rules, ready to judge.

    Raises:
        BundleBroken: the tables are no JDM that the engine takes.
    """

    def __init__(self, bundle: AuditBundle) -> None:
        self._bundle = bundle
        self._encoder = msgspec.json.Encoder(decimal_format="number")
        try:
            self._engine = zen.ZenEngine({"loader": {"type": "static", "content": {MODEL: bundle.model}}})
        except Exception as error:  # the engine raises bare Exceptions; whatever it does not take is a broken bundle
            raise BundleBroken("the tables are no decision model") from error
        self.fired(self.encoded(Facts(OfCase(), [OfLine()])))
        self._oldest = min((rule.from_day for rule in bundle.rules.values()), default=date.min)
        self._open: dict[tuple[Needs, ...], tuple[str, ...]] = {
            missing: tuple(sorted({rule.rule for rule in bundle.rules.values() if set(rule.needs) & set(missing)}))
            for missing in ((), (Needs.MEMBER,), (Needs.EARLIER,), (Needs.MEMBER, Needs.EARLIER))
        }

    @property
    def bundle(self) -> AuditBundle:
        """The rules."""
        return self._bundle

    def judge(self, claim: Claim) -> Audit:
        """What the rules find in ``claim``.

        Raises:
            KeyError: the rules know no such region.
        """
        place = self._bundle.places[claim.region]
        facts = self.facts(claim)
        fired = self._fired_all(facts)
        whole = sum(line.amount for line in claim.lines if not line.refund_of)
        first, last = claim.from_day, max(claim.from_day, claim.to_day or claim.from_day)
        findings, of_case = self._findings(fired["case"], place, last, "", whole, None)
        of_lines = 0
        for line, hits, seen in zip(claim.lines, fired["lines"], facts.lines, strict=True):
            if hits:
                day = line.service_date if first <= line.service_date <= last else last
                found, most = self._findings(hits, place, day, line.serial, line.amount, seen)
                findings += found
                of_lines += 0 if line.refund_of else most
        missing = tuple(
            need for need, known in ((Needs.MEMBER, claim.member), (Needs.EARLIER, claim.earlier)) if known is None
        )
        return Audit(
            findings=tuple(findings),
            total=whole,
            deduction=max(of_case, of_lines),
            open=self._open[missing],
            version=self._bundle.version,
        )

    def facts(self, claim: Claim) -> Facts:
        """The facts of ``claim``."""
        place = self._bundle.places[claim.region]
        items = [place.items.get(line.item) for line in claim.lines]
        lines = line_facts(place, claim, items)
        for name in claim.untold:
            for line in lines:
                setattr(line, name, None)
        return Facts(case_facts(place, claim, items), lines)

    def encoded(self, facts: Facts) -> bytes:
        """``facts`` as the tables take them."""
        return self._encoder.encode(facts)

    def fired(self, facts: bytes) -> dict[str, Any]:
        """What the tables say to ``facts``: ``case``, a list of hits, and ``lines``, a list of such lists.

        Raises:
            BundleBroken: a table cannot be evaluated; the engine's own words stay out, for they may quote facts.
        """
        try:
            result: dict[str, Any] = self._engine.evaluate(MODEL, facts)["result"]
        except RuntimeError:
            raise BundleBroken("a decision table cannot be evaluated") from None
        return {"case": result[TABLES["case"]], "lines": result[TABLES["line"]]}

    def _fired_all(self, facts: Facts) -> dict[str, Any]:
        """What the tables say to all of ``facts``; a long bill goes in pieces."""
        fired = self.fired(self.encoded(Facts(facts.case, facts.lines[:LINES_AT_ONCE])))
        for start in range(LINES_AT_ONCE, len(facts.lines), LINES_AT_ONCE):
            piece = Facts(OfCase(), facts.lines[start : start + LINES_AT_ONCE])
            fired["lines"] += self.fired(self.encoded(piece))["lines"]
        return fired

    def _findings(
        self, hits: Sequence[dict[str, str]], place: Place, day: date, serial: str, amount: int, seen: OfLine | None
    ) -> tuple[list[Finding], int]:
        """The findings on one line (or the case), and the largest of what they take."""
        findings: list[Finding] = []
        if not hits:
            return findings, 0
        day = max(day, self._oldest)
        for hit in hits:
            rule = self._bundle.rules[hit[OUTPUT]]
            if rule.holds(day):
                findings.append(Finding(rule=rule, serial=serial, takes=_takes(rule, amount, seen, place.rounding)))
        return findings, max((finding.takes for finding in findings), default=0)


def _takes(rule: Rule, amount: int, seen: OfLine | None, rounding: Rounding) -> int:
    """The coins that ``rule`` takes of ``amount``: never more, never less than none."""
    if rule.takes is Takes.NOTHING:
        return 0
    if rule.takes is Takes.ALL:
        return amount
    if rule.takes is Takes.RATIO:
        return rounded(amount * rule.ratio, rounding)
    measure = getattr(seen, rule.measure, None)
    if measure is None:
        return 0
    if rule.takes is Takes.COINS:
        return min(max(int(measure), 0), amount)
    quantity = getattr(seen, "quantity", None)
    return rounded(amount * min(Fraction(measure) / Fraction(quantity), Fraction(1)), rounding) if quantity else 0
