"""Settles what it is given and prints the answers' bytes: run by itself it is an edge, with nothing of the hub that could be imported.

On stdin: a pickled list of (a rulebook's bundle, facts, lines, accumulators). It imports the shared packages alone.
"""

from __future__ import annotations

import pickle
import sys
from importlib.abc import MetaPathFinder

SHARED = ("central_sync.benefits", "central_sync.terms", "central_sync.wire")


class NothingOfTheHub(MetaPathFinder):
    """Refuses what an appliance does not have."""

    def find_spec(self, name, path=None, target=None):
        hub = name.startswith("central_sync.") and not name.startswith(SHARED)
        if hub or name.partition(".")[0] in ("sqlalchemy", "alembic", "psycopg", "yaml", "click", "hypothesis"):
            raise ModuleNotFoundError(f"{name} is not on an appliance")
        return


def answer(given) -> bytes:
    """The answer as bytes: every amount, reason and accumulator, in its order."""
    import msgspec

    from central_sync.benefits.bundle import unpacked
    from central_sync.benefits.settlement import settle

    body, facts, lines, before = given
    done = settle(unpacked(body), facts, lines, before)
    return msgspec.msgpack.encode(
        (
            done.total,
            done.patient,
            done.package_difference,
            done.shares,
            done.patient_trace,
            done.lines,
            [(*key, amount) for key, amount in done.deltas.items()],
        )
    )


if __name__ == "__main__":
    sys.meta_path.insert(0, NothingOfTheHub())
    for one in pickle.load(sys.stdin.buffer):
        sys.stdout.write(f"{answer(one).hex()}\n")
