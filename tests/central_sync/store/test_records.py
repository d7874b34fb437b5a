"""Records are plain and frozen."""

import dataclasses

import pytest

from central_sync.store import records

KINDS = [kind for kind in vars(records).values() if dataclasses.is_dataclass(kind)]


@pytest.mark.parametrize("kind", KINDS)
def test_records_are_frozen_and_slotted(kind):
    assert kind.__dataclass_params__.frozen
    assert hasattr(kind, "__slots__")


@pytest.mark.parametrize(
    ("confirmation", "in_force"), [("awaited", True), ("confirmed", True), ("annulled", False), ("undone", False)]
)
def test_a_settlement_is_in_force_until_it_went_back(confirmation, in_force):
    blank = dict.fromkeys((field.name for field in dataclasses.fields(records.Settlement)), "")
    assert records.Settlement(**{**blank, "confirmation": confirmation}).in_force is in_force
