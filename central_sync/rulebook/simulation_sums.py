"""What a simulation comes to: a row for each layer, payer and scheme, the patients and the hospitals; and the cases that move most.

Money of one currency is never added to that of another: each has its own rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from central_sync.rulebook.settled import Settled
from central_sync.rulebook.simulation import Pair, Sums

Named = tuple[str, str]
"""What a row is of (``layer``, ``payer``, ``scheme``, ``patients``, ``hospitals``, ``bills``), and its name."""
_ORDER = ("layer", "payer", "scheme", "patients", "hospitals", "bills")
_ALWAYS = ("patients", "bills")


@dataclass(slots=True)
class Line:
    """One row: sums before and after, and in how many cases the amount is more, or less."""

    before: int = 0
    after: int = 0
    more: int = 0
    less: int = 0

    @property
    def difference(self) -> int:
        """What is paid more after than before."""
        return self.after - self.before

    @property
    def percent(self) -> str:
        """The difference in hundredths of what was before, with one decimal; empty where nothing was."""
        if not self.before:
            return ""
        tenths = (abs(self.difference) * 2000 + self.before) // (2 * self.before)
        sign = "-" if self.difference < 0 else "+" if self.difference else ""
        return f"{sign}{tenths // 10}.{tenths % 10} %"


@dataclass(frozen=True, slots=True)
class Mover:
    """A case whose patient pays another amount."""

    case: str
    line: int
    day: str
    currency: str
    before: int
    after: int


@dataclass(slots=True)
class Result:
    """All of it. ``rows`` by currency; ``left_out`` are (case, line, why)."""

    counted: int = 0
    rows: dict[str, dict[Named, Line]] = field(default_factory=dict)
    left_out: list[tuple[str, int, str]] = field(default_factory=list)
    movers: list[Mover] = field(default_factory=list)


def summed(
    cases: Sequence[Settled],
    pairs: Iterable[Pair],
    currencies: dict[str, str],
    counted: Sequence[bool],
    movers_max: int,
) -> Result:
    """The pairs of ``cases`` that are ``counted`` added up, in the order of the cases; ``currencies`` are those of the regions."""
    result = Result()
    for pair in sorted(pairs, key=lambda one: one.place):
        one = cases[pair.place]
        if not counted[pair.place]:
            continue
        if pair.before is None or pair.after is None:
            result.left_out.append((one.case, one.line, pair.problem))
            continue
        result.counted += 1
        currency = currencies[one.facts.region]
        _add(result.rows.setdefault(currency, {}), pair.before, pair.after)
        if pair.before.patient != pair.after.patient:
            told = (one.case, one.line, one.facts.day.isoformat(), currency, pair.before.patient, pair.after.patient)
            result.movers.append(Mover(*told))
    result.movers.sort(key=lambda mover: (-abs(mover.after - mover.before), mover.line))
    del result.movers[movers_max:]
    for currency, rows in result.rows.items():
        kept = [(name, line) for name, line in rows.items() if line.before or line.after or name[0] in _ALWAYS]
        result.rows[currency] = dict(sorted(kept, key=lambda item: (_ORDER.index(item[0][0]), item[0][1])))
    return result


def _add(rows: dict[Named, Line], before: Sums, after: Sums) -> None:
    old, new = _named(before), _named(after)
    for name in old.keys() | new.keys():
        line = rows.setdefault(name, Line())
        was, now = old.get(name, 0), new.get(name, 0)
        line.before += was
        line.after += now
        line.more += now > was
        line.less += now < was


def _named(sums: Sums) -> dict[Named, int]:
    found: dict[Named, int] = {("patients", ""): sums.patient, ("bills", ""): sums.total}
    if sums.difference:
        found["hospitals", "fixed prices"] = sums.difference
    for layer, scheme, payer, amount in sums.shares:
        for name in (("layer", layer), ("payer", payer or "nobody"), ("scheme", scheme)):
            found[name] = found.get(name, 0) + amount
    return found
