"""What a technician is warned of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge import health
from edge.firmware.notices import Notice, SiteState
from edge.firmware.tunnel import Leg
from edge.health import Signs

WELL = Signs(
    journal_usable=True,
    line_up=True,
    clock_right=True,
    hids_left=1000,
    certificate_days_left=300,
    free_bytes=10**10,
    workstations=1,
)


def test_when_all_is_well_nobody_is_warned() -> None:
    assert health.warnings(WELL) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"journal_usable": False}, "journal"),
        ({"line_up": False}, "line"),
        ({"clock_right": False}, "clock"),
        ({"hids_left": 3}, "3 case numbers"),
        ({"certificate_days_left": 12}, "12 days"),
        ({"certificate_days_left": -1}, "has ended"),
        ({"free_bytes": 2**20}, "1 MiB"),
        ({"workstations": 0}, "workstation add"),
        ({"full": True, "hours_left": 1.0}, "new work is refused"),
        ({"hours_left": 11.5}, "lasts 11.5 hours"),
        ({"parked": 2}, "2 transactions are parked"),
        ({"contradictions": 1}, "contradicted the journal"),
        ({"backup_days": 3}, "not backed up for 3 days"),
        ({"tunnel": Leg.CABLE}, "wan0"),
        ({"site": Notice(SiteState.UNCONFIRMED)}, "firmware confirm"),
        ({"rulebook_trouble": "bundle_older"}, "rulebook of the hub is not used (bundle_older)"),
    ],
)
def test_each_thing_that_is_wrong_has_its_sentence(change: dict, word: str) -> None:
    [sentence] = health.warnings(replace(WELL, **change))
    assert word in sentence


@pytest.mark.parametrize(
    ("change", "takes_work", "works"),
    [
        ({}, True, True),
        ({"full": True}, False, True),
        ({"full": True, "journal_usable": False}, False, True),
        ({"maintained": True}, False, True),
        ({"journal_usable": False}, False, False),
        ({"line_up": False, "hids_left": 0}, True, True),
    ],
)
def test_what_keeps_new_work_out_is_told_and_what_of_that_is_no_fault_of_the_program(
    change: dict, takes_work: bool, works: bool
) -> None:
    signs = replace(WELL, **change)
    assert (health.takes_work(signs), health.works(signs)) == (takes_work, works)


def test_the_free_space_of_a_disk_is_known(tmp_path: Path) -> None:
    assert health.free_bytes(tmp_path) > 0
