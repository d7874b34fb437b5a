"""The payer whose money the hub itself disposes of."""

from datetime import date

import pytest

from central_sync.benefits.results import Share
from central_sync.payers import Claim, Payers
from central_sync.payers.here import Here


def claim(amount=100):
    return Claim("S1", "H1", "m", date(2025, 6, 2), "CNY", Share("base", "cn_employee", "fund", amount, ()))


def test_every_share_is_paid_from_here_unless_a_driver_is_named():
    own = Here()
    payers = Payers({"fund": own})
    assert payers.of("fund") is own
    assert isinstance(payers.of("another"), Here)
    assert payers.of("another").settle(claim()) is None


def test_a_negative_share_is_our_own_mistake():
    with pytest.raises(AssertionError):
        Here().settle(claim(-1))
