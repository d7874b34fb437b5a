"""A site where updates go in: the town's edge, run from its slot under a supervisor, and a desk that goes on calling.

The supervisor is what systemd is on an appliance: it starts what the link names, again and again, and is told to restart it.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from tests import programs
from tests.e2e.town import Town
from tests.patience import HUNG_S
from tests.releases import installed

SUPERVISOR = """
import os, signal, subprocess, sys, time
link, data, listen, alive = sys.argv[1:]
child, asked = None, False
def restart(*_):
    global asked
    asked = True
    if child is not None and child.poll() is None:
        child.terminate()
signal.signal(signal.SIGHUP, restart)
def end(*_):
    restart()
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
while True:
    asked = False
    child = subprocess.Popen([link + "/pishkhan-edge", "--data", data, "run", "--listen", listen], stdout=subprocess.DEVNULL)
    open(alive, "w").close()
    child.wait()
    if not asked and os.path.exists(alive):
        os.unlink(alive)
    time.sleep(0.1)
"""
"""What systemd is for the edge: who was told to start it anew has not ended by itself."""
TRIAL_S = 3


def launcher(version: str, slot: str = "") -> dict[str, str]:
    """The edge of this tree, that calls itself ``version``."""
    script = (
        '#!/bin/sh\nhere="$(dirname "$(readlink -f "$0")")"\n'
        f'PYTHONPATH="$here:{programs.ROOT}" exec {sys.executable} -m edge "$@"\n'
    )
    return {
        "pishkhan-edge": slot or script,
        "pishkhan-0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: pishkhan\nVersion: {version}\n",
    }


CRASHES = '#!/bin/sh\ncase "$*" in *--help*) exit 0 ;; esac\nsleep 0.2\nexit 1\n'


class Site:
    """The town's edge, run from ``base`` by the supervisor; the centre's repository is the town's hub's."""

    def __init__(self, tmp_path: Path, town: Town) -> None:
        self.town = town
        self.face = urlsplit(town.edge.face).netloc
        town.edge.stop()
        self.base = installed(tmp_path / "opt", "1.0", launcher("1.0"))
        self.state = tmp_path / "update"
        self.alive = tmp_path / "alive"
        arguments = [str(self.base / "current"), str(town.edge_folder), self.face, str(self.alive)]
        self.supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISOR, *arguments])
        self.answering("1.0")

    def answering(self, version: str) -> None:
        deadline = time.monotonic() + 2 * HUNG_S
        while self.version() != version:
            assert time.monotonic() < deadline, f"{version} does not answer"
            time.sleep(0.1)

    def version(self) -> str:
        connection = http.client.HTTPConnection(self.face, timeout=HUNG_S)
        try:
            connection.request("GET", "/embed/v1/status")
            told = json.loads(connection.getresponse().read())
            return told["version"] if told["takes_work"] else ""
        except (OSError, http.client.HTTPException):
            return ""
        finally:
            connection.close()

    def update(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
        options = [
            "--base", str(self.base), "--state", str(self.state), "--trial-s", str(TRIAL_S), "--answer-s", str(HUNG_S),
            "--restart", f"kill -HUP {self.supervisor.pid}", "--alive", f"test -e {self.alive}",
        ]  # fmt: skip
        return programs.edge_command(self.town.edge_folder, "update", *options, *arguments, check=check)

    def interrupted(self) -> Interruption:
        return Interruption(self)

    def stop(self) -> None:
        self.supervisor.terminate()
        self.supervisor.wait(20)


class Interruption:
    """How long at most nothing answered, while the block ran, and how often it was looked at in vain."""

    def __init__(self, site: Site) -> None:
        self.longest_s, self.away = 0.0, 0
        self._site = site
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Interruption:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        answered = time.monotonic()
        while not self._over.is_set():
            if self._site.version():
                self.longest_s, answered = max(self.longest_s, time.monotonic() - answered), time.monotonic()
            else:
                self.away += 1
            time.sleep(0.02)
        self.longest_s = max(self.longest_s, time.monotonic() - answered)
