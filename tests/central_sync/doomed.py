"""A hub that dies: ``python -m tests.central_sync.doomed`` forks one life of a hub for each line that it is told on stdin.

A life opens the database, takes the batches of a seeded script from a given one on, and tells each batch's answers as soon as the intake
gives them, as its port would. It dies by SIGKILL before or after its nth commit, at any moment when its parent kills it, or it
finds the disk full. All lives of a script see the same clock, so that a database after any deaths can be held against one after none.
"""

from __future__ import annotations

import json
import logging
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import msgspec
import structlog

from central_sync import limits
from central_sync.desk.settlement import settlement_id
from central_sync.intake import Intake
from central_sync.store import Store
from central_sync.store.engine import sqlite_path
from central_sync.store.holding import beside
from central_sync.terms import hid as hids
from central_sync.wire import codec
from central_sync.wire import packets as p
from central_sync.wire.limits import WIRE_VERSION
from central_sync.wire.messages import Ask, Batch, BatchAnswer, Item, Transaction, Verdict
from tests.central_sync.hospital import DAY, NOW, RULEBOOK, Hospital

GROUP_ITEMS = 4
"""Small groups: more commits to die at."""
FULL_DISK_TRIES = 2


def script(seed: int, cases: int) -> list[Batch]:
    """Batches of a hospital's work, the same for the same seed: each case in its order, the cases mixed."""
    chance = random.Random(seed)
    hospital = Hospital(None, None, "H1")  # type: ignore[arg-type] - it only forms transactions
    lanes = [list(_case(chance, hospital, hids.from_serial(serial))) for serial in range(1, cases + 1)]
    items: list[Item] = []
    while lanes:
        lane = chance.choice(lanes)
        items.append(lane.pop(0))
        if not lane:
            lanes.remove(lane)
        if chance.random() < 0.05:
            items.append(chance.choice([item for item in items if isinstance(item, Transaction)]))  # a copy
    batches = []
    while items:
        size = chance.choice((1, 3, 10, 25))
        batches.append(Batch(version=WIRE_VERSION, institution="H1", sent_at=NOW, items=items[:size]))
        items = items[size:]
    return batches


def _case(chance: random.Random, hospital: Hospital, hid: str) -> Iterator[Item]:
    def sent(number: str, request: p.Request) -> Transaction:
        return hospital.transaction(number, request, hid=hid)

    yield sent("2201", p.Registration(person=hospital.person, service_date=DAY, department="internal"))
    lines = [hospital.line(str(n), chance.randrange(1_00, 90_00)) for n in range(chance.randrange(1, 4))]
    yield sent("2204", hospital.fees(hid, *lines))
    settle = sent("2207", hospital.settle_request(hid, sum(line.amount for line in lines)))
    ask = Ask(msgid=settle.msgid, number="2207", lane=hid, digest=codec.digest("2207", _request(settle)))
    if chance.random() < 0.2:
        yield ask  # it never came: a tombstone, and the late copy is stopped
    yield settle
    if chance.random() < 0.3:
        yield ask
    match chance.randrange(4):
        case 0:
            yield sent("49", p.Confirm(original_msgid=settle.msgid, his_result=0))
        case 1:
            yield sent("49", p.Confirm(original_msgid=settle.msgid, his_result=1))
        case 2:
            name = settlement_id("H1", settle.msgid)
            yield sent("2208", p.SettleCancel(hid=hid, settlement_id=name))
        case 3:
            yield sent("2601", p.Reversal(original_msgid=settle.msgid, original_number="2207", hid=hid))


def _request(item: Transaction) -> p.Settle:
    return msgspec.msgpack.decode(item.packet, type=p.Settle)


class Nursery:
    """The forking process, from the test's side."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.central_sync.doomed"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def stop(self) -> None:
        self._process.communicate(timeout=60)

    def live(self, url: str, batches: tuple[int, int], first: int, **fate: Any) -> tuple[dict[int, BatchAnswer], str]:
        """One life: the answers it told, and how it ended. ``batches``: seed and cases of the script; ``fate``: ``commit`` and
        ``when`` (before, after), or ``kill_after_s``, or ``full_disk`` (bytes that the log may still grow).
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"url": url, "seed": batches[0], "cases": batches[1], "first": first, **fate}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        told: dict[int, BatchAnswer] = {}
        for line in self._process.stdout:
            match line.split():
                case ["answered", number, body]:
                    told[int(number)] = msgspec.msgpack.decode(bytes.fromhex(body), type=BatchAnswer)
                case ["ended", how]:
                    return told, how
        raise AssertionError("the nursery died")


# -- the other side -----------------------------------------------------------------------------------------------


def _life(order: dict[str, Any]) -> None:
    limits.GROUP_ITEMS_MAX, limits.GROUP_MS_MAX, limits.WAL_PAGES_EASY = GROUP_ITEMS, 60_000, 20
    store = Store(order["url"], serving=True)
    store.open()
    _die_at(store, order.get("commit", 0), order.get("when", ""))
    if "full_disk" in order:
        path = sqlite_path(order["url"])
        assert path is not None
        room = max(file.stat().st_size for file in (path, beside(path, "wal")) if file.exists()) + order["full_disk"]
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    intake = Intake(store, RULEBOOK)
    tries = 0
    batches = script(order["seed"], order["cases"])
    number = order["first"]
    while number < len(batches):
        answer = intake.take("H1", batches[number], NOW + timedelta(seconds=number % 60))
        if any(a.verdict is Verdict.AGAIN for a in answer.answers):
            tries += 1
            if tries == FULL_DISK_TRIES:
                os._exit(3)
            continue
        os.write(1, f"answered {number} {msgspec.msgpack.encode(answer).hex()}\n".encode())
        number += 1
    store.close()


def _die_at(store: Store, commit: int, when: str) -> None:
    writing = store._writing
    engine = writing._engine if writing is not None else store.engine
    real: Callable[[Any], None] = engine.dialect.do_commit
    counted = [0]

    def do_commit(connection: Any) -> None:
        counted[0] += 1
        if (counted[0], when) == (commit, "before"):
            os.kill(os.getpid(), signal.SIGKILL)
        real(connection)
        if (counted[0], when) == (commit, "after"):
            os.kill(os.getpid(), signal.SIGKILL)

    engine.dialect.do_commit = do_commit  # type: ignore[method-assign]


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _life(order)
            os._exit(0)
        if "kill_after_s" in order:
            time.sleep(order["kill_after_s"])
            os.kill(
                pid, signal.SIGKILL
            )  # it may have ended, but its number is not given to another before it is waited for
        _, status = os.waitpid(pid, 0)
        how = f"signal-{os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit-{os.WEXITSTATUS(status)}"
        os.write(1, f"ended {how}\n".encode())


if __name__ == "__main__":
    main()
