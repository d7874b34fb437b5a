"""The refusals of settlements stand in the one table, each with its two sentences."""

from central_sync.wire.refusals import REFUSALS
from central_sync.wire.settlement_refusals import SETTLEMENT_REFUSALS


def test_they_are_part_of_all_refusals_and_tell_desk_and_technician_apart():
    for code, sentences in SETTLEMENT_REFUSALS.items():
        assert REFUSALS[code] is sentences
        assert sentences.desk
        assert sentences.technician
        assert sentences.desk != sentences.technician
    assert {"later_settlement_first", "interim_not_possible"} <= SETTLEMENT_REFUSALS.keys()
