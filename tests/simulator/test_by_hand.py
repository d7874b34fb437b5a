"""What the demo gives to try by hand."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from central_sync.benefits.parameters import Rulebook
from simulator.by_hand import SignedIn, commands
from simulator.world import Terms, generate
from tests.simulator.conftest import DAY


@pytest.mark.parametrize("place", [0, 1])
def test_the_commands_are_good_shell_for_a_covered_person_who_was_there_least(
    rulebook: Rulebook, terms: Mapping[str, Terms], place: int
) -> None:
    world = generate(7, 2, 60, 0, 0, terms)
    hospital = world.hospitals[place]
    text = commands(
        world, hospital, SignedIn("http://127.0.0.1:1", "key", "token", 1), rulebook, DAY, Path("cards of H001")
    )
    shell = text[text.index("FACE=") :]
    assert subprocess.run(["bash", "-n", "-c", shell], check=False).returncode == 0
    visits = Counter(visit.person for place in world.hospitals for visit in place.journeys)
    fit = [
        i for i, p in enumerate(world.people) if p.region == hospital.region and p.known and p.covers and not p.heavy
    ]
    (shown,) = [i for i, p in enumerate(world.people) if p.number in text]
    assert shown in fit
    assert visits[shown] <= min(visits[i] for i in fit if world.people[i].covers[0].to_day is None)
