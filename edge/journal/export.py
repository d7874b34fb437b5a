"""Makes the proof of one transaction (``proof.py``) out of the journal: reads only, beside an edge that runs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from edge.errors import JournalError
from edge.journal import days, look
from edge.journal import records as r
from edge.journal.frames import Sealed
from edge.journal.proof import PROOF_VERSION, AnswerProof, Proof, RootProof, SegmentProof
from edge.journal.sealing import Vault
from edge.journal.survey import begin
from edge.journal.tail import ROOT
from edge.signatures import issued_by

Connection = Any  # pysqlite3 has no types


def export(
    c: Connection,
    vault: Vault,
    institution: str,
    msgid: str,
    signers: Mapping[str, str],
    authority: str,
    slate: Sequence[Sealed] = (),
) -> Proof:
    """The proof of the transaction ``msgid``. ``signers``: the hub's certificates (PEM) by name; ``authority``: those
    that it ever used (PEM); the proof holds the ones that vouch for something in it. ``slate``: what is on it.

    Raises:
        JournalError: the journal does not hold it (or not any more).
    """
    seq, entry, segment = _found(c, vault, institution, msgid, slate)
    place = seq - segment.first
    leaves = r.leaves(segment.salts, segment.records)
    answer, root = _answer(c, vault, seq), _root(c, vault, segment)
    named = {part.signer for part in (answer, root) if part is not None}
    used = {name: pem for name, pem in signers.items() if name in named}
    return Proof(
        version=PROOF_VERSION,
        institution=entry.institution,
        msgid=entry.msgid,
        seq=seq,
        record=segment.records[place],
        salt=segment.salts[place * r.SALT_BYTES : (place + 1) * r.SALT_BYTES],
        segment=SegmentProof(
            first=segment.first,
            count=segment.count,
            at=segment.at,
            key=segment.key,
            before=_before(c, vault, segment.first, slate),
            leaves=leaves,
        ),
        answer=answer,
        root=root,
        signers=used,
        authority=_vouching(authority, [*used.values(), *([root.certificate] if root is not None else [])]),
    )


def _vouching(authorities: str, certificates: Sequence[str]) -> str:
    """Of ``authorities`` (PEM) those that issued one of ``certificates`` (PEM); the first, if there is nothing to vouch for."""
    roots = x509.load_pem_x509_certificates(authorities.encode())
    issued = [x509.load_pem_x509_certificate(one.encode()) for one in certificates]
    found = [root for root in roots if any(issued_by(one, root) for one in issued)] or roots[:1]
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in found)


def _found(
    c: Connection, vault: Vault, institution: str, msgid: str, slate: Sequence[Sealed]
) -> tuple[int, r.Entry, look.Segment]:
    key = r.msgid_key(msgid)
    named = [(seq, look.segment_of(c, vault, seq)) for seq in look.with_msgids(c, [key]).get(key, ())]
    for seq, segment in itertools.chain(named, _unfolded(c, vault, slate)):
        entry = r.decoded(segment.records[seq - segment.first]) if segment is not None else None
        if (
            segment is not None
            and isinstance(entry, r.Entry)
            and (entry.institution, entry.msgid) == (institution, msgid)
        ):
            return seq, entry, segment
    raise JournalError("the journal does not hold this transaction, or not any more")


def _unfolded(c: Connection, vault: Vault, slate: Sequence[Sealed]) -> Iterator[tuple[int, look.Segment]]:
    """Records that are not in the tables yet: a few of the last seconds."""
    written = (look.opened(row, vault) for row in slate)
    for segment in itertools.chain(look.segments_after(c, vault, look.state(c)["folded"]), written):
        yield from ((segment.first + n, segment) for n in range(segment.count))


def _before(c: Connection, vault: Vault, first: int, slate: Sequence[Sealed]) -> bytes:
    for written in slate:
        if written.first + written.records == first:
            return written.link
    row = c.execute("select link from segment where first < ? order by first desc limit 1", (first,)).fetchone()
    return bytes(row[0]) if row else begin(c, vault, look.state(c)["cut"])[0]


def _answer(c: Connection, vault: Vault, seq: int) -> AnswerProof | None:
    row = look.rows(c, [seq]).get(seq)
    if row is None or row.ix < 0 or not row.place:
        return None
    record = look.records_of(c, vault, [row.place]).get(row.place)
    if not isinstance(record, r.Answers) or record.receipt is None or record.receipt.places[row.ix] < 0:
        return None
    receipt = record.receipt
    return AnswerProof(
        item=msgspec.msgpack.encode(record.answers[row.ix]),
        signer=receipt.signer,
        signature=receipt.signature,
        hub_time=receipt.hub_time,
        life=receipt.life,
        leaves=r.covered(record),
        place=receipt.places[row.ix],
    )


def _root(c: Connection, vault: Vault, segment: look.Segment) -> RootProof | None:
    for (kind, _), value in look.facts(c, vault).items():
        root = r.decoded(value) if kind == ROOT else None
        if isinstance(root, r.Root) and root.first <= segment.first <= root.last:
            heads = c.execute(
                "select first, link from segment where first between ? and ? order by first", (root.first, root.last)
            ).fetchall()
            place = [first for first, _ in heads].index(segment.first)
            return RootProof(
                day=date.fromisoformat(root.day),
                life=root.life,
                first=root.first,
                last=root.last,
                root=root.root,
                path=days.path([link for _, link in heads], place),
                signature=root.signature,
                certificate=x509.load_der_x509_certificate(root.certificate).public_bytes(Encoding.PEM).decode(),
                signer=root.signer,
                countersignature=root.countersignature,
                signed_at=r.instant(root.at),
            )
    return None
