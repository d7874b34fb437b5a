"""Wine, as the tests of this folder use it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOT_STARTED = "ShellExecuteEx failed: Internal error"


class Windows:
    """A Wine of its own; paths below its drive C."""

    def __init__(self, prefix: Path) -> None:
        self.drive = prefix / "drive_c"
        self._environment = {
            **os.environ,
            "WINEPREFIX": str(prefix),
            "WINEDEBUG": "-all",
            "WINEARCH": "win64",
            "WINEDLLOVERRIDES": "mscoree,mshtml=",
        }

    def run(self, *command: str | Path, good: bool = True) -> tuple[int, str]:
        """A program to its end: exit status, and what it printed. Wine, on a busy machine, now and then cannot start one; it is asked again."""
        while NOT_STARTED in (done := self._run(*command))[1]:
            time.sleep(0.5)
        assert not good or done[0] == 0, (command, done[0], done[1][-1000:])
        return done

    def _run(self, *command: str | Path) -> tuple[int, str]:
        """What it prints goes into a file: Wine's own servers would hold a pipe open."""
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                ["wine", *command], env=self._environment, check=False, stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=110
            )  # fmt: skip
            said.seek(0)
            return done.returncode, said.read().decode(errors="replace")

    def asked(
        self, *command: str | Path, typed: str = "", folder: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Another program to its end, of those that take no file of ours for their output: Wine's own servers run by now, and hold no pipe."""
        return subprocess.run(
            ["wine", *command], cwd=folder, env=self._environment, check=False, input=typed, capture_output=True, encoding="utf-8", timeout=600
        )  # fmt: skip

    def registered(self, key: str) -> str:
        """What ``reg query`` says of a key; empty if it is not there."""
        return self.run("reg", "query", key, "/s", "/reg:64", good=False)[1]

    def end(self) -> None:
        """Everything in it."""
        subprocess.run(["wineserver", "-k"], env=self._environment, check=False, capture_output=True, timeout=30)


@contextmanager
def started(prefix: Path) -> Iterator[Windows]:
    """A fresh one, gone afterwards."""
    made = Windows(prefix)
    made.run("wineboot", "-i")
    try:
        yield made
    finally:
        made.end()
        shutil.rmtree(prefix, ignore_errors=True)
