"""How the tunnel is judged, look by look."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest

from edge.firmware import defaults
from edge.firmware.tunnel import WORDS, Act, Judged, Leg, Look, Memory, Report, begun, judged, leg_of, narrower, pause_s


def look(
    at_s: float, *, cable: bool | None = True, device: bool = True, answered: bool = False, age: float | None = None
) -> Look:
    return Look(at_s, cable, device, answered, age)


def watched(memory: Memory, looks: Iterable[Look]) -> list[Judged]:
    found = []
    for one in looks:
        found.append(judged(memory, one))
        memory = found[-1].memory
    return found


GOOD = judged(begun(0), look(0, answered=True, age=1.0)).memory


def test_a_tunnel_that_answers_is_up() -> None:
    assert judged(begun(0), look(1, answered=True)).leg is Leg.UP
    assert judged(begun(0), look(100, answered=True, age=500.0)).act is Act.NOTHING


def test_one_lost_answer_is_chance() -> None:
    assert [(one.leg, one.act) for one in watched(GOOD, [look(2, age=3.0), look(4, age=5.0)])] == [
        (Leg.UP, Act.NOTHING)
    ] * 2


def test_a_silent_hub_has_its_peer_set_anew_at_growing_pauses_and_then_the_device() -> None:
    found = watched(GOOD, [look(float(at), age=20.0) for at in range(2, 80)])
    acts = [(one.act, at) for at, one in zip(range(2, 80), found, strict=True) if one.act is not Act.NOTHING]
    assert acts[:4] == [(Act.RESET, 6), (Act.RESET, 11), (Act.RESET, 21), (Act.REMAKE, 36)]
    assert {one.leg for one in found[5:]} == {Leg.SILENT}
    gaps = [later[1] - earlier[1] for earlier, later in pairwise(acts)]
    assert max(gaps) <= defaults.TUNNEL_RESET_PAUSE_S_MAX, "the tunnel is back within 20 s of the hub's return"


def test_after_it_worked_the_ladder_begins_anew() -> None:
    tired = watched(GOOD, [look(float(at)) for at in range(2, 60)])[-1].memory
    rested = judged(tired, look(60, answered=True)).memory
    assert (tired.tries > 3, rested.tries) == (True, 0)
    assert [one.act for one in watched(rested, [look(62), look(67)])] == [Act.NOTHING, Act.RESET]


def test_a_hub_that_never_answers_pings_is_judged_by_handshakes_alone() -> None:
    assert judged(begun(0), look(50, age=100.0)).leg is Leg.UP
    late = judged(begun(0), look(50, age=defaults.TUNNEL_HANDSHAKE_S_MAX + 1.0))
    assert (late.leg, late.act) == (Leg.HANDSHAKE, Act.RESET)


def test_a_device_that_is_gone_is_made_again() -> None:
    found = watched(GOOD, [look(2, device=False), look(7, device=False), look(8, device=False), look(13, device=False)])
    assert [one.leg for one in found] == [Leg.DEVICE] * 4
    assert [one.act for one in found] == [Act.NOTHING, Act.REMAKE, Act.NOTHING, Act.REMAKE]


def test_while_the_cable_is_out_nothing_is_done_and_afterwards_the_tunnel_has_its_time() -> None:
    found = watched(GOOD, [look(float(at), cable=False) for at in (2, 10, 60)])
    assert {(one.leg, one.act) for one in found} == {(Leg.CABLE, Act.NOTHING)}
    assert judged(found[-1].memory, look(62, age=300.0)).act is Act.NOTHING
    assert judged(GOOD, look(2, cable=None, answered=True)).leg is Leg.UP


def test_pauses_grow_to_their_bound_and_sizes_shrink_to_theirs() -> None:
    assert [pause_s(tries) for tries in (1, 2, 3, 100)] == [5, 10, 15, 15]
    assert [narrower(size) for size in (1500, 1420, 1400, 1300, 1280, 1000)] == [1420, 1380, 1380, 1280, 1280, 1280]


@pytest.mark.parametrize(
    ("at", "leg"), [(100.0, Leg.SILENT), (129.0, Leg.SILENT), (131.0, Leg.UNWATCHED), (60.0, Leg.UNWATCHED)]
)
def test_an_old_report_or_one_from_the_future_says_that_nobody_watches(at: float, leg: Leg) -> None:
    assert leg_of(Report(at=100.0, leg=Leg.SILENT), at) is leg
    assert leg_of(None, at) is Leg.UNWATCHED


def test_every_leg_but_up_has_words() -> None:
    assert set(WORDS) == set(Leg) - {Leg.UP}
