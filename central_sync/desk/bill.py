"""What a case comes to: its lines, its facts and its accumulators given to the engine. Settling and its twins stand on it.

A stay may be settled in parts: then the whole stay up to now is computed, as if no part of it had been settled, and what was
settled before is taken off (``benefits/stays.py``). It keeps the turn of its first part: where it matters which bill was first, what was
settled of other cases since is left out.

What is settled again is computed in its turn: as if no settlement had been made that came after it to any owner of accumulators (member,
family, contract) that counts for it. What nobody has corrected comes to the same, to the coin. Where it would take more of a cap than it
did, caps are as they stand instead, later settlements included: none is ever passed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

import msgspec

from central_sync.benefits.eligibility import begun, placed
from central_sync.benefits.facts import AccumulatorKey, CaseFacts
from central_sync.benefits.periods import Family
from central_sync.benefits.results import Computation
from central_sync.benefits.settlement import ItemUnknown, SchemesClash, accumulator_keys
from central_sync.benefits.settlement import settle as computed
from central_sync.benefits.stays import Earlier, added, payers, rest, without
from central_sync.benefits.stays import turns as in_order
from central_sync.desk import charges
from central_sync.desk.checks import facts, member_of, within
from central_sync.desk.lifecycle import Event, after
from central_sync.desk.work import Work
from central_sync.limits import INTERIM_SETTLEMENTS_PER_STAY_MAX
from central_sync.store.records import Case, FeeLine, Settlement
from central_sync.store.settlements import unpack_deltas
from central_sync.wire import packets as p
from central_sync.wire.catalogue import Care
from central_sync.wire.refusals import Refused


@dataclass(frozen=True, slots=True)
class Bill:
    """What a case comes to now, and the day whose benefits count. ``turns``: the owners of accumulators that are locked, and the turn
    that this is at each of them.
    """

    day: date
    computation: Computation
    turns: Mapping[str, int] = field(default_factory=dict)


def bill_of(work: Work, case: Case, *, lock: bool, until: date | None = None) -> Bill:
    """What settling the case now comes to: all of it, or a stay's part up to and with ``until``. With ``lock`` the case is locked already,
    and the accumulators' owners stay locked.

    Raises:
        Refused: the case's state, ``date_out_of_range``, ``no_fees``, ``item_unknown`` or ``schemes_clash``.
    """
    inpatient = case.care == Care.INPATIENT
    after(case.state, Event.SETTLE if until is None else Event.SETTLE_PART, inpatient=inpatient)
    parts = parts_of(work, case)
    if until is not None:
        _possible(work, case, parts, until)
    rows = [row for row in work.uow.fees.standing(case) if until is None or row.service_date <= until]
    new = {row.serial for row in rows if not row.settled_by}
    if not (rows if until is None else new):
        raise Refused("no_fees")
    told = facts_of(work, case, until)
    earlier = added(_came_to(part) for part in parts)
    stand, turns = _stand(work, [*accumulator_keys(work.rulebook, told), *earlier.deltas], lock=lock)
    if families := _families(work, told):
        tallies = without(work.uow.accumulators.tallies(families), earlier.deltas)
        told = placed(work.rulebook, told, without(tallies, _meanwhile(work, case, parts, told, _Tallies(families))))
        stand |= _stand(work, accumulator_keys(work.rulebook, told), lock=False)[0]
    if not parts:
        return Bill(told.day, _computed(work, told, rows, stand), turns)
    stand = without(stand, earlier.deltas)
    whole = _computed(work, told, rows, without(stand, _meanwhile(work, case, parts, told, stand)))
    return Bill(told.day, rest(whole, earlier, new), turns)


def bill_again(work: Work, case: Case, found: Settlement, *, lock: bool) -> Bill:
    """What a settlement of the case that is in force, and the last one, would come to now, in its turn, as if it had not been made. The
    deltas are those of the new one, and so are the turns.

    Raises:
        Refused: ``item_unknown`` or ``schemes_clash``.
    """
    parts = _parts(work, case.member, found.after)
    before = {part.id for part in parts}
    rows = [row for row in work.uow.fees.standing(case) if found.until is None or row.settled_by in {found.id, *before}]
    new = {row.serial for row in rows if row.settled_by not in before}
    told = facts_of(work, case, found.until)
    earlier = added(_came_to(part) for part in parts)
    mine = Counter(earlier.deltas)
    mine.update(unpack_deltas(found.deltas))
    stand, _ = _stand(work, [*accumulator_keys(work.rulebook, told), *mine], lock=lock)
    if families := _families(work, told):
        tallies = without(work.uow.accumulators.tallies(families), mine)
        all_, then = _Tallies(families), work.uow.settlements.turns_of(found, {one.owner for one in families})
        since = {**_later(work, found, then, all_), **_meanwhile(work, case, parts, told, all_)}
        told = placed(work.rulebook, told, without(tallies, since))
        stand |= _stand(work, accumulator_keys(work.rulebook, told), lock=False)[0]
    stand = without(stand, mine)
    turns = work.uow.settlements.turns_of(found, {key.owner for key in stand})
    later = {**_later(work, found, turns, stand), **_meanwhile(work, case, parts, told, stand)}
    order = in_order(work.rulebook, told)
    whole = _computed(work, told, rows, without(stand, later))
    if any(more > mine[key] for key, more in whole.deltas.items() if key not in order):
        whole = _computed(work, told, rows, without(stand, {key: more for key, more in later.items() if key in order}))
    return Bill(told.day, rest(whole, earlier, new) if parts else whole, turns)


class _Keys(Protocol):
    """Something that knows which accumulators are in it."""

    def __contains__(self, key: AccumulatorKey, /) -> bool: ...


class _Tallies:
    """All tallies of some families, also those that stand at 0 now: of a stay in parts the last part moves that of the part before."""

    def __init__(self, families: Collection[Family]) -> None:
        self._families = families
        self.owners = {family.owner for family in families}

    def __contains__(self, key: AccumulatorKey, /) -> bool:
        return any(one.number_in(key) is not None or key == one.of_before for one in self._families)


class _InAll:
    """What is in each of several."""

    def __init__(self, several: Sequence[_Keys]) -> None:
        self._several = several

    def __contains__(self, key: AccumulatorKey, /) -> bool:
        return all(key in one for one in self._several)


def _families(work: Work, told: CaseFacts) -> set[Family]:
    """Whose times that begin with a bill have to be known before the case is settled; few schemes have any."""
    return {one.family for one in begun(work.rulebook, told)}


def _stand(
    work: Work, keys: Iterable[AccumulatorKey], *, lock: bool
) -> tuple[dict[AccumulatorKey, int], dict[str, int]]:
    """How the accumulators stand, each of ``keys`` named; with ``lock`` their owners stay locked: in which turn."""
    named = dict.fromkeys(keys, 0)
    turns = work.uow.accumulators.lock(key.owner for key in named) if lock else {}
    return {**named, **work.uow.accumulators.read(named)}, turns


def _later(work: Work, found: Settlement, turns: Mapping[str, int], keys: _Keys) -> Counter[AccumulatorKey]:
    """What the settlements after ``found``, which has those turns, have added to ``keys``."""
    added_since: Counter[AccumulatorKey] = Counter()
    for owner, turn in turns.items():
        for deltas in work.uow.settlements.later(found, owner, turn):
            added_since.update({key: more for key, more in deltas.items() if key.owner == owner and key in keys})
    return added_since


def _meanwhile(
    work: Work, case: Case, parts: Sequence[Settlement], told: CaseFacts, keys: Collection[AccumulatorKey] | _Tallies
) -> Counter[AccumulatorKey]:
    """What other cases have added since the first of a stay's ``parts`` to those of ``keys`` that say how far the bills have come: the
    stay keeps the turn that it had then. In a running time that has begun since it had none.
    """
    if not parts:
        return Counter()
    first = parts[-1]
    then = replace(facts_of(work, case, first.until), began=told.began)
    mine = _InAll([keys, in_order(work.rulebook, told), in_order(work.rulebook, then)])
    owners = keys.owners if isinstance(keys, _Tallies) else {key.owner for key in keys if key in mine}
    return _later(work, first, work.uow.settlements.turns_of(first, owners), mine)


def _computed(work: Work, told: CaseFacts, rows: Sequence[FeeLine], stand: Mapping[AccumulatorKey, int]) -> Computation:
    """The engine's answer, all of ``rows`` in one."""
    try:
        return computed(work.rulebook, told, charges.bill(rows), stand)
    except ItemUnknown as error:
        raise charges.unknown(rows, error) from error
    except SchemesClash as error:
        raise Refused("schemes_clash", str(error)) from error


