"""Two networks that never touch: an edge with two interfaces, each side of it in a network namespace of its own.

An address alone keeps nobody out (the kernel answers for each of its addresses on every interface); the interface does. The first
test shows that these namespaces have that hole, so that the others prove something. Needs root and the Debian package ``iproute2``;
where that is missing the tests fail.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import programs
from tests.e2e.town import INSTITUTION, MEMBER, PERSON
from tests.patience import HUNG_S

pytestmark = [pytest.mark.proof, pytest.mark.timeout(180)]

LAN, WAN, HUB = "10.81.0.2", "10.82.0.2", "10.82.0.1"
FACE, SYNC, ENROL, BARE = 7001, 7443, 7444, 7009
EDGE_TOML = f'listen = "{LAN}:{FACE}"\nlisten_device = "lan0"\nsync_device = "wan0"\n'
CONTEXT = {"institution": INSTITUTION, "operator": "op-17", "workstation": "desk-1"}
LINE_UP_S_MAX = HUNG_S


class Networks:
    """Three namespaces: ``his`` and ``hub`` each know the edge by one cable, and each sends it whatever it does not know."""

    def __init__(self, tag: str = "") -> None:
        self._names = {name: f"pk{os.getpid()}{tag}-{name}" for name in ("his", "edge", "hub")}

    def __enter__(self) -> Networks:
        if os.geteuid() != 0 or shutil.which("ip") is None:
            pytest.fail("network namespaces need root and the Debian package `iproute2`", pytrace=False)
        self.__exit__()  # what a run that was killed left under the same names
        for name in self._names.values():
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        self._cable(("his", "lan-his", "10.81.0.1/24"), ("edge", "lan0", f"{LAN}/24"))
        self._cable(("hub", "wan-hub", f"{HUB}/24"), ("edge", "wan0", f"{WAN}/24"))
        _ip("-n", self._names["his"], "route", "add", "default", "via", LAN)
        _ip("-n", self._names["hub"], "route", "add", "default", "via", WAN)
        return self

    def __exit__(self, *_: object) -> None:
        for name in self._names.values():
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)

    def _cable(self, *ends: tuple[str, str, str]) -> None:
        (a, a_device, _), (b, b_device, _) = ends
        peer = ("peer", "name", b_device, "netns", self._names[b])
        _ip("link", "add", a_device, "netns", self._names[a], "type", "veth", *peer)
        for name, device, address in ends:
            _ip("-n", self._names[name], "address", "add", address, "dev", device)
            _ip("-n", self._names[name], "link", "set", device, "up")

    def within(self, name: str, *command: str) -> list[str]:
        """The command line that runs ``command`` on that side."""
        return ["ip", "netns", "exec", self._names[name], *command]

    def reaches(self, name: str, host: str, port: int) -> bool:
        """Whether a connection from that side is taken."""
        code = f"import socket; socket.create_connection(({host!r}, {port}), 2).close()"
        tried = subprocess.run(self.within(name, sys.executable, "-c", code), check=False, capture_output=True)
        return tried.returncode == 0

    def curl(self, name: str, certificate: Path, path: str, body: dict[str, Any] | None = None, token: str = "") -> Any:
        """The JSON that the edge's face answers to a caller on that side."""
        options = ["--silent", "--show-error", "--max-time", "30", "--cacert", str(certificate)]
        options += ["--header", f"Authorization: Bearer {token}", "--header", "Content-Type: application/json"]
        options += ["--data", json.dumps(body)] if body is not None else []
        command = self.within(name, "curl", *options, f"https://{LAN}:{FACE}{path}")
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return json.loads(done.stdout)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"


@pytest.fixture(scope="module")
def networks() -> Iterator[Networks]:
    with Networks() as made:
        yield made


