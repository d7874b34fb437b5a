"""A hub that settles one case and asks its payer (or judges what is marked), and dies by SIGKILL before or after its nth commit: run as a
program by the tests.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

import msgspec

from central_sync.intake import Intake
from central_sync.payers import Payers
from central_sync.publications import shipped
from central_sync.review.auditing import Auditing
from central_sync.store import Store
from central_sync.wire.messages import Batch
from simulator.insurer import Insurer
from tests.central_sync.doomed import _die_at
from tests.central_sync.hospital import NOW, RULEBOOK
from tests.central_sync.payers.conftest import driver_of
from tests.central_sync.payers.deferring import PAYER, round_of


class Told(Insurer):
    """The payer of another process, as far as its driver needs it."""

    public_key = ""
    url = ""


def main() -> None:
    order = json.loads(sys.argv[1])
    store = Store(order["url"])
    store.open()
    _die_at(store, order["commit"], order["when"])
    insurer = Told(Path(order["folder"]))
    insurer.public_key, insurer.url = order["key"], order["insurer"]  # type: ignore[misc]
    driver = driver_of(insurer)
    if order["batch"]:
        batch = msgspec.msgpack.decode(bytes.fromhex(order["batch"]), type=Batch)
        Intake(store, RULEBOOK, Payers({PAYER: driver})).take("H1", batch, NOW)
    at = datetime.fromisoformat(order["at"])
    if order["audits"]:
        Auditing(store, lambda: at, lambda: shipped().audit).run()
    else:
        round_of(store, driver, lambda: at).run()
    store.close()


if __name__ == "__main__":
    main()
