"""How soon a hospital works again without a hand: the tunnel once the hub is back, and the desk over an update that is taken back.

Both by real programs, as their proofs run them: an appliance between two network namespaces with the rendered rules and a tunnel (root, ``wireguard-go``), whose
hub's end is killed, stays away, and returns on a machine that was never seen; and an edge under a supervisor, to which a version is offered that crashes,
while somebody at the desk asks again and again.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.figure import Figure, absolute
from tests.e2e.box import appliance, waited_for
from tests.e2e.site import CRASHES, Site, launcher
from tests.e2e.town import Town
from tests.releases import Centre

TUNNEL_BACK_S_MAX = 20.0
INTERRUPTION_S_MAX = 3.0
AWAY_S, AWAY_QUICK_S = (5.0, 20.0, 45.0), (2.0,)
"""Short, and so long that whoever looks for the hub has come to his longest pause."""
ROUNDS, ROUNDS_QUICK = 3, 1


def _tunnel_back_s(folder: Path, away_s: Iterable[float]) -> float:
    """The longest time from the hub's return until its ping is answered through the tunnel."""
    took = []
    with appliance(folder) as box:
        for pause_s in away_s:
            box.centre_down()
            waited_for(lambda: box.leg() != "up", "nobody noticed")
            time.sleep(pause_s)
            box.centre_up()
            took.append(waited_for(lambda: box.leg() == "up", "the tunnel did not come back"))
    return max(took)


def _interruption_s(folder: Path, rounds: int) -> float:
    """The longest time in which nothing answered, over updates that are taken back."""
    took = []
    with Town(folder / "town") as town:
        centre, site = Centre(town.hub_folder).opened(), Site(folder / "site", town)
        try:
            (folder / "root.json").write_bytes(centre.root)
            site.update("trust", str(folder / "root.json"))
            for number in range(rounds):
                centre.release(f"1.{number + 1}", launcher(f"1.{number + 1}", CRASHES))
                with site.interrupted() as desk:
                    done = site.update("run", "--now", check=False)
                    site.answering("1.0")
                assert done.returncode == 1, f"it was not taken back: {done.stderr}"
                took.append(desk.longest_s)
        finally:
            site.stop()
    return max(took)


def measure(*, quick: bool) -> Iterable[Figure]:
    """Each against its bound."""
    with tempfile.TemporaryDirectory() as name:
        back_s = _tunnel_back_s(Path(name), AWAY_QUICK_S if quick else AWAY_S)
    yield absolute("comeback-tunnel", max(back_s, 0.001), "s", TUNNEL_BACK_S_MAX, "from the hub's return, the longest")
    with tempfile.TemporaryDirectory() as name:
        longest_s = _interruption_s(Path(name), ROUNDS_QUICK if quick else ROUNDS)
    yield absolute("comeback-update", longest_s, "s", INTERRUPTION_S_MAX, "nobody answers the desk, the longest")
