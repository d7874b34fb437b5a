"""PURE: what must hold after the day, checked from three sides: the hospitals' books, the edges' journals, the hub's tables.

Every check counts what it finds and names it; nothing here trusts a sum that the product itself has made.
    lost          an edge acknowledged it (final, provisional), and the hub has it not, or otherwise.
    doubled       more than one settlement in force for a case, two for one msgid, a bill or an accumulator that is not the sum
                  of what stands.
    unreconciled  money or settlements that differ between hospital and hub, and every difference that 3201, 3202 or a comparison of
                  edge and hub tell.
    over_cap      a layer has paid more than a cap allows, added up anew from the shares.
    in_doubt      anything still open on any side.
    contradicted  refused to the hospital and yet applied, or the other way round; surprises of the HISes.
    leaked        a person's name or number in a log.
    unproven      a journal whose own check finds anything: a chain that does not close, tables that disagree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from central_sync.benefits.choices import Of, Owner, Per
from central_sync.benefits.facts import AccumulatorKey
from central_sync.benefits.parameters import (
    Cap,
    Rulebook,
)
from simulator.books import ACKNOWLEDGED, Books, Entry, Packet, Sale, alike

STATES = {
    "confirmed": "confirmed",
    "awaited": "awaited",
    "annulled": "annulled",
    "cancelled": "undone",
    "reversed": "undone",
}
"""State in the hospital's books → confirmation at the hub."""
IN_FORCE = ("awaited", "confirmed")
SIGNING = ("9001", "9002")


@dataclass(frozen=True, slots=True)
class EdgeEntry:
    """One entry of an edge's journal."""

    msgid: str
    number: str
    outcome: str
    confirmation: str


@dataclass(frozen=True, slots=True)
class HubEntry:
    """One row of the hub's ledger; ``answer`` as the HIS would read it."""

    number: str
    verdict: str
    code: str
    answer: Packet | None


@dataclass(frozen=True, slots=True)
class HubSettlement:
    """One settlement at the hub. ``shares``: (layer, scheme, amount). ``owners``: who its accumulators belong to. ``difference``: what
    a fixed price is above the itemised bill.
    """

    settlement_id: str
    institution: str
    msgid: str
    hid: str
    member: str
    group: str
    tier: str
    care: str
    total: int
    funds: int
    patient: int
    confirmation: str
    shares: tuple[tuple[str, str, int], ...]
    deltas: Mapping[AccumulatorKey, int]
    contracts: Mapping[str, str]
    difference: int = 0


@dataclass(slots=True)
class Evidence:
    """Everything the checks look at. ``ledger`` is keyed by (institution, msgid), ``bills`` by (institution, HID).
    ``reconciled`` holds each hospital's 3201 and 3202 answers (``None``: it got none), ``compared`` what its edge and the hub found
    different by range digests.
    """

    books: dict[str, Books]
    journals: dict[str, list[EdgeEntry]]
    ledger: dict[tuple[str, str], HubEntry]
    settlements: list[HubSettlement]
    accumulators: dict[AccumulatorKey, int]
    bills: dict[tuple[str, str], dict[str, int]]
    reconciled: dict[str, list[Packet | None]]
    uncertain: dict[str, Packet | None] = field(default_factory=dict)
    compared: dict[str, list[str]] = field(default_factory=dict)
    leaks: list[str] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Findings:
    """What was found, by invariant; all empty when everything holds."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unreconciled: list[str] = field(default_factory=list)
    over_cap: list[str] = field(default_factory=list)
    in_doubt: list[str] = field(default_factory=list)
    contradicted: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    unproven: list[str] = field(default_factory=list)

    @property
    def hold(self) -> bool:
        """Whether every invariant holds."""
        return not any(getattr(self, one.name) for one in fields(self))

    def counts(self) -> dict[str, int]:
        """Invariant → how many findings."""
        return {one.name: len(getattr(self, one.name)) for one in fields(self)}

    def sentences(self, each_max: int) -> dict[str, list[str]]:
        """The first findings of each invariant that has any."""
        return {one.name: found[:each_max] for one in fields(self) if (found := getattr(self, one.name))}


def check(evidence: Evidence, rulebook: Rulebook) -> Findings:
    """All checks."""
    findings = Findings(leaked=list(evidence.leaks), unproven=list(evidence.unproven))
    for code, books in evidence.books.items():
        for entry in books.entries.values():
            _entry(findings, evidence, code, entry)
        _journal(findings, evidence, code)
        _unasked(findings, evidence, code)
        _money(findings, evidence, code)
        findings.contradicted += books.surprises
        findings.unreconciled += [f"{code} compared: {one}" for one in evidence.compared.get(code, ())]
    _settlements(findings, evidence)
    _accumulators(findings, evidence)
    _caps(findings, evidence.settlements, evidence.accumulators, rulebook)
    _bills(findings, evidence)
    return findings


def _entry(findings: Findings, evidence: Evidence, code: str, entry: Entry) -> None:
    """One transaction of a hospital against the hub's ledger."""
    if not entry.told:
        return  # nobody ever answered: nothing was acknowledged
    name = f"{code} {entry.journey} {entry.number} {entry.msgid}"
    if not entry.decided:
        findings.in_doubt.append(f"{name} is {entry.outcome or 'unknown'} to its HIS")
        return
    row = evidence.ledger.get((code, entry.msgid))
    if entry.outcome == "final":
        if row is None or row.verdict != "final":
            findings.lost.append(f"{name} was final, the hub has {row.verdict + ' ' + row.code if row else 'nothing'}")
        elif not alike(row.answer, entry.answer):
            findings.lost.append(f"{name} has another answer at the hub")
    elif row is not None and row.verdict == "final":
        findings.contradicted.append(f"{name} was refused ({entry.code}), the hub has applied it")
    elif row is None and any(word in ACKNOWLEDGED for word in entry.told):
        findings.lost.append(f"{name} was acknowledged, then {entry.code}, and the hub has nothing")
    if entry.outcome == "refused" and entry.code != entry.refusal and "provisional" in entry.told:
        findings.contradicted.append(f"{name} was provisional, then refused ({entry.code})")
    if entry.outcome == "final" and entry.refusal:
        findings.contradicted.append(f"{name} was carried out, and should have met {entry.refusal}")


