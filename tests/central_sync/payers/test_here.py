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


def test_a_negative_share_is_our_own_mistake():
    with pytest.raises(AssertionError):
        Here().settle(claim(amount=-1))
