"""Many lives of a program without starting Python anew for each: it is started once, behind the shim, and forks.

    with Lives(shim) as lives:
        told, status = lives.live(Plan(ends="kill"))     # status -9: it was killed
        told, status = lives.live(plan, power_s=0.01)    # the power goes after so many seconds, wherever it is

The shim's numbers hold for every life; ``kill_in`` ends one at a chosen call.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import traceback
from dataclasses import asdict
from pathlib import Path

from edge.journal import commits, fold, room
from edge.limits import SLATE_BYTES_LEAST
from edge.log import configure
from tests.faults.shim import Shim
from tests.faults.work import Plan, live
from tests.programs import ROOT

LIFE_S_MAX = 60
END = b"#"
FOLD_RECORDS, PORTION_BYTES = 64, 8_000
"""Lives are short: else few of them would fold while somebody waits, and no fold would be of more than one portion."""


class Lives:
    """The program that forks; one life at a time."""

    def __init__(self, shim: Shim) -> None:
        self._shim = shim
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Lives:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.lives", str(self._shim.folder)],
            env=os.environ | self._shim.environment(), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    def live(self, plan: Plan, power_s: float = 0.0) -> tuple[bytes, int]:
        """Run one life to its end: what it told, and its exit status (-9 or -14: it was killed)."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([asdict(plan), power_s]).encode() + b"\n")
        self._process.stdin.flush()
        told = b""
        while not (line := self._process.stdout.readline()).startswith(END):
            assert line, "the program that forks has ended"
            told += line
        return told, int(line[1:])


def serve(folder: Path) -> None:
    configure("critical")  # logs go to standard error: what is told stays alone on standard output
    room.SLATE_BYTES = SLATE_BYTES_LEAST  # a trace holds every byte of it
    commits.FOLD_RECORDS_MAX, fold.FOLD_PORTION_BYTES = FOLD_RECORDS, PORTION_BYTES
    gc.freeze()
    for line in sys.stdin.buffer:
        given, power_s = json.loads(line)
        plan = Plan(**given)
        program = live
        if plan.url:
            from tests.faults import edge_work  # what most lives do not need takes a second to load

            program = edge_work.live
        child = os.fork()
        if child == 0:
            signal.alarm(LIFE_S_MAX)
            if power_s:
                signal.setitimer(signal.ITIMER_REAL, power_s)  # nobody catches it, so the kernel ends the process
            code = 1
            try:
                asyncio.run(program(folder, plan))
                code = 0
            except BaseException:  # noqa: BLE001 -- whatever ended it is shown before the process goes
                traceback.print_exc()
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        os.write(1, b"\n" + END + f"{os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
