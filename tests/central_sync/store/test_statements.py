"""The statements that the two databases spell differently."""

from concurrent.futures import ThreadPoolExecutor

from central_sync.store import tables as t
from central_sync.store.statements import insert_new, next_of


def count(store, name, step):
    with store.write() as uow:
        connection = uow._connection
        return next_of(connection, name, step)


def test_a_counter_counts_once_for_everybody(store):
    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(lambda _: count(store, "a", 3), range(30))) == [n * 3 for n in range(1, 31)]
    assert count(store, "b", 1) == 1


def test_a_taken_key_is_told_and_changes_nothing(store):
    with store.write() as uow:
        connection = uow._connection
        assert insert_new(connection, t.counter, {"name": "a", "value": 1})
        assert not insert_new(connection, t.counter, {"name": "a", "value": 2})
    assert count(store, "a", 0) == 1
