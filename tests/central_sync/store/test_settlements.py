"""Settlements and accumulators, on both databases."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

from central_sync.benefits.facts import AccumulatorKey
from central_sync.benefits.periods import Family
from central_sync.store.settlements import pack_deltas, unpack_deltas

KEYS = [AccumulatorKey(f"member:{n}", "base", "s", "pool", 2025) for n in range(250)]


def test_deltas_come_back_as_they_were_kept():
    deltas = {KEYS[1]: 5, KEYS[0]: -3, KEYS[2]: 10**15}
    assert unpack_deltas(pack_deltas(deltas)) == deltas
    assert pack_deltas(deltas) == pack_deltas(dict(reversed(deltas.items())))


def test_many_keys_are_read_in_one_go(store):
    with store.write() as uow:
        uow.accumulators.lock(key.owner for key in KEYS)
        uow.accumulators.add(dict.fromkeys(KEYS, 7))
        uow.accumulators.add({KEYS[0]: 7}, sign=-1)
        assert uow.accumulators.read([]) == {}
        found = uow.accumulators.read(KEYS)
    assert (found[KEYS[0]], found[KEYS[249]], len(found)) == (0, 7, 250)
    with store.read() as uow:
        assert KEYS[0] not in uow.accumulators.all()


def test_whoever_locks_an_owner_has_its_next_turn(store):
    with store.write() as uow:
        assert uow.accumulators.lock(["family:1", "member:1"]) == {"family:1": 1, "member:1": 1}
        assert uow.accumulators.lock(["member:1", "member:1"]) == {"member:1": 2}
        assert uow.accumulators.lock([]) == {}
    with store.write() as uow, contextlib.suppress(ZeroDivisionError), uow.savepoint():
        uow.accumulators.lock(["member:1"])
        raise ZeroDivisionError
    with store.write() as uow:
        assert uow.accumulators.lock(["member:1"]) == {"member:1": 3}, "a turn that was undone is had by the next"


def test_owners_locked_from_both_ends_at_once_never_wait_in_a_circle(store):
    gate = threading.Barrier(6)

    def work(number):
        gate.wait()
        owners = [f"member:{n}" for n in range(12)]
        for _ in range(10):
            with store.write() as uow:
                uow.accumulators.lock(owners if number % 2 else reversed(owners[number:]))
                before = uow.accumulators.read(KEYS[11:12]).get(KEYS[11], 0)
                uow.accumulators.add({KEYS[11]: 1})
                assert uow.accumulators.read(KEYS[11:12])[KEYS[11]] == before + 1

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    with store.read() as uow:
        assert uow.accumulators.read(KEYS[11:12]) == {KEYS[11]: 60}


def test_the_tallies_of_a_family_are_found_and_what_was_met_before_chains_had_numbers(store):
    family = Family("member:1", "base", "s", "met")
    tally, before = AccumulatorKey(*family[:3], "met.2025061000", 20250610), AccumulatorKey(*family, 0)
    others = [AccumulatorKey(*family, 2025061000), AccumulatorKey(*family[:3], "metal.1", 0)]
    with store.write() as uow:
        uow.accumulators.lock(["member:1"])
        uow.accumulators.add(dict.fromkeys([tally, before, *others], 3))
        assert uow.accumulators.tallies([family]) == {tally: 3, before: 3}
