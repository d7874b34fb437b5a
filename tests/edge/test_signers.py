"""Receipts at the edge: only what the hub's signer signed, of this batch, in its time, is ever recorded."""

from __future__ import annotations

import random
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from central_sync.fleet.authority import Authority
from central_sync.fleet.signer import Signer as HubSigner
from central_sync.wire import receipts
from central_sync.wire.messages import Batch, BatchAnswer, Item, ItemAnswer, Verdict
from edge import signatures, signers
from edge.errors import LineBroken, ReceiptInvalid
from edge.signers import Signers
from tests.wire_vectors import samples

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
READ = msgspec.structs.replace(samples.transaction(), number="1101", msgid="r-1")


class Hub:
    """A signer and its authority; ``asked`` counts how often its certificates were asked for."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder)
        self.authority.create([], NOW)
        self.signer = HubSigner(self.authority)
        self.signer.open(NOW)
        self.asked = 0

    async def told(self) -> bytes:
        self.asked += 1
        return self.signer.certificates()

    def known(self) -> dict[str, signatures.Signer]:
        return signatures.read(self.signer.certificates(), self.authority.pem().encode())

    def answered(self, batch: Batch, at: datetime = NOW) -> BatchAnswer:
        answers = [ItemAnswer(msgid=i.msgid, verdict=Verdict.FINAL, decided_at=NOW) for i in batch.items]
        return self.signer.signed("H01", batch, BatchAnswer(version=3, hub_time=at, answers=answers))


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(tmp_path / "authority")


def batch(*items: Item) -> Batch:
    kept: Sequence[Item] = items or [samples.transaction()]
    return Batch(version=3, institution="H01", sent_at=NOW, items=list(kept), life=bytes(range(16)))


def test_a_receipt_that_holds_tells_what_the_journal_keeps_of_it(hub: Hub) -> None:
    sent = batch(samples.transaction(), READ, samples.ask())
    answer = hub.answered(sent)
    receipt = signers.verified(sent, answer, hub.known())
    assert receipt is not None
    assert receipt.places == (0, -1, 1)
    assert receipt.texts == (receipts.text(answer.answers[0]), receipts.text(answer.answers[2]))
    assert (receipt.life, receipt.hub_time, receipt.signer) == (sent.life, NOW, hub.signer.name)


def test_a_batch_of_reads_needs_no_receipt(hub: Hub) -> None:
    assert signers.verified(batch(READ), hub.answered(batch(READ)), {}) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"signature": b""},
        {"signature": bytes(64)},
        {"signer": ""},
        {"signer": "0123456789abcdef"},
        {"hub_time": NOW + timedelta(seconds=1)},
        {"answers": [ItemAnswer(msgid="m-1", verdict=Verdict.REFUSED, code="never_applied", decided_at=NOW)]},
    ],
    ids=["no_signature", "zeros", "no_signer", "unknown_signer", "another_time", "another_answer"],
)
def test_whatever_is_not_signed_is_no_answer(hub: Hub, changed: dict[str, object]) -> None:
    answer = msgspec.structs.replace(hub.answered(batch()), **changed)
    with pytest.raises(ReceiptInvalid) as caught:
        signers.verified(batch(), answer, hub.known())
    assert isinstance(caught.value, LineBroken)
    assert caught.value.left, "the hub may have acted"
    assert caught.value.code == "receipt_invalid"


@pytest.mark.parametrize("changed", [{"institution": "H02"}, {"life": bytes(16)}, {"life": b""}])
def test_a_receipt_for_another_hospital_or_life_does_not_hold(hub: Hub, changed: dict[str, object]) -> None:
    with pytest.raises(ReceiptInvalid):
        signers.verified(msgspec.structs.replace(batch(), **changed), hub.answered(batch()), hub.known())


@pytest.mark.parametrize("days", [-1, 399])
def test_a_receipt_from_before_or_after_its_signers_time_does_not_hold(hub: Hub, days: int) -> None:
    answer = hub.answered(batch(), NOW + timedelta(days=days))
    with pytest.raises(ReceiptInvalid, match="not valid at that time"):
        signers.verified(batch(), answer, hub.known())


def test_only_signers_of_the_own_authority_are_believed(hub: Hub, tmp_path: Path) -> None:
    foreign = Hub(tmp_path / "foreign")
    authority = hub.authority.pem().encode()
    assert signatures.read(foreign.signer.certificates(), authority) == {}
    for name in ("server.pem", "authority.pem"):
        bundle = hub.authority.folder.joinpath(name).read_bytes()
        assert signatures.read(bundle, authority) == {}, "a certificate for another purpose signs nothing"
    both = foreign.signer.certificates() + hub.signer.certificates()
    assert list(signatures.read(both, authority)) == [hub.signer.name]


def test_a_damaged_certificate_of_a_signer_is_left_out(hub: Hub) -> None:
    chance = random.Random(7)
    certificate = x509.load_pem_x509_certificate(hub.signer.certificates())
    der = certificate.public_bytes(serialization.Encoding.DER)
    for place in [*range(32), *(chance.randrange(len(der)) for _ in range(300))]:
        damaged = bytearray(der)
        damaged[place] ^= chance.randrange(1, 256)
        try:
            found = signatures.read(ssl.DER_cert_to_PEM_cert(bytes(damaged)).encode(), hub.authority.pem().encode())
        except ValueError:
            continue
        assert found == {}


async def test_a_signer_is_asked_for_once_and_kept_over_a_restart(hub: Hub, tmp_path: Path) -> None:
    kept = Signers(tmp_path / "edge", lambda: hub.authority.authority_certificate, hub.told)
    kept.load()
    assert await kept.receipt(batch(), hub.answered(batch()))
    assert await kept.receipt(batch(), hub.answered(batch()))
    assert hub.asked == 1
    again = Signers(tmp_path / "edge", lambda: hub.authority.authority_certificate, hub.told)
    again.load()
    assert await again.receipt(batch(), hub.answered(batch()))
    assert hub.asked == 1
    (file,) = (tmp_path / "edge" / "signers").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


async def test_the_next_signer_of_the_hub_is_asked_for_when_it_signs(hub: Hub, tmp_path: Path) -> None:
    kept = Signers(tmp_path / "edge", lambda: hub.authority.authority_certificate, hub.told)
    old = hub.answered(batch())
    assert await kept.receipt(batch(), old)
    later = NOW + timedelta(days=380)
    hub.signer.open(later)
    assert await kept.receipt(batch(), hub.answered(batch(), later))
    assert await kept.receipt(batch(), old)
    assert hub.asked == 2


async def test_a_damaged_file_of_a_signer_is_asked_for_again(hub: Hub, tmp_path: Path) -> None:
    kept = Signers(tmp_path / "edge", lambda: hub.authority.authority_certificate, hub.told)
    await kept.receipt(batch(), hub.answered(batch()))
    (file,) = (tmp_path / "edge" / "signers").iterdir()
    file.write_bytes(b"damaged")
    kept.load()
    assert await kept.receipt(batch(), hub.answered(batch()))
    assert hub.asked == 2
