"""What is remembered of a read, for how long, and what it proves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from central_sync.wire.refusals import Refused
from edge.readers import reads as reads_module
from edge.readers.cards.identity import CardIdentity
from edge.readers.reads import Keeping, Read, Reads

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NUMBER, OTHER = "0499370899", "1111111014"
PERSON = ("ir_national_code", NUMBER)


def identity(number: str = NUMBER) -> CardIdentity:
    return CardIdentity(
        kind="ir_national_code" if number else "", number=number, card="simulated", name="Zahra", photo=b"jpeg"
    )


def read(read_id: str, at: datetime = NOON, number: str = NUMBER, *, stays: bool = False, desk: str = "ws-1") -> Read:
    return Read(
        read_id=read_id, reader="r1", desk=desk, at=at, identity=identity(number), digest=b"", stays=stays
    )  # fmt: skip


def made(**keeping: int) -> Reads:
    return Reads(b"k" * 32, Keeping(**keeping))


def refusal(reads: Reads, read_id: str, person: tuple[str, str] | None = PERSON, at: datetime = NOON) -> str:
    with pytest.raises(Refused) as caught:
        reads.check(read_id, "ws-1", person, at)
    assert NUMBER not in caught.value.detail
    return caught.value.code


def test_the_identity_is_forgotten_after_its_time_and_the_proof_later() -> None:
    reads = made(card_kept_s=120, read_good_s=600)
    reads.add(read("a"))
    last = reads.last(["r1"], "ws-1", NOON + timedelta(seconds=119))
    assert last is not None
    assert last.identity is not None
    assert last.identity.number == NUMBER
    assert last.identity.photo == b"", "a photo is never kept"
    assert reads.last(["r1"], "ws-1", NOON + timedelta(seconds=120)) is None
    assert NUMBER not in repr(vars(reads))
    assert "Zahra" not in repr(vars(reads))
    reads.check("a", "ws-1", PERSON, NOON + timedelta(seconds=599))
    assert refusal(reads, "a", at=NOON + timedelta(seconds=600)) == "card_read_stale"
    assert refusal(reads, "a", at=NOON + timedelta(days=1)) == "card_read_unknown"


def test_a_read_proves_one_person_at_one_desk() -> None:
    reads = made()
    reads.add(read("a"))
    reads.check("a", "ws-1", PERSON, NOON)
    reads.check("a", "ws-1", ("ir_national_code", "۰۴۹۹۳۷۰۸۹۹"), NOON)
    reads.check("a", "ws-1", None, NOON)
    assert refusal(reads, "a", ("ir_national_code", OTHER)) == "card_read_of_another"
    assert refusal(reads, "a", ("passport", NUMBER)) == "card_read_of_another"
    assert refusal(reads, "b") == "card_read_unknown"
    reads.add(read("c", desk="ws-2"))
    assert refusal(reads, "c") == "card_read_unknown", "what another desk has read proves nothing here"


def test_a_card_without_a_number_proves_nobodys_presence() -> None:
    reads = made()
    reads.add(read("a", number=""))
    assert refusal(reads, "a", ("ir_national_code", NUMBER)) == "card_read_nameless"
    assert refusal(reads, "a", ("", "")) == "card_read_nameless"


def test_two_reads_of_one_person_have_nothing_in_common() -> None:
    reads = made()
    assert reads.add(read("a")).digest != reads.add(read("b")).digest
    assert reads.add(read("a")).digest != Reads(b"l" * 32, Keeping()).add(read("a")).digest


def test_a_read_whose_card_must_stay_is_over_when_the_card_goes() -> None:
    reads = made()
    reads.add(read("a"))
    reads.add(read("b", stays=True))
    assert [one.read_id for one in reads.removed("r1")] == ["b"]
    assert reads.removed("r1") == []
    assert reads.removed("r2") == []
    reads.check("a", "ws-1", PERSON, NOON)
    assert refusal(reads, "b") == "card_removed"


def test_where_it_is_set_the_identity_goes_with_the_card() -> None:
    reads = Reads(b"k" * 32, Keeping(forget_on_removal=True))
    reads.add(read("a"))
    reads.removed("r1")
    assert reads.last(["r1"], "ws-1", NOON) is None
    reads.check("a", "ws-1", PERSON, NOON)


def test_a_clock_that_is_set_back_keeps_nothing_longer() -> None:
    reads = made()
    reads.add(read("a"))
    assert reads.last(["r1"], "ws-1", NOON - timedelta(seconds=1)) is not None
    assert reads.last(["r1"], "ws-1", NOON - timedelta(hours=1)) is None
    assert refusal(reads, "a", at=NOON - timedelta(hours=1)) == "card_read_stale"


def test_only_so_many_reads_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads_module, "READS_MAX", 2)
    reads = made()
    for read_id in "abc":
        reads.add(read(read_id))
    assert [reads.find(read_id, NOON) is not None for read_id in "abc"] == [False, True, True]


def test_the_last_of_several_readers_and_desks_is_the_latest_of_ones_own() -> None:
    reads = made()
    reads.add(read("a"))
    reads.add(read("b", desk="ws-2"))
    assert reads.last(["r1"], "ws-1", NOON) == reads.find("a", NOON)
    assert reads.last(["r1"], "", NOON) == reads.find("b", NOON), "the technician sees all"
    assert reads.last(["r2"], "", NOON) is None


def test_a_desk_that_reads_without_end_drives_out_its_own_reads_only() -> None:
    reads = made()
    reads.add(read("mine"))
    for n in range(3 * reads_module.READS_PER_DESK_MAX):
        reads.add(read(f"theirs-{n}", desk="ws-2"))
    reads.check("mine", "ws-1", PERSON, NOON)
    assert reads.find("theirs-0", NOON) is None
    assert reads.find(f"theirs-{3 * reads_module.READS_PER_DESK_MAX - 1}", NOON) is not None


def test_to_find_one_read_no_other_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = made(card_kept_s=120)
    reads.add(read("a"))
    monkeypatch.setattr(reads, "forget", lambda _: pytest.fail("all reads are gone through"))
    found = reads.find("a", NOON + timedelta(seconds=120))
    assert found is not None
    assert found.identity is None
    assert reads.find("a", NOON + reads_module.REMEMBERED_FOR) is None
