"""The tables of cases and confirmations."""

import pytest

from central_sync.desk.lifecycle import CASE, CONFIRMATION, Confirmation, Event, Saying, State, after, reopened, said
from central_sync.wire.refusals import Refused


@pytest.mark.parametrize(("state", "event"), list(CASE))
@pytest.mark.parametrize("inpatient", [False, True])
def test_every_event_moves_a_case_or_is_refused(state, event, inpatient):
    step = CASE[state, event]
    if inpatient and (state, event) == (State.OPEN, Event.SETTLE):
        with pytest.raises(Refused, match="case_not_discharged"):
            after(state, event, inpatient=True)
    elif not inpatient and (state, event) == (State.OPEN, Event.SETTLE_PART):
        with pytest.raises(Refused, match="interim_not_possible"):
            after(state, event, inpatient=False)
    elif step.refusal:
        with pytest.raises(Refused, match=step.refusal):
            after(state, event, inpatient=inpatient)
    else:
        assert after(state, event, inpatient=inpatient) == step.to


@pytest.mark.parametrize(("state", "saying"), list(CONFIRMATION))
def test_every_saying_moves_a_confirmation_or_is_refused(state, saying):
    step = CONFIRMATION[state, saying]
    if step.refusal:
        with pytest.raises(Refused, match=step.refusal):
            said(state, saying)
    else:
        assert said(state, saying) == step.to


def test_nothing_leaves_the_states_that_are_not_in_force():
    gone = (Confirmation.ANNULLED, Confirmation.UNDONE)
    assert all(step.to in ("", state) for (state, _), step in CONFIRMATION.items() if state in gone)
    assert CONFIRMATION[Confirmation.CONFIRMED, Saying.UNDO].to == Confirmation.UNDONE


def test_what_is_reopened_can_be_settled_again():
    for inpatient in (False, True):
        assert after(reopened(inpatient=inpatient), Event.SETTLE, inpatient=inpatient) is State.SETTLED
