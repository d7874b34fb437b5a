"""What the demo prints to try by hand: a shell can read it, and it names somebody who is covered where the hospital is."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from datetime import date

from central_sync.benefits.parameters import Rulebook
from simulator.by_hand import SignedIn, commands
from simulator.world import Terms, generate


def test_the_commands_are_good_shell_and_name_somebody_covered(terms: Mapping[str, Terms], rulebook: Rulebook) -> None:
    world = generate(20, 2, 200, 0, 0, terms)
    for place in world.hospitals:
        text = commands(world, place, SignedIn("http://127.0.0.1:7001", "key", "token", 42), rulebook, date(2026, 6, 1))
        script = text.split("In another shell:")[1]
        assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0
        [one] = [person for person in world.people if person.number in text]
        assert one.known
        assert one.covers
        assert one.region == place.region
