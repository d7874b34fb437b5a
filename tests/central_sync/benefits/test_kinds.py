"""The table of what a step can say: whole, and each word once."""

from __future__ import annotations

from collections import Counter

from central_sync.benefits.kinds import SAYS, Kind


def test_every_kind_says_what_its_values_and_figures_are():
    assert SAYS.keys() == set(Kind)


def test_no_value_has_the_name_of_a_figure():
    for says in SAYS.values():
        assert max(Counter(says.values + says.figures).values(), default=1) == 1
