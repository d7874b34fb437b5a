"""Repositories of settlements and of the accumulators that they move.

An accumulator is read for a settlement only after its owner's row was locked (``accumulators.lock``), owners in order of
their keys: two units of work never wait for each other, and no cap can be passed between reading and writing.

Whoever locks an owner gets its next turn, and a settlement keeps those that it had. So it is known for each owner which settlement was
before which, whatever the clocks of several hub processes say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, bindparam, case, func, or_, select

from central_sync.benefits.facts import AccumulatorKey
from central_sync.benefits.periods import Family
from central_sync.limits import UNCERTAIN_ROWS_MAX
from central_sync.store import tables as t
from central_sync.store.prepared import Changes, Prepared, columns, keyed
from central_sync.store.records import Settlement, Totals

_SETTLEMENT = tuple(Settlement.__slots__)
_ADD = Prepared(t.settlement.insert().values(columns(t.settlement)))
_GET = Prepared(select(*(t.settlement.c[name] for name in _SETTLEMENT)).where(*keyed(t.settlement, "member", "id")))
_CHANGES = Changes(t.settlement, "member", "id")
_LOCK = Prepared(
    lambda insert: (
        insert(t.accumulator_owner)
        .values(**columns(t.accumulator_owner, "owner"), turn=1)
        .on_conflict_do_update(index_elements=["owner"], set_={"turn": t.accumulator_owner.c.turn + 1})
        .returning(t.accumulator_owner.c.turn)
    )
)
_TURN = Prepared(
    lambda insert: (
        insert(t.settlement_turn)
        .values(columns(t.settlement_turn))
        .on_conflict_do_update(
            index_elements=["member", "settlement_id", "owner"],
            set_={"turn": bindparam("turn", type_=t.settlement_turn.c.turn.type)},
        )
    )
)
_COUNTED = Prepared(
    lambda insert: (
        insert(t.accumulator)
        .values(columns(t.accumulator))
        .on_conflict_do_update(
            index_elements=list(AccumulatorKey._fields),
            set_={"amount": t.accumulator.c.amount + bindparam("amount", type_=t.accumulator.c.amount.type)},
        )
    )
)
_IN_FORCE = ("awaited", "confirmed")
_TURN_TAKEN = t.settlement_turn.join(
    t.settlement,
    and_(t.settlement.c.member == t.settlement_turn.c.member, t.settlement.c.id == t.settlement_turn.c.settlement_id),
)
_KEYS_PER_STATEMENT = 100
_ROWS_AT_ONCE = 1_000


def pack_deltas(deltas: Mapping[AccumulatorKey, int]) -> bytes:
    """What a settlement added, as it is kept with it: MessagePack rows of (owner, layer, scheme, name, year, amount)."""
    return msgspec.msgpack.encode([(*key, amount) for key, amount in sorted(deltas.items())])


def unpack_deltas(packed: bytes) -> dict[AccumulatorKey, int]:
    """The deltas that :func:`pack_deltas` packed."""
    rows = msgspec.msgpack.decode(packed, type=list[tuple[str, str, str, str, int, int]])
    return {
        AccumulatorKey(owner, layer, scheme, name, year): amount for owner, layer, scheme, name, year, amount in rows
    }


class Settlements:
    """Settlements, in force or taken back."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: Settlement) -> None:
        """Keep a new settlement."""
        _ADD.run(self._connection, {name: getattr(row, name) for name in _SETTLEMENT})

    def get(self, member: str, settlement_id: str) -> Settlement | None:
        """The settlement; lock its case to keep it from changing."""
        row = _GET.row(self._connection, {"key_member": member, "key_id": settlement_id})
        return Settlement(*row) if row else None

    def named(self, settlement_id: str) -> Settlement | None:
        """The settlement, for a person who knows nothing but its id."""
        statement = select(t.settlement).where(t.settlement.c.id == settlement_id)
        row = self._connection.execute(statement).mappings().first()
        return Settlement(**row) if row else None

    def keep_turns(self, settlement: Settlement, turns: Mapping[str, int]) -> None:
        """Keep the turns that a settlement has at owners of accumulators, instead of those that it had at them."""
        who = {"member": settlement.member, "settlement_id": settlement.id}
        for owner, turn in turns.items():
            _TURN.run(self._connection, {**who, "owner": owner, "turn": turn})

    def turns_of(self, settlement: Settlement, owners: Iterable[str]) -> dict[str, int]:
        """The turns of a settlement at those owners. At one whose accumulators did not count for it when it was made, it is that of the
        last one that was made before it.
        """
        c = t.settlement_turn.c
        statement = select(c.owner, c.turn).where(c.member == settlement.member, c.settlement_id == settlement.id)
        had = {row.owner: int(row.turn) for row in self._connection.execute(statement)}
        return {owner: had[owner] if owner in had else self._turn_then(owner, settlement) for owner in owners}

    def _turn_then(self, owner: str, settlement: Settlement) -> int:
        statement = (
            select(func.coalesce(func.max(t.settlement_turn.c.turn), 0))
            .select_from(_TURN_TAKEN)
            .where(t.settlement_turn.c.owner == owner, t.settlement.c.settled_at <= settlement.settled_at)
        )
        return int(self._connection.execute(statement).scalar_one())

    def later(self, settlement: Settlement, owner: str, turn: int) -> Iterator[dict[AccumulatorKey, int]]:
        """What the settlements in force of other cases added that came to ``owner`` after this one, which has its turn ``turn``."""
        c, turns = t.settlement.c, t.settlement_turn.c
        same_time = and_(c.settled_at == settlement.settled_at, c.id > settlement.id)
        after = or_(turns.turn > turn, and_(turns.turn == turn, or_(c.settled_at > settlement.settled_at, same_time)))
        statement = (
            select(c.deltas)
            .select_from(_TURN_TAKEN)
            .where(turns.owner == owner, after, c.confirmation.in_(_IN_FORCE))
            .where(or_(c.member != settlement.member, c.hid != settlement.hid))
        )
        rows = self._connection.execute(statement, execution_options={"yield_per": _ROWS_AT_ONCE})
        return map(unpack_deltas, rows.scalars())

    def change(self, settlement: Settlement, **values: Any) -> None:
        """Set columns of a settlement whose case is locked."""
        _CHANGES.run(self._connection, (settlement.member, settlement.id), values)

    def totals(self, institution: str, from_day: date, to_day: date, currency: str) -> Totals:
        """Sums over an institution's confirmed settlements of those business days, both included."""
        c = t.settlement.c
        confirmed = c.confirmation == "confirmed"

        def summed(value: Any) -> Any:
            return func.coalesce(func.sum(case((confirmed, value), else_=0)), 0)

        statement = select(
            summed(1),
            summed(c.total),
            summed(c.funds),
            summed(c.patient),
            func.coalesce(func.sum(case((c.confirmation == "awaited", 1), else_=0)), 0),
        ).where(c.institution == institution, c.business_day.between(from_day, to_day), c.currency == currency)
        return Totals(*(int(value) for value in self._connection.execute(statement).one()))

    def in_force(self, institution: str, from_day: date, to_day: date, currency: str) -> list[Settlement]:
        """An institution's settlements in force (awaited or confirmed) of those business days, by id."""
        c = t.settlement.c
        statement = select(t.settlement).where(
            c.institution == institution,
            c.business_day.between(from_day, to_day),
            c.currency == currency,
            c.confirmation.in_(_IN_FORCE),
        )
        return [Settlement(**row) for row in self._connection.execute(statement.order_by(c.id)).mappings()]

    def count(self, institution: str, day: date) -> int:
        """How many settlements of one business day are in force."""
        c = t.settlement.c
        statement = select(func.count()).where(
            c.institution == institution, c.business_day == day, c.confirmation.in_(_IN_FORCE)
        )
        return int(self._connection.execute(statement).scalar_one())

    def awaited(self, institution: str | None = None, rows_max: int = UNCERTAIN_ROWS_MAX) -> list[Settlement]:
        """Settlements that await their confirmation, oldest first: one institution's, or everybody's."""
        c = t.settlement.c
        statement = select(t.settlement).where(c.confirmation == "awaited")
        if institution is not None:
            statement = statement.where(c.institution == institution)
        statement = statement.order_by(c.settled_at, c.id).limit(rows_max)
        return [Settlement(**row) for row in self._connection.execute(statement).mappings()]

    def in_order(self, after: Settlement | None, rows_max: int) -> list[Settlement]:
        """The next settlements in force in the order in which they were made: those after ``after``, or the first."""
        c = t.settlement.c
        statement = select(t.settlement).where(c.confirmation.in_(_IN_FORCE))
        if after is not None:
            later = and_(c.settled_at == after.settled_at, c.id > after.id)
            statement = statement.where(or_(c.settled_at > after.settled_at, later))
        statement = statement.order_by(c.settled_at, c.id).limit(rows_max)
        return [Settlement(**row) for row in self._connection.execute(statement).mappings()]

    def all_in_force(self) -> list[Settlement]:
        """Every settlement in force, for checks of invariants (a full scan)."""
        statement = select(t.settlement).where(t.settlement.c.confirmation.in_(_IN_FORCE)).order_by(t.settlement.c.id)
        return [Settlement(**row) for row in self._connection.execute(statement).mappings()]