def _journal(findings: Findings, evidence: Evidence, code: str) -> None:
    """An edge's journal against the hub's ledger."""
    for entry in evidence.journals.get(code, ()):
        row = evidence.ledger.get((code, entry.msgid))
        name = f"{code} {entry.number} {entry.msgid}"
        if entry.outcome not in ("final", "refused"):
            findings.in_doubt.append(f"{name} is {entry.outcome} in the journal")
        elif entry.outcome == "final" and (row is None or row.verdict != "final"):
            findings.lost.append(f"{name} is final in the journal, the hub has {row.verdict if row else 'nothing'}")
        elif entry.outcome == "refused" and row is not None and row.verdict == "final":
            findings.contradicted.append(f"{name} is refused in the journal, the hub has applied it")


def _unasked(findings: Findings, evidence: Evidence, code: str) -> None:
    """What the hub applied and no HIS sent (signing in and out is the edge's own)."""
    known = evidence.books[code].entries
    for (institution, msgid), row in evidence.ledger.items():
        if institution == code and row.verdict == "final" and row.number not in SIGNING and msgid not in known:
            findings.doubled.append(f"{code} {row.number} {msgid} was applied, and no HIS sent it")


def _money(findings: Findings, evidence: Evidence, code: str) -> None:
    """A hospital's settlements against the hub's, one by one and by their sums; then what 3201 and 3202 said."""
    at_hub = {one.settlement_id: one for one in evidence.settlements if one.institution == code}
    sales = evidence.books[code].sales
    for sale in sales.values():
        _sale(findings, code, sale, at_hub.get(sale.settlement_id))
    for one in at_hub.values():
        if one.settlement_id not in sales and one.confirmation in IN_FORCE:
            findings.unreconciled.append(f"{code} {one.settlement_id} is in force at the hub, unknown to the hospital")
        if one.confirmation == "awaited":
            findings.in_doubt.append(f"{code} {one.settlement_id} awaits its confirmation")
    ours = _sums((s.total, s.funds, s.patient) for s in sales.values() if s.state == "confirmed")
    theirs = _sums((s.total, s.funds, s.patient) for s in at_hub.values() if s.confirmation == "confirmed")
    if ours != theirs:
        findings.unreconciled.append(f"{code} sums {ours} at the hospital, {theirs} at the hub")
    for number, answer in zip(("3201", "3202"), evidence.reconciled.get(code, [None, None]), strict=True):
        if answer is None or answer.get("equal") is not True:
            findings.unreconciled.append(f"{code} {number} says {answer or 'nothing'}")
    left = evidence.uncertain.get(code)
    if left is not None and (left.get("at_edge") or left.get("at_hub")):
        findings.in_doubt.append(f"{code} lists what is uncertain: {left}")


def _sale(findings: Findings, code: str, sale: Sale, one: HubSettlement | None) -> None:
    name = f"{code} {sale.settlement_id} ({sale.msgid})"
    if one is None:
        findings.lost.append(f"{name} is not at the hub")
    elif (sale.total, sale.funds, sale.patient) != (one.total, one.funds, one.patient):
        findings.unreconciled.append(f"{name} has other amounts at the hub")
    elif STATES[sale.state] != one.confirmation:
        findings.unreconciled.append(f"{name} is {sale.state} at the hospital, {one.confirmation} at the hub")


