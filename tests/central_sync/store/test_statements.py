"""The statements that the two databases spell differently."""

from concurrent.futures import ThreadPoolExecutor

from central_sync.store import tables as t
from central_sync.store.statements import insert_missing, insert_new, next_of


def count(store, name, step):
    with store.engine.begin() as connection:
        return next_of(connection, name, step)


def test_a_counter_counts_once_for_everybody(store):
    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(lambda _: count(store, "a", 3), range(30))) == [n * 3 for n in range(1, 31)]
    assert count(store, "b", 1) == 1


def test_a_taken_key_is_told_and_changes_nothing(store):
    with store.engine.begin() as connection:
        assert insert_new(connection, t.counter, {"name": "a", "value": 1})
        assert not insert_new(connection, t.counter, {"name": "a", "value": 2})
    assert count(store, "a", 0) == 1


def test_only_missing_rows_are_inserted(store):
    with store.engine.begin() as connection:
        insert_new(connection, t.counter, {"name": "a", "value": 5})
        insert_missing(connection, t.counter, [{"name": "a", "value": 1}, {"name": "b", "value": 1}])
    assert (count(store, "a", 0), count(store, "b", 0)) == (5, 1)