@pytest.fixture(scope="module")
def edge(networks: Networks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A hub on its side and an edge between both; the face's certificate and a workstation's key."""
    folder = tmp_path_factory.mktemp("networks")
    hub_folder, edge_folder = folder / "hub", folder / "edge"
    hub_folder.mkdir()
    edge_folder.mkdir(mode=0o700)
    (folder / "members.jsonl").write_text(json.dumps(MEMBER) + "\n")
    (edge_folder / "edge.toml").write_text(EDGE_TOML)
    programs.hub_command(hub_folder, "init", "--name", HUB)
    where = ("--name", "Hospital One", "--region", "ir", "--tier", "public")
    programs.hub_command(hub_folder, "hospital", "add", INSTITUTION, *where)
    programs.hub_command(hub_folder, "members", "import", str(folder / "members.jsonl"))
    code = programs.hub_command(hub_folder, "invite", INSTITUTION).stdout.strip()
    listen = ["--sync-listen", f"{HUB}:{SYNC}", "--enrol-listen", f"{HUB}:{ENROL}"]
    devices = ["--sync-device", "wan-hub", "--enrol-device", "wan-hub"]
    hub_run = [sys.executable, "-m", "central_sync", "--data", str(hub_folder), "run", *listen, *devices]
    edge_run = [sys.executable, "-m", "edge", "--data", str(edge_folder)]
    with programs._started(networks.within("hub", *hub_run), hub_folder / "hub.log"):
        enrol = networks.within("edge", *edge_run, "enrol", f"https://{HUB}:{ENROL}", code)
        subprocess.run(enrol, check=True, cwd=programs.ROOT, capture_output=True)
        key = programs.edge_command(edge_folder, "workstation", "add", "desk-1").stdout.strip()
        certificate = folder / "face.pem"
        certificate.write_text(programs.edge_command(edge_folder, "face-certificate").stdout)
        with programs._started(networks.within("edge", *edge_run, "run"), edge_folder / "edge.log") as program:
            assert program.face == f"https://{LAN}:{FACE}"
            yield certificate, key


def test_a_server_that_binds_an_address_alone_is_reached_from_the_other_network(networks: Networks) -> None:
    command = networks.within("edge", sys.executable, "-m", "http.server", "--bind", LAN, str(BARE))
    server = subprocess.Popen(command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        ends = time.monotonic() + 20
        while not networks.reaches("his", LAN, BARE):
            assert time.monotonic() < ends, "the bare server does not answer its own network"
        assert networks.reaches("hub", LAN, BARE), "without this hole the tests below prove nothing"
    finally:
        server.kill()
        server.wait()


def test_the_hospital_works_through_an_edge_on_two_interfaces(networks: Networks, edge: tuple[Path, str]) -> None:
    certificate, key = edge
    ends = time.monotonic() + LINE_UP_S_MAX
    while networks.curl("his", certificate, "/embed/v1/status")["line"] != "up":
        assert time.monotonic() < ends, "the line did not come up"
        time.sleep(0.2)
    signed_in = networks.curl("his", certificate, "/embed/v1/init", {**CONTEXT, "workstation_key": key})
    call = {"context": CONTEXT, "number": "1101", "msgid": "n-1", "packet": {"person": PERSON}}
    found = networks.curl("his", certificate, "/embed/v1/handle", call, signed_in["token"])
    assert (found["outcome"], found["answer"]["name"]) == ("final", MEMBER["name"])


@pytest.mark.usefixtures("edge")
@pytest.mark.parametrize("host", [LAN, WAN])
def test_the_hospitals_face_is_not_there_for_the_hubs_network(networks: Networks, host: str) -> None:
    assert networks.reaches("his", LAN, FACE)
    assert not networks.reaches("hub", host, FACE)


@pytest.mark.usefixtures("edge")
@pytest.mark.parametrize("port", [SYNC, ENROL])
def test_the_hub_is_not_there_for_the_hospitals_network(networks: Networks, port: int) -> None:
    assert networks.reaches("edge", HUB, port)
    assert not networks.reaches("his", HUB, port)
