"""A proof of one transaction: it holds by itself, says what is not signed yet, and falls with any byte that is changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from central_sync.wire import codec, receipts, roots
from central_sync.wire.catalogue import BY_NUMBER
from central_sync.wire.messages import DayRoot, ItemAnswer, Verdict
from edge.journal import days, proof
from edge.journal import records as r
from edge.journal.proof import AnswerProof, Proof, RootProof, SegmentProof
from tests.edge.journal.papers import NOW, Authority, Papers, pem
from tests.wire_vectors.samples import REQUESTS

LIFE = bytes(range(16))
PACKET = msgspec.msgpack.encode(REQUESTS["registration"]["least"])
DIGEST = codec.digest("2201", codec.request_from_wire(BY_NUMBER["2201"], PACKET))
Change = Callable[[Proof], Proof]


def _entry(msgid: str) -> r.Entry:
    return r.Entry(
        institution="H001", msgid=msgid, number="2201", digest=DIGEST, packet=PACKET, hid="", lane="l", operator="o",
        workstation="w", recorded_at=r.micros(NOW), business_day="2026-11-27",
    )  # fmt: skip


def _proof(papers: Papers) -> Proof:
    """Of ``m-2``, the second of three records of the second of three segments of its day, and of three answers the last."""
    chain, before, kept = [], r.FIRST_LINK, None
    for n in range(3):
        records = [r.encoded(_entry(f"m-{3 * n + i}")) for i in (1, 2, 3)]
        salts = hashlib.sha512(b"%d" % n).digest()[: 3 * r.SALT_BYTES]
        leaves = r.leaves(salts, records)
        link = r.link(before, r.header(3 * n + 1, 3, 1000 + n, 7), leaves)
        if n == 1:
            kept = (records[1], salts[r.SALT_BYTES : 2 * r.SALT_BYTES], before, leaves)
        chain.append(link)
        before = link
    assert kept is not None
    record, salt, before, leaves = kept
    return Proof(
        version=1, institution="H001", msgid="m-5", seq=5, record=record, salt=salt,
        segment=SegmentProof(first=4, count=3, at=1001, key=7, before=before, leaves=leaves),
        answer=_answer(papers), root=_root(papers, chain), signers={papers.signer_name: pem(papers.signer)},
        authority=pem(papers.authority.certificate),
    )  # fmt: skip


def _answer(papers: Papers) -> AnswerProof:
    answers = [
        ItemAnswer(msgid=f"m-{n}", verdict=Verdict.FINAL, packet=b"\x80", decided_at=NOW, digest=DIGEST)
        for n in (1, 2, 5)
    ]
    leaves = [receipts.leaf(answer) for answer in answers]
    text = receipts.signed_text("H001", LIFE, NOW, leaves)
    return AnswerProof(
        item=msgspec.msgpack.encode(answers[2]), signer=papers.signer_name, signature=papers.signer_key.sign(text),
        hub_time=NOW, life=LIFE, leaves=b"".join(leaves), place=2,
    )  # fmt: skip


def _root(papers: Papers, chain: list[bytes]) -> RootProof:
    root, day = days.root(chain), date(2026, 11, 26)
    signature = papers.edge_signs(roots.statement("H001", LIFE, day, 1, 9, root))
    told = DayRoot(life=LIFE, day=day, first=1, last=9, root=root, signature=signature)
    return RootProof(
        day=day, life=LIFE, first=1, last=9, root=root, path=days.path(chain, 1), signature=signature,
        certificate=pem(papers.edge), signer=papers.signer_name,
        countersignature=papers.signer_key.sign(roots.countersigned("H001", told, NOW)), signed_at=NOW,
    )  # fmt: skip


def _told(found: list[proof.Finding]) -> dict[str, bool | None]:
    return {finding.part: finding.well for finding in found}


def test_a_proof_holds_by_itself() -> None:
    papers = Papers()
    made = _proof(papers)
    [known] = proof.fingerprints_of(made.authority)
    found = proof.check(proof.read(msgspec.json.encode(made)), known)
    assert set(_told(found).values()) == {True}, found
    assert proof.holds(found)


def test_without_the_fingerprint_the_authority_is_told_to_be_compared() -> None:
    found = proof.check(_proof(Papers()))
    assert _told(found)["authority"] is None
    assert proof.holds(found)
    assert not proof.holds(proof.check(_proof(Papers()), "ab" * 32))


def test_what_is_not_signed_yet_is_said_and_is_no_fault() -> None:
    young = msgspec.structs.replace(_proof(Papers()), answer=None, root=None)
    found = proof.check(young)
    assert (_told(found)["answer"], _told(found)["day root"]) == (None, None)
    assert proof.holds(found)


def test_neighbours_are_in_it_as_hashes_alone() -> None:
    text = msgspec.json.encode(_proof(Papers()))
    assert b"m-5" in text
    for neighbour in ("m-4", "m-6", "m-1"):
        assert r.encoded(_entry(neighbour)) not in msgspec.json.decode(text, type=Proof).record
        assert neighbour.encode() not in text


def _in(part: str, **changed: Any) -> Change:
    return lambda whole: msgspec.structs.replace(
        whole, **{part: msgspec.structs.replace(getattr(whole, part), **changed)}
    )


ALTERED: dict[str, tuple[str, Change]] = {
    "another packet": ("transaction", lambda p: msgspec.structs.replace(p, record=p.record.replace(b"0013", b"0014"))),
    "another msgid": ("transaction", lambda p: msgspec.structs.replace(p, msgid="m-6")),
    "another hospital": ("day root", lambda p: msgspec.structs.replace(p, institution="H002")),
    "another salt": ("place", lambda p: msgspec.structs.replace(p, salt=bytes(16))),
    "another place": ("place", lambda p: msgspec.structs.replace(p, seq=6)),
    "outside": ("place", lambda p: msgspec.structs.replace(p, seq=40)),
    "another header": ("day root", _in("segment", at=1)),
    "another chain": ("day root", _in("segment", before=bytes(32))),
    "another day": ("day root", _in("root", day=date(2026, 11, 25))),
    "another life": ("day root", _in("root", life=bytes(16))),
    "another root": ("day root", _in("root", root=bytes(32))),
    "no path": ("day root", _in("root", path=[])),
    "another time of the countersignature": ("day root", _in("root", signed_at=NOW - timedelta(seconds=1))),
    "an answer of another": ("answer", _in("answer", place=1)),
    "an altered answer": ("answer", _in("answer", item=b"\x80")),
    "an altered receipt": ("answer", _in("answer", hub_time=NOW + timedelta(microseconds=1))),
    "a signer out of its time": ("answer", _in("answer", hub_time=NOW + timedelta(days=31))),
    "no signers": ("answer", lambda p: msgspec.structs.replace(p, signers={})),
    "another authority": ("answer", lambda p: msgspec.structs.replace(p, authority=pem(Authority().certificate))),
    "no authority": ("authority", lambda p: msgspec.structs.replace(p, authority="-")),
    "leaves cut short": ("place", _in("segment", leaves=b"")),
}


@pytest.mark.parametrize("name", ALTERED)
def test_a_proof_falls_with_whatever_is_changed(name: str) -> None:
    part, change = ALTERED[name]
    found = proof.check(change(_proof(Papers())))
    assert _told(found)[part] is False, found
    assert not proof.holds(found)


def test_a_signature_of_one_who_is_not_the_hub_proves_nothing() -> None:
    made, other = _proof(Papers()), Papers(authority=Authority())
    forged = _proof(other)
    found = proof.check(msgspec.structs.replace(made, answer=forged.answer, root=forged.root, signers=forged.signers))
    assert (_told(found)["answer"], _told(found)["day root"]) == (False, False)


def test_an_edges_certificate_is_no_signers_and_the_other_way_round() -> None:
    papers = Papers()
    made = _proof(papers)
    wrong = papers.authority.issue(papers.signer_key.public_key(), "urn:pishkhan:institution:H001")
    name = receipts.signer_name(x509.load_pem_x509_certificate(pem(wrong).encode()).public_bytes(Encoding.DER))
    found = proof.check(
        msgspec.structs.replace(
            _in("answer", signer=name)(made), signers={name: pem(wrong), papers.signer_name: pem(papers.signer)}
        )
    )
    assert _told(found)["answer"] is False
    assert _told(proof.check(_in("root", certificate=pem(papers.signer))(made)))["day root"] is False


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"\xff", b'{"msgid": "\xff"}', b"x" * (proof.PROOF_BYTES_MAX + 1)])
def test_what_is_no_proof_is_told(text: bytes) -> None:
    with pytest.raises(proof.ProofUnreadable):
        proof.read(text)


def test_a_newer_proof_is_told() -> None:
    with pytest.raises(proof.ProofUnreadable, match="version 2"):
        proof.read(msgspec.json.encode(msgspec.structs.replace(_proof(Papers()), version=2)))
