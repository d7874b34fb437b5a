"""The town of the end-to-end tests with its hub at the far end of a bad line: each in a network namespace, the relay between them."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests import programs
from tests.e2e.town import CALL_S_MAX, Answer, Town
from tests.line.relay import GOOD, within

EDGE, HUB = "10.83.0.1", "10.83.0.2"
SYNC, ENROL = 7443, 7444


class Cable:
    """Namespaces ``edge`` and ``hub`` and what is between them; ``with`` makes and removes all of it."""

    def __init__(self) -> None:
        self.names = {name: f"pkl{os.getpid()}-{name}" for name in ("edge", "hub")}
        self._relay: subprocess.Popen[str] | None = None

    def __enter__(self) -> Cable:
        if os.geteuid() != 0 or shutil.which("ip") is None:
            pytest.fail("network namespaces need root and the Debian package `iproute2`", pytrace=False)
        for name in self.names.values():
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ends = (self.names["edge"], "wan0", self.names["hub"], "wan1")
        self._relay = subprocess.Popen(
            [sys.executable, "-m", "tests.line.relay", *ends],
            cwd=programs.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._relay.stdout is not None
        assert self._relay.stdout.readline() == "up\n", "the relay makes its devices"
        for name, device, address in (("edge", "wan0", EDGE), ("hub", "wan1", HUB)):
            ip("-n", self.names[name], "address", "add", f"{address}/24", "dev", device)
            ip("-n", self.names[name], "link", "set", device, "up")
        return self

    def __exit__(self, *_: object) -> None:
        if self._relay is not None:
            self._relay.kill()
            self._relay.communicate()
        for name in self.names.values():
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)

    def becomes(self, **changes: Any) -> None:
        """Make the line anew: good, but for ``changes`` (see :data:`tests.line.relay.GOOD`)."""
        assert self._relay is not None
        assert self._relay.stdin is not None
        assert self._relay.stdout is not None
        self._relay.stdin.write(json.dumps(GOOD | changes) + "\n")
        self._relay.stdin.flush()
        assert self._relay.stdout.readline() == "ok\n"

    def within(self, name: str, *command: str) -> list[str]:
        """The command line that runs ``command`` in that namespace."""
        return ["ip", "netns", "exec", self.names[name], *command]


class FarTown(Town):
    """The same town; its edge and its hub meet over ``cable`` alone."""

    init_options = ("--name", HUB)

    def __init__(self, folder: Path, cable: Cable) -> None:
        super().__init__(folder)
        self.cable = cable

    def start_hub(self) -> None:
        listen = ["--sync-listen", f"{HUB}:{SYNC}", "--enrol-listen", f"{HUB}:{ENROL}"]
        command = [sys.executable, "-m", "central_sync", "--data", str(self.hub_folder), "run", *listen]
        log = self.hub_folder / f"hub-{len(list(self.hub_folder.glob('*.log')))}.log"
        self.hub = programs._started(self.cable.within("hub", *command), log)

    def start_edge(self) -> None:
        command = [sys.executable, "-m", "edge", "--data", str(self.edge_folder), "run", "--listen", "127.0.0.1:7001"]
        log = self.edge_folder / f"edge-{len(list(self.edge_folder.glob('*.log')))}.log"
        self.edge = programs._started(self.cable.within("edge", *command), log)

    def enrol(self, url: str, code: str) -> None:
        command = [sys.executable, "-m", "edge", "--data", str(self.edge_folder), "enrol", url, code]
        done = subprocess.run(
            self.cable.within("edge", *command), cwd=programs.ROOT, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        self.key = programs.edge_command(self.edge_folder, "workstation", "add", "desk-1").stdout.strip()

    def request(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        """From inside the edge's namespace: the face is on its loopback."""
        address = urlsplit(self.edge.face)
        assert address.hostname is not None
        assert address.port is not None
        where = (address.hostname, address.port)
        connection = http.client.HTTPConnection(*where, timeout=CALL_S_MAX)
        connection.sock = within(self.cable.names["edge"], lambda: socket.create_connection(where, CALL_S_MAX))
        try:
            connection.request(method, path, body, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


def ip(*arguments: str) -> None:
    """Run ``ip``; it must succeed."""
    done = subprocess.run(["ip", *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"