def parts_of(work: Work, case: Case) -> list[Settlement]:
    """The interim settlements in force of a case, the last one first."""
    return _parts(work, case.member, case.interim_id)


def _parts(work: Work, member: str, key: str) -> list[Settlement]:
    found: list[Settlement] = []
    while key:
        part = work.uow.settlements.get(member, key)
        assert part is not None, "a case without its interim settlement"
        found.append(part)
        key = part.after
    return found


def _possible(work: Work, case: Case, parts: list[Settlement], until: date) -> None:
    """An interim settlement goes on from the last one, and not into the future."""
    if len(parts) >= INTERIM_SETTLEMENTS_PER_STAY_MAX:
        raise Refused("interim_not_possible", f"a stay has {INTERIM_SETTLEMENTS_PER_STAY_MAX} at most")
    first = parts[0].until if parts else None
    within(until, first or case.opened_on, work.today, "$.until")


def _came_to(part: Settlement) -> Earlier:
    """What a settlement came to, out of the answer that it gave."""
    answer = msgspec.msgpack.decode(part.answer, type=p.Settlement)
    shares = payers((share.layer, share.scheme, share.payer, share.amount) for share in answer.shares)
    return Earlier(answer.total, answer.patient, answer.package_difference, shares, unpack_deltas(part.deltas))


def facts_of(work: Work, case: Case, until: date | None = None) -> CaseFacts:
    """What the engine is told of the case: of a stay its day of discharge counts, if it has ended, or the day up to which it is settled."""
    inpatient = case.care == Care.INPATIENT
    day = until or (case.discharged_on if inpatient else None) or case.opened_on
    return replace(
        facts(work, member_of(work, case), case.care, day, case.marks),
        admitted=case.opened_on if inpatient else None,
        diagnoses=_diagnoses(case),
    )


def _diagnoses(case: Case) -> tuple[str, ...]:
    """The codes of a case's diagnoses, the main one first."""
    found = msgspec.msgpack.decode(case.diagnoses, type=list[p.Diagnosis])
    return tuple(one.code for one in sorted(found, key=lambda one: not one.main))
