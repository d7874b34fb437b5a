"""Rulebooks are kept by version, found by the beginning of any of their versions, and in force by number and time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from central_sync.store.records import KeptRulebook, Publication

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
BOOK = KeptRulebook("aa11" + "0" * 60, "bb22" + "0" * 60, "cc33" + "0" * 60, b"\x00body\xff", NOW)
FIRST = Publication(10, BOOK.version, NOW, NOW, "hub", shipped=True)


def test_a_rulebook_is_kept_once_and_found_by_any_of_its_versions(store):
    other = replace(BOOK, version="aa99" + "0" * 60, body=b"other")
    with store.write() as uow:
        assert uow.rulebooks.keep(BOOK)
        assert not uow.rulebooks.keep(replace(BOOK, body=b"forged"))
        assert uow.rulebooks.keep(other)
    with store.read() as uow:
        assert uow.rulebooks.get(BOOK.version) == BOOK
        assert uow.rulebooks.get("none") is None
        assert uow.rulebooks.named("aa11") == [BOOK.version]
        assert uow.rulebooks.named("cc33") == uow.rulebooks.named("aa") == [BOOK.version, other.version]
        assert uow.rulebooks.named("ff") == []


def test_what_waits_comes_into_force_on_its_day_whatever_was_published_meanwhile(store):
    waits = replace(FIRST, number=12, from_at=NOW + timedelta(hours=2))
    meanwhile = replace(FIRST, number=13, from_at=NOW + timedelta(hours=1))
    with store.write() as uow:
        for row in (FIRST, waits, meanwhile):
            assert uow.rulebooks.publish(row)
    with store.read() as uow:
        found = [uow.rulebooks.in_force(NOW + timedelta(hours=hours)) for hours in range(3)]
        assert found == [FIRST, meanwhile, waits]
        assert uow.rulebooks.highest(NOW + timedelta(hours=2)) == meanwhile


def test_the_one_whose_time_has_come_last_is_in_force(store):
    later = replace(FIRST, number=12, from_at=NOW + timedelta(hours=1), shipped=False, published_by="cli")
    with store.write() as uow:
        assert uow.rulebooks.in_force(NOW) is None
        assert uow.rulebooks.publish(FIRST)
        assert uow.rulebooks.publish(later)
        assert not uow.rulebooks.publish(replace(later, version="other"))
    with store.read() as uow:
        assert uow.rulebooks.newest() == later
        assert uow.rulebooks.in_force(NOW) == FIRST
        assert uow.rulebooks.in_force(NOW - timedelta(seconds=1)) is None
        assert uow.rulebooks.in_force(NOW + timedelta(hours=1)) == later
        assert uow.rulebooks.publications() == [later, FIRST]
