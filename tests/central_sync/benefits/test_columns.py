"""A table is a mapping that decodes what is asked for, and forgets what nobody asks for."""

from __future__ import annotations

import pickle
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_sync.benefits import columns
from central_sync.benefits.columns import KEPT_ITEMS_MAX, Table, TableBroken, Words, encoded, offsets_of


def upper(code: str, record: bytes) -> str:
    return f"{code}={record.decode().upper()}"


def table(items: dict[str, str], decode=upper) -> Table[str]:
    codes, packed, records = encoded(items, str.encode)
    return Table(codes, offsets_of(packed, codes, records), records, decode)


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1)))
def test_a_table_is_the_dictionary_that_it_was_made_of(items):
    items = {code: text for code, text in items.items() if text.encode(errors="ignore").decode() == text}
    made = table(items, lambda _code, record: record.decode())
    assert made == items
    assert list(made) == sorted(items)
    assert all(code in made and made.get(code) == text for code, text in items.items())


def test_what_is_not_there_is_not_found():
    made = table({"b": "x", "d": "y"})
    for code in ("", "a", "c", "e", "bb"):
        assert made.get(code) is None
        assert made.get(code, "none") == "none"
        assert code not in made
        with pytest.raises(KeyError):
            made[code]
    assert 7 not in made


def test_an_item_is_decoded_once_while_it_is_in_use_and_what_is_kept_is_bounded(monkeypatch):
    monkeypatch.setattr(columns, "KEPT_ITEMS_MAX", 4)
    decoded = []

    def counted(code: str, record: bytes) -> str:
        decoded.append(code)
        return upper(code, record)

    made = table({f"{number:03d}": "x" for number in range(100)}, counted)
    for code in made:
        assert made["000"] == "000=X"
        assert made[code]
        assert len(made._fresh) + len(made._kept) <= 2 * 4
    assert decoded.count("000") == 1
    assert len(decoded) == 100
    assert KEPT_ITEMS_MAX > 1_000


def test_all_items_may_be_made_at_once():
    made = table({"b": "x", "d": "y"})
    assert made.decoded() == {"b": "b=X", "d": "d=Y"}
    assert list(made.decoded()) == ["b", "d"]
    assert table({}).decoded() == {}


def test_a_table_goes_to_another_process_whole():
    made = table({"a": "x", "b": "y"})
    assert pickle.loads(pickle.dumps(made)) == made


@pytest.mark.parametrize(
    ("offsets", "codes"),
    [
        ([0, 1], ["a", "b"]),
        ([0, 1, 3], ["a", "b"]),
        ([1, 1, 2], ["a", "b"]),
        ([0, 2, 2], ["a", "b"]),
        ([0, 3, 2], ["a", "b"]),
        ([0, 1, 2], ["b", "a"]),
        ([0, 1, 2], ["a", "a"]),
        ([], []),
    ],
)
def test_columns_that_do_not_belong_together_are_no_table(offsets, codes):
    with pytest.raises(TableBroken):
        offsets_of(array("I", offsets).tobytes(), codes, b"xy")


def test_words_are_numbered_alike_whatever_order_they_come_in():
    one, other = Words(["b", "a", "b"]), Words(["a", "b"])
    assert one.texts == other.texts == ["a", "b"]
    assert [one["a"], one["b"]] == [0, 1]
