"""The payer whose money the hub itself disposes of."""

import pytest

from central_sync.payers import Payers
from central_sync.payers.here import Here
from tests.central_sync.payers.conftest import claim


def test_every_share_is_paid_from_here_unless_a_driver_is_named():
    payers = Payers({"fund": Here()})
    assert payers.apart("fund")
    assert not payers.apart("another")
    assert payers.here.settle(claim()).accepted
    assert payers.here.take_back(claim()) is None


def test_what_a_later_part_of_a_stay_gives_back_is_taken_back_and_nobody_is_asked_about_nothing():
    assert Here().settle(claim(amount=-1)).accepted
    with pytest.raises(AssertionError):
        Here().settle(claim(amount=0))
