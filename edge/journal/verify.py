"""Looks over the whole journal and tells whatever was altered, left out, put elsewhere or sealed anew; reads only, beside an edge that runs.

What is held against what: each segment's seal; its place against the one before; its leaves against its link and the links against
each other; every transaction and its outcome against its row in the tables; the days' roots against both signatures. The first three find whatever was changed by
one without the keys, the roots also what was rewritten by one with all keys of the box: the hub's countersignature cannot be made here.

It reads in slices, each a short look of its own, so that the log beside it can be folded meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from msgspec import Struct

from central_sync.wire import roots
from central_sync.wire.messages import DayRoot
from edge.errors import JournalDamaged
from edge.journal import days, look
from edge.journal import records as r
from edge.journal.fold import digest_number
from edge.journal.frames import Sealed
from edge.journal.outcomes import Outcomes
from edge.journal.sealing import Vault
from edge.journal.survey import begin
from edge.journal.tail import ROOT

Connection = Any  # pysqlite3 has no types
Tell = Callable[[int, int, str], None]
Signers = Mapping[str, ed25519.Ed25519PublicKey]

FINDINGS_MAX = 50
_SLICE_SEGMENTS = 500
_WHAT = "checking the chain"


class Verified(Struct, kw_only=True):
    """What was looked at and what is wrong with it (at most ``FINDINGS_MAX`` sentences; ``wrong`` counts them all).

    ``cut``: the last record pruned; ``head``: the last one; ``link``: the chain's end; ``days``: how many days' roots were held against them,
    the last of which ends with the record ``signed``.
    """

    cut: int
    head: int
    link: bytes
    segments: int = 0
    transactions: int = 0
    days: int = 0
    signed: int = 0
    wrong: int = 0
    findings: list[str] = msgspec.field(default_factory=list)

    def found(self, sentence: str) -> None:
        """Something is wrong."""
        self.wrong += 1
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(sentence)


class _Roots:
    """The signed days, and the tree of the one that is being walked through."""

    def __init__(self, told: list[r.Root], institution: str, signers: Signers) -> None:
        self._left = sorted(told, key=lambda root: root.first)
        self._institution = institution
        self._signers = signers
        self._tree = days.Tree()

    def take(self, segment: tuple[int, int, bytes], report: Verified) -> None:
        """The next segment: first, last, link as computed."""
        first, last, link = segment
        while self._left and self._left[0].last < first:
            report.found(f"the signed day {self._left.pop(0).day} ends where no commit ends")
            self._tree = days.Tree()
        if not self._left or first < self._left[0].first:
            return
        self._tree.add(link)
        if last == self._left[0].last:
            self._check(self._left.pop(0), report)
            self._tree = days.Tree()

    def end(self, report: Verified) -> None:
        """There are no more segments."""
        for root in self._left:
            report.found(f"of the signed day {root.day} the end is missing: records up to {root.last}")

    def _check(self, root: r.Root, report: Verified) -> None:
        report.days += 1
        report.signed = root.last
        if self._tree.root() != root.root:
            report.found(f"the day {root.day} is not what was signed of it (records {root.first} to {root.last})")
        wrong = signature_wrong(root, self._institution, self._signers)
        if wrong:
            report.found(f"the root of {root.day}: {wrong}")


def signature_wrong(root: r.Root, institution: str, signers: Signers) -> str:
    """What is wrong with a root's two signatures; empty: nothing. A hub's signer that is not known here cannot be judged."""
    day = DayRoot(
        life=root.life,
        day=date.fromisoformat(root.day),
        first=root.first,
        last=root.last,
        root=root.root,
        signature=root.signature,
    )
    stated = roots.statement(institution, root.life, day.day, root.first, root.last, root.root)
    try:
        public = x509.load_der_x509_certificate(root.certificate).public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        public.verify(root.signature, stated, ec.ECDSA(hashes.SHA256()))
    except (ValueError, AssertionError, InvalidSignature, UnsupportedAlgorithm):
        return "our signature does not hold"
    signer = signers.get(root.signer)
    if signer is not None:
        try:
            signer.verify(root.countersignature, roots.countersigned(institution, day, r.instant(root.at)))
        except InvalidSignature:
            return "the hub's countersignature does not hold"
    return ""


def verify(
    c: Connection, vault: Vault, institution: str, signers: Signers, tell: Tell, slate: Sequence[Sealed] = ()
) -> Verified:
    """Look at everything behind the reading connection ``c``, and then at the ``slate`` as it was read before. ``signers``: the hub's, by name.

    Raises:
        JournalError: a key is missing, so that nothing can be said.
    """
    if damage := [row[0] for row in c.execute("pragma quick_check(1)") if row[0] != "ok"]:
        return Verified(
            cut=0,
            head=0,
            link=b"",
            wrong=1,
            findings=[f"the file itself is damaged, its chain was not looked at: {damage[0]}"],
        )
    state = look.state(c)
    folded = state["folded"]
    link, at = begin(c, vault, state["cut"])
    report = Verified(cut=at, head=at, link=link)
    (end,) = c.execute("select coalesce(max(first + count - 1), 0) from segment").fetchone()
    facts = look.facts(c, vault)
    signed = [r.decoded(value) for (kind, _), value in sorted(facts.items()) if kind == ROOT]
    outcomes = Outcomes()
    walk = _Roots([root for root in signed if isinstance(root, r.Root) and root.first > at], institution, signers)
    while report.head < end:
        rows = look.rows_after(c, report.head, _SLICE_SEGMENTS)
        if not rows:
            break
        cut = look.state(c)["cut"]
        if rows[0][0] != report.head + 1 and cut > report.head:  # pruned meanwhile: go on behind the new cut
            report.link, report.head = begin(c, vault, cut)
            report.cut = cut
            continue
        for row in rows:
            _segment(c, vault, row, report, walk, outcomes if row[0] + row[1] - 1 <= folded else None)
        tell(report.head, max(end, report.head), _WHAT)
    for row in slate:
        if row.first > report.head:
            _segment(c, vault, row, report, walk, None)
            end = report.head
    walk.end(report)
    counted = look.state(c)
    if counted["cut"] == report.cut and end == report.head and counted["folded"] == folded:
        found = _as_a_whole(c, report, folded, counted, outcomes)
        if look.state(c) == counted:  # else a fold came between the looks
            for sentence in found:
                report.found(sentence)
    return report


def _as_a_whole(
    c: Connection, report: Verified, folded: int, counted: Mapping[str, int], outcomes: Outcomes
) -> list[str]:
    """What is wrong with the tables as a whole, if nothing was folded or pruned meanwhile."""
    rows, told = _count(c, folded), sum(counted[name] for name in ("open", "final", "refused"))
    if rows != told:
        return [f"the tables hold {rows} transactions and count {told}"]
    return [] if report.wrong else list(outcomes.end(c, report.cut))


def _segment(c: Connection, vault: Vault, row: Any, report: Verified, walk: _Roots, outcomes: Outcomes | None) -> None:
    """The next commit; ``outcomes``: with whom its records are held against the tables, if those have it."""
    first, count, at, key, _, told, _ = row
    if first != report.head + 1:
        report.found(f"the records {report.head + 1} to {first - 1} are missing")
    report.head = first + count - 1
    report.segments += 1
    try:
        opened = look.opened(row, vault)
        if len(opened.records) != count or len(opened.salts) != count * r.SALT_BYTES:
            raise JournalDamaged("another number of records than told")
        records = [r.decoded(data) for data in opened.records]
    except (JournalDamaged, msgspec.DecodeError):
        report.found(f"the commit at {first} ({count} records) was altered")
        report.link = told
        walk.take((first, report.head, told), report)
        return
    link = r.link(report.link, r.header(first, count, at, key), r.leaves(opened.salts, opened.records))
    if link != told:
        report.found(f"the chain is broken at {first}: this commit, or what stood before it, is another")
    report.link = told
    walk.take((first, report.head, told), report)
    entries = {first + n: one for n, one in enumerate(records) if isinstance(one, r.Entry)}
    report.transactions += len(entries)
    if outcomes is not None:
        _rows(c, entries, report)
        for seq in outcomes.take(c, first, records):
            report.found(f"the tables disagree with the log on {seq}")


def _rows(c: Connection, entries: Mapping[int, r.Entry], report: Verified) -> None:
    if not entries:
        return
    rows = c.execute(
        "select seq, key, digest, lane, number, size, at from entry where seq between ? and ?",
        (min(entries), max(entries)),
    ).fetchall()
    known = {seq: born for seq, *born in rows}
    for seq, entry in entries.items():
        if known.get(seq) != [
            r.msgid_key(entry.msgid), digest_number(entry.digest), r.lane_key(entry.lane), entry.number, len(entry.packet), entry.recorded_at,
        ]:  # fmt: skip
            report.found(f"the tables disagree with the log on {seq}")


def _count(c: Connection, folded: int) -> int:
    (rows,) = c.execute("select count(*) from entry where seq <= ?", (folded,)).fetchone()
    return int(rows)
