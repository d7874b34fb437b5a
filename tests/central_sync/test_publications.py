"""Publications: what is in force, going back, what is older, and that old versions stay usable."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from central_sync.benefits import compiled
from central_sync.benefits.bundle import versioned
from central_sync.publications import SHIPPED, PublicationError, Publications, shipped
from central_sync.rulebook.build import build
from central_sync.store.records import Publication
from central_sync.wire import bundles
from central_sync.wire.bundles import BundleRefused, Fault

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
WHOLE = shipped()
FEWER = compiled.compiled(
    versioned(replace(WHOLE.rulebook, schemes={"cn_employee": WHOLE.rulebook.schemes["cn_employee"]})), WHOLE.audit
)
BODY = bundles.squeezed(compiled.packed(FEWER))


def audited(store) -> list[tuple[str, str]]:
    with store.read() as uow:
        return [(row.actor, row.subject) for row in uow.audit.latest() if row.action == "rulebook_published"]


def test_what_was_shipped_is_what_its_folder_compiles_to():
    assert shipped() == build()


def test_the_shipped_rulebook_is_published_once_by_the_hub_itself(store):
    publications = Publications(store)
    assert publications.current(NOW) == WHOLE
    first = publications.take_shipped(NOW)
    assert publications.take_shipped(NOW + timedelta(days=1)) == first == publications.in_force(NOW)
    assert (first.version, first.number, first.shipped) == (WHOLE.version, int(NOW.timestamp()), True)
    assert publications.current(NOW) == WHOLE
    assert audited(store) == [("hub", str(first.number))]


def test_an_officers_rulebook_stays_in_force_when_the_hub_starts_again(store):
    publications = Publications(store)
    first = publications.take_shipped(NOW)
    row = publications.publish(FEWER, BODY, "cli", NOW)
    assert row.number == first.number + 1
    assert publications.take_shipped(NOW + timedelta(days=1)) == row == publications.in_force(NOW)
    assert publications.current(NOW) == FEWER


def test_what_was_shipped_can_be_taken_up_before_any_hub_has_started(store):
    publications = Publications(store)
    publications.publish(FEWER, BODY, "cli", NOW)
    publications.use(SHIPPED, "cli", NOW)
    assert publications.current(NOW) == WHOLE


def test_a_new_release_publishes_what_it_ships_after_an_older_ones(store, monkeypatch):
    publications = Publications(store)
    monkeypatch.setattr("central_sync.publications.shipped", lambda: FEWER)
    old = publications.take_shipped(NOW)
    monkeypatch.setattr("central_sync.publications.shipped", lambda: WHOLE)
    new = publications.take_shipped(NOW)
    assert new.number > old.number
    assert [old.version, new.version] == [FEWER.version, WHOLE.version]
    assert publications.loaded(old.version) == FEWER


def test_going_back_is_a_new_publication_of_the_old_version(store):
    publications = Publications(store)
    first = publications.take_shipped(NOW)
    second = publications.publish(FEWER, BODY, "cli", NOW)
    for named in (WHOLE.version[:12], WHOLE.rulebook.version, SHIPPED):
        third = publications.use(named, "cli", NOW)
        assert third.number > second.number
        assert third.version == WHOLE.version
        assert publications.in_force(NOW) == third
        second = third
    assert [row.number for row in publications.all()] == sorted(
        (row.number for row in publications.all()), reverse=True
    )
    assert publications.all()[-1] == first
    assert len(audited(store)) == 5


def test_every_version_that_was_used_can_be_computed_with_again(store):
    publications = Publications(store)
    publications.take_shipped(NOW)
    publications.publish(FEWER, BODY, "cli", NOW)
    for _ in range(2):
        assert publications.loaded(FEWER.rulebook.version) == FEWER
        assert publications.loaded(WHOLE.rulebook.version) == WHOLE
        assert publications.loaded(WHOLE.version) is publications.loaded(WHOLE.version)


@pytest.mark.parametrize("named", ["", "abc", "xyzxyz", "%" * 8, "0" * 64])
def test_a_version_that_names_none_is_refused(store, named):
    publications = Publications(store)
    publications.take_shipped(NOW)
    with pytest.raises(PublicationError):
        publications.use(named, "cli", NOW)
    with pytest.raises(PublicationError):
        publications.loaded(named)


def test_a_version_that_names_several_is_refused(store):
    publications = Publications(store)
    publications.take_shipped(NOW)
    publications.publish(FEWER, BODY, "cli", NOW)
    with pytest.raises(PublicationError, match="several"):
        publications.use(WHOLE.audit.version, "cli", NOW)


def test_a_file_that_is_older_than_what_is_in_use_is_refused_and_nothing_is_kept(store):
    publications = Publications(store)
    first = publications.take_shipped(NOW)
    for number in (1, first.number):
        with pytest.raises(BundleRefused) as refused:
            publications.publish(FEWER, BODY, "cli", NOW, number=number)
        assert refused.value.fault is Fault.OLDER
    assert publications.all() == [first]
    with pytest.raises(PublicationError):
        publications.loaded(FEWER.version)
    assert publications.publish(FEWER, BODY, "cli", NOW, number=first.number + 7).number == first.number + 7


def test_a_publication_for_later_waits(store):
    publications = Publications(store)
    first = publications.take_shipped(NOW)
    later = NOW + timedelta(hours=2)
    row = publications.publish(FEWER, BODY, "cli", NOW, later)
    assert publications.in_force(NOW) == first
    assert publications.in_force(later) == row


def test_what_waits_comes_into_force_under_a_number_that_edges_take_although_another_was_published_meanwhile(store):
    publications, later = Publications(store), NOW + timedelta(hours=2)
    publications.take_shipped(NOW)
    waits = publications.publish(FEWER, BODY, "cli", NOW, later)
    at_once = publications.use(SHIPPED, "cli", NOW + timedelta(hours=1))
    assert publications.taken_up(NOW + timedelta(hours=1)) == at_once
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda _: publications.taken_up(later), range(8)))
    (row,) = set(rows)
    assert (row.version, row.from_at, row.published_by, row.shipped) == (FEWER.version, later, "hub", False)
    assert row.number > at_once.number > waits.number
    assert publications.in_force(later) == publications.taken_up(later + timedelta(days=1)) == row
    assert len(publications.all()) == 4


def test_a_file_that_was_signed_before_what_waited_came_into_force_is_not_older(store):
    publications = Publications(store)
    publications.take_shipped(NOW)
    publications.publish(FEWER, BODY, "cli", NOW, NOW + timedelta(hours=2))
    publications.use(SHIPPED, "cli", NOW + timedelta(minutes=1))
    signed = int((NOW + timedelta(hours=1)).timestamp())
    assert publications.taken_up(NOW + timedelta(hours=2)).version == FEWER.version
    assert publications.publish(WHOLE, BODY, "cli", NOW + timedelta(hours=3), number=signed).number == signed


def test_what_waits_is_taken_back_by_another_for_the_same_instant(store):
    publications, later = Publications(store), NOW + timedelta(hours=2)
    first = publications.take_shipped(NOW)
    publications.publish(FEWER, BODY, "cli", NOW, later)
    publications.use(SHIPPED, "cli", NOW, later)
    assert publications.taken_up(NOW) == first
    assert publications.taken_up(later).version == WHOLE.version


def test_nothing_is_published_for_the_past(store):
    publications = Publications(store)
    publications.take_shipped(NOW)
    row = publications.publish(FEWER, BODY, "cli", NOW, NOW - timedelta(days=300))
    assert row.from_at == NOW
    assert publications.in_force(NOW) == row


def test_numbers_grow_also_when_the_clock_was_set_back_or_many_publish_at_once(store):
    publications = Publications(store)
    publications.take_shipped(NOW)
    earlier = NOW - timedelta(days=300)

    def published(_: int) -> Publication:
        return publications.publish(FEWER, BODY, "cli", earlier)

    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(published, range(8)))
    assert len({row.number for row in rows}) == 8
    assert min(row.number for row in rows) > int(NOW.timestamp())
