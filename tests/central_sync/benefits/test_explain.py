"""A step of a trace as a sentence."""

from __future__ import annotations

from fractions import Fraction

import pytest

from central_sync.benefits.explain import percent, sentence
from central_sync.benefits.kinds import SAYS, Kind
from central_sync.benefits.results import TraceStep


@pytest.mark.parametrize(("ratio", "text"), [("9/10", "90 %"), ("0.965", "96.5 %"), ("0", "0 %"), ("1", "100 %")])
def test_a_ratio_reads_as_percent(ratio, text):
    assert percent(Fraction(ratio)) == text


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_reads_as_a_sentence_that_tells_all_its_values(kind):
    values = tuple("3/4" if name == "ratio" else f"<{name}>" for name in SAYS[kind].values)
    said = sentence(TraceStep("rule", kind, 1, wording="The wording", values=values))
    for name in SAYS[kind].values:
        assert ("75 %" if name == "ratio" else f"<{name}>") in said or name == "cap"
    assert "{" not in said


def test_what_was_taken_off_a_reason_is_told_after_it():
    band = TraceStep("r", Kind.BAND, 30, wording="Shares", values=(2, 3, "17/20"))
    later = TraceStep("s", Kind.PAID_LATER, 10, wording="the supplement")
    cap = TraceStep("c", Kind.OWN_CAP, 5, wording="The most", values=("most",))
    assert sentence(band.lessened(later).lessened(cap)) == (
        "Shares; band 2 of 3: the layer pays 85 %; less what the supplement pays; "
        "less by: The most: nothing above it is the patient's"
    )
