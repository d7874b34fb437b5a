"""Pruning: what is old, decided on both sides and signed for by the hub goes from the front of the journal, a few commits at a time.

A commit goes only if everything before it goes, and

1. it lies within days whose roots both sides have signed, the last of them older than the days to be kept: so the hub has signed for all of it;
2. each of its transactions is decided: answered with the hub's receipt, or withdrawn or refused at birth, which never left;
3. none of its settlements awaits its confirmation;
4. it is in the tables, and it is not the last one: the chain goes on from it.

What else a commit held that still counts (leases, facts, the life, signed days) is in the tables and stays. The link of the last commit that
went is kept, so that the chain can be checked from the cut. Pages that become free are used again by what comes; the file does
not become smaller. A transaction that was pruned and comes again is taken on as new and carried, and the hub's ledger, which
forgets nothing, answers it as before.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from edge.journal import look
from edge.journal import records as r
from edge.journal.decisions import decision_of
from edge.journal.look import Row
from edge.journal.sealing import Vault
from edge.journal.survey import CUT_FACT
from edge.journal.tail import OPEN
from edge.limits import PRUNE_RECORDS_MAX, PRUNE_SEGMENTS_MAX

Connection = Any  # pysqlite3 has no types


class Pruned(Struct, frozen=True, kw_only=True):
    """What went: commits, transactions; ``cut``: the last record that is gone; ``goal``: up to where it may go by age and signature.
    ``held``: why it stopped before that; empty: it did not, or there is more to do.
    """

    segments: int
    transactions: int
    cut: int
    goal: int
    held: str = ""


class Plan(Struct, frozen=True, kw_only=True):
    """The next commits that may go, those beyond ``cut`` up to ``end``; none if the two are equal, and then ``held`` may say why.

    ``outcomes``: of the transactions in them, as the tables write it; ``references``: the keys under which settlements in them are found.
    """

    cut: int
    end: int
    segments: int = 0
    outcomes: list[int] = []
    references: list[tuple[int, int]] = []
    held: str = ""


def goal(signed: Sequence[r.Root], today: date, keep_days: int) -> int:
    """The last record that may go by age: the end of the last signed day older than ``keep_days``, with every day before it signed; 0: none."""
    old = date.fromordinal(max(1, today.toordinal() - keep_days))
    end = 0
    for root in sorted(signed, key=lambda root: root.first):
        if date.fromisoformat(root.day) >= old or (end and root.first != end + 1):
            break
        end = root.last
    return end


def plan(c: Connection, vault: Vault, to: int) -> Plan:
    """What may go next, at most ``PRUNE_SEGMENTS_MAX`` commits, up to the record ``to``; read on a connection that only reads."""
    state = look.state(c)
    cut = state["cut"]
    limit, held = _limit(c, to, state["folded"])
    ends = [
        first + count - 1
        for first, count in c.execute(
            "select first, count from segment where first > ? and first + count - 1 <= ? order by first limit ?",
            (cut, limit, PRUNE_SEGMENTS_MAX),
        ).fetchall()
    ]
    ends = [end for end in ends if end <= cut + PRUNE_RECORDS_MAX] or ends[:1]
    rows = _rows_between(c, cut, ends[-1]) if ends else []
    unsigned, references = _unsigned(c, vault, rows)
    if unsigned is not None:
        held = f"the transaction {unsigned} has an answer without the hub's receipt"
        ends = [end for end in ends if end < unsigned]
    if not ends:
        return Plan(cut=cut, end=cut, held=held)
    return Plan(
        cut=cut,
        end=ends[-1],
        segments=len(ends),
        outcomes=[row.outcome for row in rows if row.seq <= ends[-1]],
        references=[pair for pair in references if pair[1] <= ends[-1]],
    )


def prune(c: Connection, vault: Vault, planned: Plan) -> bool:
    """Do it, in one transaction on the writer's connection; false: a settlement in it has moved since, and it has to be planned anew."""
    if look.state(c)["cut"] != planned.cut or _limit(c, planned.end, planned.end)[0] < planned.end:
        return False
    _delete(c, vault, planned)
    return True


def _limit(c: Connection, to: int, folded: int) -> tuple[int, str]:
    """The last record that may go as far as the tables tell, and what stands there."""
    (last,) = c.execute("select coalesce(max(first), 0) from segment").fetchone()
    limit, held = min(to, folded, last - 1), ""
    for where, why in (
        (f"outcome = {OPEN}", "has no last word yet"),
        ("confirmation = 1", "awaits its confirmation"),
    ):
        (seq,) = c.execute(f"select min(seq) from entry where {where}").fetchone()  # noqa: S608 -- our own text
        if seq is not None and seq <= limit:
            limit, held = seq - 1, f"the transaction {seq} {why}"
    return limit, held


def _rows_between(c: Connection, cut: int, end: int) -> list[Row]:
    seqs = [seq for (seq,) in c.execute("select seq from entry where seq > ? and seq <= ?", (cut, end)).fetchall()]
    return sorted(look.rows(c, seqs).values(), key=lambda row: row.seq)


def _unsigned(c: Connection, vault: Vault, rows: Sequence[Row]) -> tuple[int | None, list[tuple[int, int]]]:
    """The first transaction that the hub answered without a receipt, and the keys by which settlements are found."""
    kept: Mapping[int, r.Any] = look.records_of(c, vault, sorted({row.place for row in rows if row.ix >= 0}))
    references: list[tuple[int, int]] = []
    for row in rows:
        if row.ix < 0:
            continue  # withdrawn or refused at birth: it never left
        record = kept.get(row.place)
        if not isinstance(record, r.Answers) or record.receipt is None or record.receipt.places[row.ix] < 0:
            return row.seq, references
        reference = decision_of(record.numbers[row.ix], record.answers[row.ix]).reference
        if reference:
            references.append((r.reference_key(reference), row.seq))
    return None, references


def _delete(c: Connection, vault: Vault, planned: Plan) -> None:
    kind, name = CUT_FACT
    end = planned.end
    (link,) = c.execute("select link from segment where first <= ? order by first desc limit 1", (end,)).fetchone()
    sealed = look.seal_fact(vault, os.urandom(look.FACT_NONCE_BYTES), kind, name, link)
    c.execute("begin immediate")
    c.execute(
        "delete from reference where (key, seq) in (select value ->> 0, value ->> 1 from json_each(?))",
        (msgspec.json.encode(planned.references).decode(),),
    )
    c.execute("delete from entry where seq <= ?", (end,))
    c.execute("delete from segment where first <= ?", (end,))
    c.execute("insert or replace into fact (kind, key, value) values (?, ?, ?)", (kind, name, sealed))
    c.execute("update state set value = ? where name = 'cut'", (end,))
    for outcome, column in enumerate(("open", "final", "refused")):
        c.execute("update state set value = value - ? where name = ?", (planned.outcomes.count(outcome), column))
    c.execute("commit")
