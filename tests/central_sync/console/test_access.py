"""Rights by role; every page as every role is in ``test_access_table.py``."""

from __future__ import annotations

import pytest

from central_sync.console.access import GRANTED, Need, Right, Role, Stage, allowed


@pytest.mark.parametrize("role", list(Role))
def test_an_observer_changes_nothing_and_an_administrator_reads_nobodys_file(role: Role) -> None:
    assert GRANTED[role] <= set(Right)
    if role is Role.ADMINISTRATOR:
        assert not {Right.UNMASK, Right.FIND_PERSON} & GRANTED[role]
    if role is Role.OBSERVER:
        assert not {Right.TRUST, Right.ACKNOWLEDGE, Right.UNMASK, Right.FIND_PERSON} & GRANTED[role]


def test_a_half_signed_in_visitor_reaches_only_what_is_next_and_the_way_out() -> None:
    reached = {stage: {need for need in Need if allowed("administrator", stage, need)} for stage in Stage}
    assert reached[Stage.NOBODY] == {Need.ANYBODY}
    assert reached[Stage.SECOND] == {Need.ANYBODY, Need.SECOND, Need.SESSION}
    assert reached[Stage.SET_UP] == {Need.ANYBODY, Need.SET_UP, Need.SESSION}
    assert reached[Stage.WHOLE] == {Need.ANYBODY, Need.SET_UP, Need.SESSION, Need.SIGNED_IN}
