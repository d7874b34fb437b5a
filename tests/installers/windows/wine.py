"""Wine, as the tests of this folder use it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
        """A program to its end: exit status, and what it printed. Into a file: Wine's own servers would hold a pipe open."""
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                ["wine", *command], env=self._environment, check=False, stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=110
            )  # fmt: skip
            said.seek(0)
            told = said.read().decode(errors="replace")
        assert not good or done.returncode == 0, (command, done.returncode, told[-1000:])
        return done.returncode, told

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
