"""What an institution gets of the rulebook in force: its own part, signed for it, the same from every process."""

from __future__ import annotations

import pytest

from central_sync.benefits import compiled
from central_sync.fleet.deliveries import Deliveries
from central_sync.fleet.signer import Signer
from central_sync.in_force import Current
from central_sync.publications import shipped
from central_sync.store.records import Publication
from central_sync.wire import bundles
from central_sync.wire.limits import BUNDLE_PART_BYTES_MAX
from central_sync.wire.refusals import Refused
from tests.central_sync.fleet.conftest import NOW

WHOLE = shipped()
NUMBER = 1_800_000_000


def current(number: int = NUMBER) -> Current:
    return Current(WHOLE, Publication(number, WHOLE.version, NOW, NOW, "cli", shipped=False))


@pytest.fixture
def signer(authority) -> Signer:
    authority.open()
    made = Signer(authority)
    made.open(NOW)
    return made


@pytest.fixture
def deliveries(store, fleet, signer) -> Deliveries:
    return Deliveries(store, signer, current)


def fetched(deliveries: Deliveries, institution: str) -> bytes:
    file = b""
    while True:
        part = deliveries.part(institution, len(file), NOW)
        if not part.data:
            assert len(file) == part.total
            return file
        file += part.data


def test_an_institution_gets_its_own_part_signed_for_it_alone(deliveries, fleet, rulebook):
    head, body = bundles.opened(fetched(deliveries, "H01"))
    told = head.statement
    assert (told.institution, told.region, told.number) == ("H01", "cn", NUMBER)
    assert (told.version, told.law, told.audit) == (WHOLE.version, rulebook.version, WHOLE.audit.version)
    own = compiled.unpacked(bundles.plain(body))
    assert own == compiled.cut(WHOLE, "cn", rulebook.regions["cn"].tiers[0])


def test_each_piece_says_of_which_body_it_is_and_where_that_begins(deliveries):
    part = deliveries.part("H01", 0, NOW)
    file = fetched(deliveries, "H01")
    head, body = bundles.opened(file)
    assert (part.body, part.head_bytes) == (head.statement.digest, len(file) - len(body))


def test_two_processes_of_one_hub_give_pieces_of_one_file(deliveries, store, authority, monkeypatch):
    monkeypatch.setattr("central_sync.fleet.deliveries.BUNDLE_PART_BYTES_MAX", 1_000)
    other = Signer(authority)
    other.open(NOW)
    second = Deliveries(store, other, current)
    first = deliveries.part("H01", 0, NOW)
    assert second.part("H01", 1_000, NOW).digest == first.digest
    assert first.data + second.part("H01", 1_000, NOW).data == fetched(deliveries, "H01")[:2_000]
    assert BUNDLE_PART_BYTES_MAX > 1_000


def test_hospitals_of_one_region_and_tier_share_a_body(deliveries, fleet, rulebook, monkeypatch):
    fleet.add_hospital("H02", "Second Hospital", "cn", rulebook.regions["cn"].tiers[0], NOW)
    first = bundles.opened(fetched(deliveries, "H01"))[1]
    monkeypatch.setattr("central_sync.benefits.compiled.packed", lambda _whole: pytest.fail("it is made once"))
    assert bundles.opened(fetched(deliveries, "H02"))[1] == first


def test_an_edge_is_told_of_what_is_newer_than_it_has_heard_of(deliveries):
    word = deliveries.word(NUMBER - 1)
    assert word is not None
    assert (word.number, word.rulebook) == (NUMBER, WHOLE.version)
    assert deliveries.word(NUMBER) is None


def test_behind_the_end_there_is_nothing(deliveries):
    part = deliveries.part("H01", 10**7, NOW)
    assert (part.data, part.offset) == (b"", 10**7)


@pytest.mark.parametrize("institution", ["H99", "H03"])
def test_whom_the_rulebook_does_not_know_gets_none(store, fleet, signer, institution):
    fleet.add_hospital("H03", "Third Hospital", "ir", "public", NOW)
    book = WHOLE.rulebook
    without = compiled.cut(WHOLE, "cn", "tier_3")
    assert "ir" in book.regions
    publication = current().publication
    with pytest.raises(Refused, match="institution_wrong"):
        Deliveries(store, signer, lambda: Current(without, publication)).part(institution, 0, NOW)


def test_what_is_kept_ready_is_bounded(deliveries, fleet, monkeypatch):
    monkeypatch.setattr("central_sync.fleet.deliveries.FILES_KEPT_MAX", 1)
    monkeypatch.setattr("central_sync.fleet.deliveries.BODIES_KEPT_MAX", 1)
    fleet.add_hospital("H03", "Third Hospital", "ir", "public", NOW)
    files = [fetched(deliveries, code) for code in ("H01", "H03", "H01")]
    assert files[0] == files[2] != files[1]
    assert len(deliveries._files) == len(deliveries._bodies) == 1