def _sums(rows: Iterable[tuple[int, int, int]]) -> tuple[int, int, int, int]:
    count = total = funds = patient = 0
    for row in rows:
        count, total, funds, patient = count + 1, total + row[0], funds + row[1], patient + row[2]
    return count, total, funds, patient


def _settlements(findings: Findings, evidence: Evidence) -> None:
    """One settlement in force for a case; one for a msgid; shares that add up."""
    in_force = Counter((one.institution, one.hid) for one in evidence.settlements if one.confirmation in IN_FORCE)
    by_msgid = Counter((one.institution, one.msgid) for one in evidence.settlements)
    findings.doubled += [f"{case} has {n} settlements in force" for case, n in in_force.items() if n > 1]
    findings.doubled += [f"{origin} made {n} settlements" for origin, n in by_msgid.items() if n > 1]
    for one in evidence.settlements:
        shares = sum(amount for _, _, amount in one.shares)
        if one.total + one.difference != shares + one.patient or one.funds != shares or min(one.patient, one.funds) < 0:
            findings.unreconciled.append(f"{one.settlement_id} does not add up")


def _accumulators(findings: Findings, evidence: Evidence) -> None:
    """Each accumulator is the sum of what the settlements in force added, no more and no less."""
    sums: Counter[AccumulatorKey] = Counter()
    for one in evidence.settlements:
        if one.confirmation in IN_FORCE:
            sums.update(one.deltas)
    for key in sums.keys() | evidence.accumulators.keys():
        if sums[key] != evidence.accumulators.get(key, 0):
            findings.doubled.append(f"accumulator {key}: {evidence.accumulators.get(key, 0)}, in force {sums[key]}")


def _caps(
    findings: Findings,
    settlements: list[HubSettlement],
    accumulators: Mapping[AccumulatorKey, int],
    rulebook: Rulebook,
) -> None:
    """What each layer paid, added up anew from the shares in force, against the highest cap that could be meant. Of a cap that
    some benefits of the care do not name a share says nothing: there what the settlements counted is added up.
    """
    paid: Counter[AccumulatorKey] = Counter()
    caps: dict[AccumulatorKey, int] = {}
    for one in settlements:
        years = {(scheme, year) for _, _, scheme, _, year in one.deltas}
        for layer, scheme, amount in one.shares:
            benefits = rulebook.schemes[scheme].benefits.get(one.care, ())
            for cap in {cap.name: cap for benefit in benefits for cap in benefit.caps if _yearly(cap)}.values():
                if any(cap.name not in {other.name for other in benefit.caps} for benefit in benefits):
                    for key, counted in one.deltas.items():
                        if (key.scheme, key.name) == (scheme, cap.name):
                            caps[key] = max(caps.get(key, 0), _highest(cap.amount.rows, one.tier, one.group))
                            paid[key] += counted if one.confirmation in IN_FORCE else 0
                    continue
                contract = cap.owner is Owner.CONTRACT
                owner = f"contract:{one.contracts.get(scheme, '')}" if contract else f"member:{one.member}"
                for year in {year for known, year in years if known == scheme} or {0}:
                    key = AccumulatorKey(owner, layer, scheme, cap.name, year)
                    caps[key] = max(caps.get(key, 0), _highest(cap.amount.rows, one.tier, one.group))
                    if one.confirmation in IN_FORCE:
                        paid[key] += amount
    for key, cap_amount in caps.items():
        if max(paid[key], accumulators.get(key, 0)) > cap_amount:
            findings.over_cap.append(f"{key}: paid {paid[key]}, counted {accumulators.get(key, 0)}, cap {cap_amount}")


def _yearly(cap: Cap) -> bool:
    """Whether the cap is on what a layer pays in a year: the others cannot be told from the shares."""
    return cap.of is Of.PAID and cap.per is Per.YEAR


def _highest(rows: Iterable[object], tier: str, group: str) -> int:
    """The highest value of a cap for one tier and group, over all its days."""
    fitting = [
        row for row in rows if getattr(row, "tier", "") in ("", tier) and getattr(row, "group", "") in ("", group)
    ]
    return max((int(value) for row in fitting if (value := getattr(row, "value", None)) is not None), default=0)


def _bills(findings: Findings, evidence: Evidence) -> None:
    """The lines that stand at the hub are those that stand in the hospital's books."""
    for code, books in evidence.books.items():
        for hid, lines in books.bills.items():
            found = evidence.bills.get((code, hid), {})
            if found == lines:
                continue
            missing, extra = lines.keys() - found.keys(), found.keys() - lines.keys()
            if missing:
                findings.lost.append(f"{code} {hid}: {len(missing)} lines of the bill are not at the hub")
            if extra or any(found[serial] != lines[serial] for serial in lines.keys() & found.keys()):
                findings.doubled.append(f"{code} {hid}: the hub bills {len(extra)} lines more, or other amounts")
