"""A process that has loaded a program and forks for each command that is asked of it.

To load the hub's program takes two seconds of processor time, and setting a town up takes ten commands. A command that is run from here is a process of
its own with arguments, environment, folder, input and output of its own; only the loading is shared. Programs that run on (``run``) are started as
their users start them, see :mod:`tests.programs`, and so is a command while another one is being run from here.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any, Never

import click

ROOT = Path(__file__).parents[1]
STREAMS = ("in", "out", "err")
PROGRAMS = {"central_sync": ("pishkhan-hub", ()), "edge": ("pishkhan-edge", ("edge.verbs.whole",))}
"""What a program calls itself, and what else its commands load, by its package."""


class Nursery:
    """Runs commands of one program, ``module``; its process is started with the first."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        self._busy = threading.Lock()

    def run(
        self, arguments: list[str], environment: dict[str, str], typed: str, timeout_s: float
    ) -> subprocess.CompletedProcess[str] | None:
        """The command's end, as ``subprocess.run`` tells it; ``None``: busy with another one.

        Raises:
            TimeoutExpired: it did not end in time, and was killed.
        """
        if not self._busy.acquire(blocking=False):
            return None
        try:
            with tempfile.TemporaryDirectory(prefix="nursery-") as name:
                files = {stream: str(Path(name) / stream) for stream in STREAMS}
                Path(files["in"]).write_text(typed, "utf-8")
                asked = {"arguments": arguments, "environment": environment, "cwd": str(ROOT), "files": files}
                status = self._ask(asked, timeout_s)
                out, err = (Path(files[stream]).read_text("utf-8") for stream in ("out", "err"))
        finally:
            self._busy.release()
        return subprocess.CompletedProcess([self._module, *arguments], status, out, err)

    def _ask(self, asked: dict[str, Any], timeout_s: float) -> int:
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, "-m", "tests.nursery", self._module]
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
            )
            atexit.register(self._end, self._process)
        asking, telling = self._process.stdin, self._process.stdout
        assert asking is not None
        assert telling is not None
        asking.write(json.dumps(asked).encode() + b"\n")
        child = json.loads(telling.readline())
        if not select.select([telling], [], [], timeout_s)[0]:
            os.kill(child, 9)
            telling.readline()
            raise subprocess.TimeoutExpired(asked["arguments"], timeout_s)
        return int(json.loads(telling.readline()))

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        if process.stdin is not None:
            process.stdin.close()
        process.wait(20)


def main() -> None:
    """Load the program, then run what is asked on standard input, one command after the other, until it ends."""
    module = sys.argv[1]
    name, more = PROGRAMS[module]
    program = import_module(f"{module}.__main__")
    for one in more:
        import_module(one)
    gc.freeze()  # a child then looks through none of it, and so copies none
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            _become(asked)
            sys.argv = [f"{module}/__main__.py", *asked["arguments"]]
            _end_with(program.main, name)
        os.write(1, b"%d\n" % child)
        _, status = os.waitpid(child, 0)
        os.write(1, b"%d\n" % os.waitstatus_to_exitcode(status))


def _end_with(command: click.Command, name: str) -> Never:
    """Run it and leave, without taking apart what was loaded."""
    status: int | str | None = 1
    try:
        command(prog_name=name)
    except SystemExit as ended:
        status = ended.code
    except BaseException:  # noqa: BLE001 -- as the interpreter does with what nobody caught
        traceback.print_exc()
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else 0 if status is None else 1)


def _become(asked: dict[str, Any]) -> None:
    """The process that was asked for."""
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    for number, stream in enumerate(STREAMS):
        file = os.open(asked["files"][stream], os.O_RDONLY if stream == "in" else os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(file, number)
        os.close(file)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False, buffering=1)


if __name__ == "__main__":
    main()
