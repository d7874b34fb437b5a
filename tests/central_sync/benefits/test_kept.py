"""What is kept for a living object, and only as long."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from central_sync.benefits.kept import Kept, remember
from tests.central_sync.benefits.strategies import SHIPPED


def test_each_object_has_its_own_even_if_it_equals_another():
    one, other = replace(SHIPPED), replace(SHIPPED)
    kept = Kept(list)
    kept.of(one).append(1)
    assert (kept.of(one), kept.of(other)) == ([1], [])


def test_what_is_kept_goes_with_its_object():
    kept = Kept(list)
    one = replace(SHIPPED)
    kept.of(one)
    assert len(kept) == 1
    del one
    gc.collect()
    assert len(kept) == 0


def test_a_new_object_in_the_place_of_a_dead_one_has_nothing_of_it():
    kept = Kept(list)
    for _ in range(1000):
        assert kept.of(replace(SHIPPED)) == []
        kept.of(replace(SHIPPED)).append(1)


def test_a_full_mapping_begins_anew():
    known = {}
    for number in range(7):
        assert remember(known, number, -number, 3) == -number
    assert known == {6: -6}


def test_threads_that_ask_at_once_all_get_what_was_made():
    books = [replace(SHIPPED) for _ in range(50)]
    kept = Kept(dict)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda number: kept.of(books[number % 50]), range(5000)))
    assert len(kept) == 50
    assert all(one == {} for one in found)
