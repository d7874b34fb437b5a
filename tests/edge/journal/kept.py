"""A journal with a past: answered with the hub's receipts, its days signed by both sides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding

from central_sync.wire import codec, receipts, roots
from central_sync.wire.catalogue import BY_NUMBER
from central_sync.wire.messages import DayRoot, ItemAnswer, Verdict
from edge.journal import Draft, Journal, Receipt, Received
from edge.journal import records as r
from tests.edge.journal.drafts import draft, folded
from tests.edge.journal.papers import Papers
from tests.wire_vectors.samples import REQUESTS

_VISIT = REQUESTS["registration"]["least"]
PACKET = msgspec.msgpack.encode(_VISIT)
DIGEST = codec.digest("2201", codec.request_from_wire(BY_NUMBER["2201"], PACKET))


def visit(msgid: str) -> Draft:
    """A transaction whose digest is that of its packet."""
    return draft(msgid, number="2201", packet=PACKET, digest=DIGEST, recorded_at=datetime.now(UTC))


async def fill(journal: Journal, names: Sequence[str]) -> list[int]:
    """Taken on, each in a commit of its own."""
    return [(await journal.append(visit(name))).standing.seq for name in names]


async def answer(
    journal: Journal, papers: Papers, seqs: Sequence[int], *, signed: bool = True, older: bool = False
) -> None:
    """All in one batch, with a receipt that also covers an answer nobody here asked for; ``older``: kept as releases before this one did."""
    standings = await journal.standings(seqs)
    at = datetime.now(UTC)
    answers = [
        ItemAnswer(msgid=standings[seq].msgid, verdict=Verdict.FINAL, packet=b"\x80", decided_at=at, digest=DIGEST)
        for seq in seqs
    ]
    other = ItemAnswer(msgid="other", verdict=Verdict.FINAL, packet=b"\x80", decided_at=at)
    texts = [receipts.text(one) for one in (other, *answers)]
    leaves = [receipts.leaf_of(text) for text in texts]
    signed_text = receipts.signed_text(papers.institution, journal.life, at, leaves)
    receipt = Receipt(
        signer=papers.signer_name, signature=papers.signer_key.sign(signed_text), hub_time=at, life=journal.life,
        places=list(range(1, len(leaves))), leaves=b"".join(leaves) if older else leaves[0], count=0 if older else len(leaves),
    )  # fmt: skip
    received = Received(
        seqs=list(seqs), numbers=["2201"] * len(answers), answers=answers, texts=() if older else texts[1:]
    )
    await journal.receive(received, receipt if signed else None, at)
    await folded(journal)


async def sign_days(journal: Journal, papers: Papers, today: date) -> list[r.Root]:
    """Both sides sign whatever has ended before ``today``."""
    now, signed = datetime.now(UTC), []
    for day in await journal.keeping.day_roots(today):
        stated = roots.statement(papers.institution, journal.life, day.day, day.first, day.last, day.root)
        told = DayRoot(
            life=journal.life, day=day.day, first=day.first, last=day.last, root=day.root,
            signature=papers.edge_signs(stated),
        )  # fmt: skip
        at = r.instant(r.micros(now))
        signed.append(
            r.Root(
                day=day.day.isoformat(), life=journal.life, first=day.first, last=day.last, root=day.root,
                signature=told.signature, certificate=papers.edge.public_bytes(Encoding.DER),
                signer=papers.signer_name,
                countersignature=papers.signer_key.sign(roots.countersigned(papers.institution, told, at)),
                at=r.micros(at),
            )
        )  # fmt: skip
    await journal.keeping.keep_roots(signed)
    await folded(journal)
    return signed


def in_days(days: int) -> date:
    """A day from today on."""
    return (datetime.now(UTC) + timedelta(days=days)).date()