class Accumulators:
    """What layers have paid or counted so far, by owner, layer, scheme, name and year; in smallest coins."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lock(self, owners: Iterable[str]) -> dict[str, int]:
        """Lock the owners' rows, in key order, until the unit of work ends; returns the turn that this is at each of them. Owners not seen
        before get their row.
        """
        turns: dict[str, int] = {}
        for owner in sorted(set(owners)):
            row = _LOCK.row(self._connection, {"owner": owner})
            assert row is not None, "a row that was added or changed is returned"
            turns[owner] = row[0]
        return turns

    def read(self, keys: Iterable[AccumulatorKey]) -> dict[AccumulatorKey, int]:
        """The amounts of those keys that are not zero."""
        c, wanted = t.accumulator.c, list(keys)
        found: dict[AccumulatorKey, int] = {}
        for start in range(0, len(wanted), _KEYS_PER_STATEMENT):
            each = [
                and_(c.owner == owner, c.layer == layer, c.scheme == scheme, c.name == name, c.year == year)
                for owner, layer, scheme, name, year in wanted[start : start + _KEYS_PER_STATEMENT]
            ]
            for row in self._connection.execute(select(t.accumulator).where(or_(*each))):
                found[AccumulatorKey(row.owner, row.layer, row.scheme, row.name, row.year)] = int(row.amount)
        return found

    def tallies(self, families: Iterable[Family]) -> dict[AccumulatorKey, int]:
        """The tallies of bills in the times of those families that began with a bill, and what stands of the time when they had no numbers."""
        c = t.accumulator.c
        found: dict[AccumulatorKey, int] = {}
        for one in families:
            statement = select(t.accumulator).where(
                c.owner == one.owner,
                c.layer == one.layer,
                c.scheme == one.scheme,
                or_(
                    c.name.startswith(f"{one.name}.", autoescape=True),
                    and_(c.name == one.of_before.name, c.year == one.of_before.year),
                ),
                c.amount != 0,
            )
            for row in self._connection.execute(statement):
                found[AccumulatorKey(row.owner, row.layer, row.scheme, row.name, row.year)] = int(row.amount)
        return found

    def add(self, deltas: Mapping[AccumulatorKey, int], *, sign: int = 1) -> None:
        """Add ``sign`` times the deltas; the owners are locked."""
        for key, amount in sorted(deltas.items()):
            if amount:
                _COUNTED.run(self._connection, {**key._asdict(), "amount": sign * amount})

    def all(self) -> dict[AccumulatorKey, int]:
        """Every amount that is not zero, for checks of invariants (a full scan)."""
        rows = self._connection.execute(select(t.accumulator).where(t.accumulator.c.amount != 0))
        return {AccumulatorKey(row.owner, row.layer, row.scheme, row.name, row.year): int(row.amount) for row in rows}
