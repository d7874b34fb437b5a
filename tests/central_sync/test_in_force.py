"""A running process takes up what is published, whole, and keeps what it has when that cannot be loaded."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from central_sync.in_force import InForce
from central_sync.intake import Intake
from central_sync.publications import Publications
from central_sync.store import Store
from central_sync.store.records import KeptRulebook, Publication
from central_sync.wire import packets as p
from central_sync.wire.bundles import BundleRefused
from tests.central_sync.hospital import DAY, Hospital
from tests.central_sync.test_publications import BODY, FEWER, NOW, WHOLE


def opened(store, changed=lambda: None) -> InForce:
    made = InForce(Publications(store), lambda: NOW, changed)
    made.open()
    return made


def test_another_process_takes_up_what_was_published_and_is_told_once(store, url):
    told = []
    here = opened(store, lambda: told.append(1))
    assert here.current.whole == WHOLE
    other = Store(url)
    other.open()
    Publications(other).publish(FEWER, BODY, "cli", NOW)
    other.close()
    before = here.rulebook()
    here.look()
    here.look()
    assert (here.rulebook(), before) == (FEWER.rulebook, WHOLE.rulebook)
    assert len(told) == 2


def test_what_was_published_for_later_is_taken_up_when_its_time_comes(store):
    now = [NOW]
    here = InForce(Publications(store), lambda: now[0])
    here.open()
    Publications(store).publish(FEWER, BODY, "cli", NOW, NOW + timedelta(hours=1))
    here.look()
    assert here.current.whole == WHOLE
    now[0] += timedelta(hours=1)
    here.look()
    assert here.current.whole == FEWER


def test_what_waited_while_another_was_published_is_taken_up_on_its_day(store):
    now, numbers = [NOW], []
    here = InForce(Publications(store), lambda: now[0], lambda: numbers.append(here.current.publication.number))
    here.open()
    Publications(store).publish(FEWER, BODY, "cli", NOW, NOW + timedelta(hours=2))
    Publications(store).use("shipped", "cli", NOW)
    for _ in range(4):
        here.look()
        now[0] += timedelta(hours=1)
    assert here.current.whole == FEWER
    assert numbers == sorted(set(numbers)), "edges take nothing under a lower number"


def test_what_cannot_be_loaded_leaves_the_one_before(store, monkeypatch):
    monkeypatch.setattr("central_sync.in_force.RULEBOOK_LOOK_S", 0.01)
    here = opened(store)
    number = here.current.publication.number
    broken = KeptRulebook("e" * 64, "f" * 64, "d" * 64, b"no frame", NOW)
    with store.write() as uow:
        uow.rulebooks.keep(broken)
        uow.rulebooks.publish(Publication(number + 1, broken.version, NOW, NOW, "cli", shipped=False))
    with pytest.raises(BundleRefused):
        here.look()
    seen = threading.Event()
    here._changed = seen.set
    here.start()
    assert not seen.wait(0.2)
    assert here.current.whole == WHOLE
    Publications(store).publish(FEWER, BODY, "cli", NOW)
    assert seen.wait(20)
    here.stop()
    assert here.current.whole == FEWER


def test_every_item_is_made_before_a_rulebook_is_taken_up(store):
    here = opened(store)
    assert {type(region.items) for region in here.rulebook().regions.values()} == {dict}


def test_all_of_a_batch_is_decided_by_one_rulebook(store, hub):
    asked = []

    def rulebook():
        asked.append(1)
        return WHOLE.rulebook

    hospital = Hospital(store, Intake(store, rulebook), "H1")
    settled = hospital.settled()
    before = len(asked)
    hospital.take(
        *(
            hospital.transaction("2001", p.BenefitCheck(person=hospital.person, care="outpatient", service_date=DAY))
            for _ in range(3)
        )
    )
    assert len(asked) == before + 1
    assert settled.rulebook == WHOLE.rulebook.version
