"""PURE: a comparison with the hub as the edge sees it: which entries go into it, and what came out, for a person or a program.

Entries that are refused moved nothing and are left out, on both sides; one that the hub holds as final then shows as held there alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from central_sync.wire.compare import Items, fingerprint_of, key_of
from central_sync.wire.messages import Named
from central_sync.wire.refusals import Refused
from edge.journal.shapes import Seen, Standing


class Ours(Struct, frozen=True, kw_only=True):
    """A transaction that the journal holds, as it stands here. ``parked``: it waits for a person before it goes to the hub."""

    msgid: str
    number: str
    recorded_at: datetime
    outcome: str
    confirmation: str
    parked: bool


class Theirs(Struct, frozen=True, kw_only=True):
    """A transaction that the hub alone holds: what a HIS or a restored edge asks it for, by its msgid."""

    msgid: str
    number: str
    recorded_at: datetime


class Report(Struct, frozen=True, kw_only=True):
    """What differs of all that was recorded in [``begin``, ``end``).

    ``here``: the journal alone holds it; what is open will be sent or asked for by itself, what is final should not be there. ``there``:
    the hub alone holds it. ``unlike``: both hold it, but not alike; what is open here gets its answer by itself. The three counts are
    exact, the lists hold the first of each. ``kept_from``: when the oldest was recorded that the journal still has; what is older
    and pruned shows in ``there``.
    """

    begin: datetime
    end: datetime
    compared: int
    rounds: int
    here_count: int
    there_count: int
    unlike_count: int
    here: list[Ours]
    there: list[Theirs]
    unlike: list[Ours]
    kept_from: datetime | None = None

    @property
    def equal(self) -> bool:
        """Whether both sides hold the same."""
        return not (self.here_count or self.there_count or self.unlike_count)

    @property
    def lasting(self) -> int:
        """How much differs that will not come right by itself, as far as it is listed: all but what is open here."""
        decided = sum(one.outcome in ("final", "refused") for one in (*self.here, *self.unlike))
        return self.there_count + decided


def items_of(seen: Iterable[Seen]) -> Items:
    """The edge's side of a comparison."""
    return Items((one.key, fingerprint_of(one.digest, final=one.final, confirmation=one.confirmation)) for one in seen)


def ours(keys: Sequence[bytes], seqs: Mapping[bytes, int], standings: Mapping[int, Standing]) -> list[Ours]:
    """The entries of those keys, as they stand; in the order in which they were recorded."""
    found = [standing for key in keys if (standing := standings.get(seqs[key])) is not None]
    return [
        Ours(
            msgid=one.msgid, number=one.number, recorded_at=one.recorded_at, outcome=str(one.outcome),
            confirmation=str(one.confirmation), parked=one.parked,
        )
        for one in sorted(found, key=lambda one: one.seq)
    ]  # fmt: skip


def theirs(asked: Sequence[bytes], named: Sequence[Named]) -> list[Theirs]:
    """What the hub named of the keys that it was asked about, by time.

    Raises:
        Refused: ``compare_inconsistent``: it named what it was not asked about.
    """
    if {one.key for one in named} - set(asked) or any(key_of(one.msgid) != one.key for one in named):
        raise Refused("compare_inconsistent", "names that were not asked for")
    return [
        Theirs(msgid=one.msgid, number=one.number, recorded_at=one.recorded_at)
        for one in sorted(named, key=lambda one: (one.recorded_at, one.msgid))
    ]


def sentences(report: Report) -> Iterator[str]:
    """The report for a technician's eyes, line by line."""
    window = f"recorded from {report.begin:%Y-%m-%d %H:%M:%S}Z and before {report.end:%Y-%m-%d %H:%M:%S}Z"
    yield f"{report.compared} transactions {window} were compared: {'both sides hold the same' if report.equal else 'they differ'}"
    if report.kept_from is not None and report.kept_from > report.begin:
        yield f"the journal begins at {report.kept_from:%Y-%m-%d %H:%M:%S}Z: what is older and not here any more may count as the hub's alone"
    heads = (
        (report.here_count, report.here, "only here (what is open goes to the hub by itself)"),
        (report.there_count, report.there, "only at the hub (a HIS gets its answer by sending it again, or by 43)"),
        (report.unlike_count, report.unlike, "at both, but not alike (what is open gets its answer by itself)"),
    )
    for count, listed, head in heads:
        if count:
            yield f"{head}: {count}"
            yield from (f"  {_row(one)}" for one in listed)
            if count > len(listed):
                yield f"  … and {count - len(listed)} more"


def _row(one: Ours | Theirs) -> str:
    told = f"{one.recorded_at:%Y-%m-%d %H:%M:%S}Z  {one.number:<5} {one.msgid}"
    if isinstance(one, Theirs):
        return told
    confirmation = "" if one.confirmation == "none" else f" {one.confirmation}"
    return f"{told}  {one.outcome}{confirmation}{' parked' if one.parked else ''}"
