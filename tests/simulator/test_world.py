"""The plan of a day: the same from the same seed, and made of what real programs accept."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest

from central_sync.terms import identifiers
from central_sync.terms.money import Rounding, rounded
from central_sync.wire.catalogue import BY_NUMBER
from simulator.journeys import LINES_MAX, LINES_MIN, UNKNOWN_DIAGNOSIS, VARIANTS
from simulator.people import mistyped
from simulator.world import LineFault, Terms, World, digest, generate

Places = Mapping[str, Terms]
DECIMALS = {"cn": 2, "ir": 0}


@pytest.fixture(scope="module")
def world(terms: Places) -> World:
    return generate(7, 3, 300, 6, 6, terms)


def test_the_same_seed_gives_the_same_world(world: World, terms: Places) -> None:
    assert digest(world) == digest(generate(7, 3, 300, 6, 6, terms))
    assert digest(world) != digest(generate(8, 3, 300, 6, 6, terms))


def test_the_world_does_not_depend_on_the_process_that_made_it(world: World) -> None:
    code = (
        "from datetime import date; from central_sync.rulebook import load; from simulator.terms import terms_of;"
        "from simulator.world import digest, generate;"
        "print(digest(generate(7, 3, 300, 6, 6, terms_of(load.load(), date(2026, 6, 1)))))"
    )
    root = Path(__file__).parent.parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=root,
        env={"PYTHONHASHSEED": "99", "PATH": ""},
    )
    assert done.stdout.strip() == digest(world)


def test_a_world_has_the_size_that_was_asked_for(terms: Places) -> None:
    for hospitals, patients, outages, kills in ((1, 0, 0, 0), (2, 7, 1, 0), (5, 61, 4, 9)):
        world = generate(3, hospitals, patients, outages, kills, terms)
        assert len(world.hospitals) == hospitals
        assert sum(len(one.journeys) for one in world.hospitals) == patients
        assert (len(world.outages), len(world.kills)) == (outages, kills)
    with pytest.raises(ValueError, match="at least one hospital"):
        generate(3, 0, 1, 0, 0, terms)


def test_every_identifier_passes_its_check_and_every_mistyped_one_fails(terms: Places) -> None:
    people = [person for seed in range(8) for person in generate(seed, 2, 300, 0, 0, terms).people]
    assert len(people) > 1500
    for person in people:
        assert identifiers.checked(person.kind, person.number) == person.number
        assert identifiers.checked(person.kind, mistyped(person.number)) is None


def test_bills_have_5_to_40_lines_that_add_up(world: World) -> None:
    for hospital in world.hospitals:
        for journey in hospital.journeys:
            for lines in (step.lines for step in journey.steps if step.lines):
                assert LINES_MIN <= len(lines) <= LINES_MAX
                for line in lines:
                    exact = Fraction(line.quantity) * Fraction(line.unit_price) * 10 ** DECIMALS[hospital.region]
                    assert line.amount == rounded(exact, Rounding.HALF_UP)


def test_serials_are_unique_within_a_case_and_numbers_are_in_the_catalogue(world: World) -> None:
    for hospital in world.hospitals:
        for journey in hospital.journeys:
            serials = Counter(line.serial for step in journey.steps for line in step.lines)
            assert max(serials.values(), default=1) == 1
            assert all(step.number in BY_NUMBER for step in journey.steps)
            labels = {step.label for step in journey.steps}
            assert all(step.of in labels for step in journey.steps if step.of)


def test_diagnoses_are_real_codes_of_the_regions_list(world: World, rulebook: object) -> None:
    from central_sync.rulebook import diagnoses

    for hospital in world.hospitals:
        listed = rulebook.regions[hospital.region].diagnosis_list  # type: ignore[attr-defined]
        codes = {code for journey in hospital.journeys for step in journey.steps for code in step.diagnoses}
        assert [code for code in codes if not diagnoses.exists(listed, code)] in ([], [UNKNOWN_DIAGNOSIS])
        assert len(codes) > 5


def test_some_people_are_shared_between_hospitals_and_press_on_their_caps(world: World) -> None:
    seen: dict[int, set[str]] = {}
    for hospital in world.hospitals:
        for journey in hospital.journeys:
            seen.setdefault(journey.person, set()).add(hospital.code)
    assert any(len(places) > 1 for places in seen.values())
    assert any(person.heavy for person in world.people)
    assert any(not person.covers for person in world.people)
    assert any(not person.known for person in world.people)


def test_every_variant_and_every_fault_comes_up(terms: Places) -> None:
    worlds = [generate(seed, 3, 300, 6, 6, terms) for seed in range(4)]
    variants = {j.variant for world in worlds for h in world.hospitals for j in h.journeys}
    assert variants == {*VARIANTS, "stranger"}
    assert {outage.fault for world in worlds for outage in world.outages} == set(LineFault)
    targets = {kill.target for world in worlds for kill in world.kills}
    assert {"hub", "H001", "H002", "H003"} <= targets


def test_disks_are_slow_only_if_asked_for_and_leave_the_rest_of_the_plan_alone(world: World, terms: Places) -> None:
    assert world.slow_disks == ()
    slower = generate(7, 3, 300, 6, 6, terms, slow_disks=12)
    assert len(slower.slow_disks) == 12
    assert (slower.kills, slower.outages, slower.hospitals) == (world.kills, world.outages, world.hospitals)
    assert {slow.target for slow in slower.slow_disks} <= {"hub", "H001", "H002", "H003"}


def test_a_world_can_be_kept_and_read_again(world: World) -> None:
    assert msgspec.json.decode(msgspec.json.encode(world), type=World) == world
