"""The appliance between its two networks, with everything as it is rendered from one site file: the firewall in the kernel, the tunnel, its watch.

Needs root and the Debian packages ``iproute2``, ``nftables``, ``wireguard-tools``, ``wireguard-go``, ``nmap``, ``procps``; where they are
missing the tests fail. ``wireguard-go`` plays the kernel's device, which a test machine may not have; sockets of it lie in private mounts.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests import programs
from tests.e2e.next_key import NextKey
from tests.e2e.test_networks import CONTEXT, Networks, _ip
from tests.e2e.town import INSTITUTION, MEMBER, PERSON
from tests.edge.firmware import sites
from tests.patience import HUNG_S

pytestmark = [pytest.mark.proof, pytest.mark.timeout(420)]

LAN, WAN, PROVIDER, NEAR, FAR = "10.81.0.2", "10.82.0.2", "10.82.0.1", "10.99.0.2", "10.99.0.1"
FACE, AGENTS, SYNC, ENROL = 7001, 7002, 7443, 7444
BACK_S_MAX = 2 * HUNG_S
TRIED_S_MAX = 4 * HUNG_S
NETDEV = "etc/systemd/network/30-pishkhan-hub0.netdev"
TOOLS = ("ip", "nft", "wg", "wireguard-go", "nmap", "sysctl")


class Box:
    """The appliance and both its networks; ``root`` holds its files."""

    def __init__(self, networks: Networks, folder: Path, running: ExitStack) -> None:
        self.networks = networks
        self.folder = folder
        self.root = folder / "root"
        self.edge_folder = self.root / "var/lib/pishkhan-edge"
        self.hub_folder = folder / "hub"
        self._running = running
        self.centre: subprocess.Popen[bytes] | None = None
        self.watch: subprocess.Popen[bytes]

    def alone(self, name: str, *command: str) -> list[str]:
        """``command`` on that side, with sockets of WireGuard that no other test sees."""
        script = 'mount -t tmpfs none /run/wireguard && exec "$@"'
        return self.networks.within(name, "unshare", "-m", "sh", "-c", script, "sh", *command)

    def firmware(self, *words: str) -> str:
        command = [sys.executable, "-m", "edge", "firmware", *words, "--root", str(self.root)]
        done = subprocess.run(
            self.networks.within("edge", *command), cwd=programs.ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def set_up(self) -> None:
        """The site file is applied and confirmed, and the kernel of that namespace told."""
        keys = self.root / "etc/pishkhan/keys"
        keys.mkdir(parents=True)
        public = {
            name: self._key(path) for name, path in (("edge", keys / "vpn.key"), ("hub", self.folder / "hub.key"))
        }
        self.public = public
        self.site_with(public["hub"])
        self.edge_folder.mkdir(parents=True, mode=0o700)
        self.firmware("apply", "--within", "3600")
        self.firmware("confirm")
        text = (self.edge_folder / "edge.toml").read_text()
        (self.edge_folder / "edge.toml").write_text(text.replace('appliance = "/"', f'appliance = "{self.root}"'))
        with listening(self, 8080):
            hole = {"8080/open/tcp"}
            waited_for(
                lambda: self.scan("hub", LAN, "-sS", "-p", "8080") == hole, "without this hole the scans prove nothing"
            )
        kernel = (self.root / "etc/sysctl.d/90-pishkhan.conf").read_text()
        ours = self.folder / "kernel.conf"  # the namespace's own settings; the others are the machine's that we test on
        ours.write_text("".join(line + "\n" for line in kernel.splitlines() if re.match(r"-?net\.", line)))
        subprocess.run(
            self.networks.within("edge", "sysctl", "-q", "-e", "-p", str(ours)), check=False, capture_output=True
        )
        rules = str(self.root / "etc/nftables.conf")
        subprocess.run(self.networks.within("edge", "nft", "-f", rules), check=True, capture_output=True)

    def site_with(self, public_key: str) -> None:
        """The site file, with that key at the hub's end of the tunnel."""
        (self.root / "etc/pishkhan/site.toml").write_bytes(
            sites.text(
                lan__his=["10.81.0.0/24"], lan__gateway="", lan__technicians=[], wan__gateway="", hub__name="", readers=[],
                vpn__endpoint=PROVIDER, vpn__public_key=public_key, time__servers=[FAR], lan__agents_port=AGENTS,
            )
        )  # fmt: skip

    def tried(self, public_key: str, within_s: int) -> None:
        """Another key is put in place for the hub to confirm; the watch is started anew, as systemd does."""
        self.site_with(public_key)
        self.firmware("apply", "--by-tunnel", "--within", str(within_s))
        self.watch_anew()

    def watch_anew(self) -> None:
        self.watch_down()
        self.watch = self.watch_up()

    def confirmed_with(self, public_key: str) -> bool:
        record = json.loads((self.root / "var/lib/pishkhan-firmware/record.json").read_text())
        return bool(record["confirmed"]) and public_key in (self.root / NETDEV).read_text()

    def _key(self, path: Path) -> str:
        path.write_bytes(subprocess.run(["wg", "genkey"], check=True, capture_output=True).stdout)
        path.chmod(0o600)
        return (
            subprocess.run(["wg", "pubkey"], input=path.read_bytes(), check=True, capture_output=True)
            .stdout.decode()
            .strip()
        )

    def centre_up(self) -> None:
        """The hub's end of the tunnel, on a machine that was never seen before but for its key."""
        script = (
            f"export WG_PROCESS_FOREGROUND=1; wireguard-go -f wgcentre >/dev/null & "
            f"until [ -S /run/wireguard/wgcentre.sock ]; do kill -0 $! || exit 1; sleep 0.02; done; "
            f"wg set wgcentre listen-port 51820 private-key {self.folder / 'hub.key'} peer {self.public['edge']} allowed-ips {NEAR}/32 && "
            f"ip address add {FAR}/24 dev wgcentre && ip link set wgcentre mtu 1420 up && echo up && wait"
        )
        self.centre = subprocess.Popen(
            self.alone("hub", "sh", "-c", script), stdout=subprocess.PIPE, start_new_session=True
        )
        assert self.centre.stdout is not None
        assert self.centre.stdout.readline() == b"up\n"

    def centre_down(self) -> None:
        """It is gone, without a word; so is its device, which a program that was killed keeps for some moments more."""
        assert self.centre is not None
        os.killpg(self.centre.pid, signal.SIGKILL)
        self.centre.wait()
        self.gone("hub", "wgcentre")
        if self.centre.stdout is not None:
            self.centre.stdout.close()

    def watch_up(self) -> subprocess.Popen[bytes]:
        """The watch of the tunnel; it makes the device, for nobody else does here."""
        command = self.alone("edge", sys.executable, "-m", "edge", "firmware", "watch", "--root", str(self.root))
        log = (self.folder / "watch.log").open("wb")
        return subprocess.Popen(command, cwd=programs.ROOT, stdout=log, stderr=log, start_new_session=True)

    def watch_down(self) -> None:
        """It ends, and what carries its device with it."""
        os.killpg(self.watch.pid, signal.SIGTERM)
        self.watch.wait(HUNG_S)
        self.gone("edge", "hub0")

    def gone(self, side: str, device: str) -> None:
        """Wait for the end of a device whose program was killed: the kernel keeps it for some moments more."""
        shown = ["ip", "-n", self.networks._names[side], "-o", "link", "show", "type", "tun"]
        there = f" {device}:".encode()
        waited_for(
            lambda: there not in subprocess.run(shown, check=True, capture_output=True).stdout, "the device stays"
        )

    def leg(self) -> str:
        try:
            return json.loads((self.root / "run/pishkhan/tunnel.json").read_text())["leg"]
        except FileNotFoundError:
            return "nobody watches"

    def status(self) -> dict[str, Any]:
        return self.networks.curl("his", self.certificate, "/embed/v1/status")

    def line(self) -> str:
        try:
            return self.status()["line"]
        except subprocess.CalledProcessError:
            return "not reached"

    def scan(self, name: str, host: str, *options: str) -> set[str]:
        """The ports of ``host`` that answer anything at all to somebody on that side."""
        command = [
            "nmap",
            "-n",
            "-Pn",
            "--max-retries",
            "0",
            "--max-rtt-timeout",
            "150ms",
            "-oG",
            "-",
            *options,
            host,
        ]
        done = subprocess.run(
            self.networks.within(name, *command), capture_output=True, text=True, check=True, timeout=120
        )
        return set(re.findall(r"(\d+/(?:open|closed|unfiltered)/(?:tcp|udp))", done.stdout))

    def scanned(self, name: str, host: str, served: set[str], *options: str) -> None:
        """Scans find these ports, and never another: one scan alone may miss an answer, on a machine that does other work."""
        found: set[str] = set()

        def all_of_them() -> bool:
            found.update(self.scan(name, host, *options))
            assert found <= served
            return found == served

        waited_for(all_of_them, f"no scan finds all of {served}")


def waited_for(what: Callable[[], bool], why: str, seconds: float = BACK_S_MAX) -> float:
    """Seconds until ``what`` was so."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds, why
        time.sleep(0.1)
    return time.monotonic() - began


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if os.geteuid() != 0 or missing:
        pytest.fail(f"the appliance is proven as root, with {missing} installed", pytrace=False)
    Path("/run/wireguard").mkdir(exist_ok=True)
    with Networks() as networks, ExitStack() as running:
        made = Box(networks, tmp_path_factory.mktemp("appliance"), running)
        made.set_up()
        made.centre_up()
        running.callback(made.centre_down)
        made.watch = made.watch_up()
        running.callback(made.watch_down)
        _start_programs(made, running)
        waited_for(lambda: made.line() == "up", "the line did not come up at first")
        yield made


def _start_programs(box: Box, running: ExitStack) -> None:
    box.hub_folder.mkdir()
    (box.folder / "members.jsonl").write_text(json.dumps(MEMBER) + "\n")
    programs.hub_command(box.hub_folder, "init", "--name", FAR)
    programs.hub_command(
        box.hub_folder, "hospital", "add", INSTITUTION, "--name", "Hospital One", "--region", "ir", "--tier", "public"
    )
    programs.hub_command(box.hub_folder, "members", "import", str(box.folder / "members.jsonl"))
    code = programs.hub_command(box.hub_folder, "invite", INSTITUTION).stdout.strip()
    hub = [sys.executable, "-m", "central_sync", "--data", str(box.hub_folder), "run"]
    hub += ["--sync-listen", f"0.0.0.0:{SYNC}", "--enrol-listen", f"0.0.0.0:{ENROL}"]
    running.enter_context(programs._started(box.networks.within("hub", *hub), box.folder / "hub.log"))
    waited_for(lambda: box.leg() == "up", "the tunnel did not come up at first")
    edge = [sys.executable, "-m", "edge", "--data", str(box.edge_folder)]
    enrol = box.networks.within("edge", *edge, "enrol", f"https://{FAR}:{ENROL}", code)
    done = subprocess.run(enrol, check=False, cwd=programs.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    box.key = programs.edge_command(box.edge_folder, "workstation", "add", "desk-1").stdout.strip()
    box.certificate = box.folder / "face.pem"
    box.certificate.write_text(programs.edge_command(box.edge_folder, "face-certificate").stdout)
    running.enter_context(programs._started(box.networks.within("edge", *edge, "run"), box.folder / "edge.log"))


def test_what_must_pass_passes(box: Box) -> None:
    signed_in = box.networks.curl("his", box.certificate, "/embed/v1/init", {**CONTEXT, "workstation_key": box.key})
    call = {"context": CONTEXT, "number": "1101", "msgid": "a-1", "packet": {"person": PERSON}}
    found = box.networks.curl("his", box.certificate, "/embed/v1/handle", call, signed_in["token"])
    assert (found["outcome"], found["answer"]["name"]) == ("final", MEMBER["name"])
    waited_for(lambda: box.networks.reaches("edge", FAR, SYNC), "the hub is not reached through the tunnel")


def test_a_scan_from_the_hospital_finds_the_served_ports_and_nothing_else(box: Box) -> None:
    """A program listens on every address of the box, at a port that nobody serves: it is not found either."""
    with listening(box, 8080):
        served = {f"{FACE}/open/tcp", f"{AGENTS}/open/tcp"}
        box.scanned("his", LAN, served, "-sS", "-p", f"20-1000,7000-7100,8080,{SYNC}", "--max-rate", "400")
        assert box.scan("his", LAN, "-sS", "-p-", "--min-rate", "20000") <= served, (
            "a fast one is cut by its pace besides"
        )
        assert box.scan("his", LAN, "-sU", "-p", "53,67,111,123,161,323,5353,51820") == set()
    for host in (WAN, NEAR, FAR, PROVIDER):
        assert box.scan("his", host, "-sS", "-p", f"22,80,8080,{FACE},{AGENTS},{SYNC},{ENROL}") == set(), host


def test_a_scan_from_the_hubs_side_finds_nothing(box: Box) -> None:
    with listening(box, 8080):
        for host in (WAN, NEAR):
            assert box.scan("hub", host, "-sS", "-p-", "--min-rate", "20000") == set(), host
        assert box.scan("hub", LAN, "-sS", "-p", f"22,80,8080,{FACE},{AGENTS}") == set(), "the weak host must not leak"
        assert box.scan("hub", WAN, "-sU", "-p", "53,67,111,123,161,323,5353") == set()


def test_the_kernel_tells_a_neighbour_of_no_address_on_another_card(box: Box) -> None:
    """The hub's side asks by ARP for the address of the hospital's side, as if it lay on its own cable."""
    hub = box.networks._names["hub"]
    _ip("-n", hub, "route", "add", f"{LAN}/32", "dev", "wan-hub", "src", PROVIDER)
    try:
        assert not box.networks.reaches("hub", LAN, FACE)
        told = subprocess.run(
            ["ip", "-n", hub, "neighbour", "show", LAN], check=True, capture_output=True, text=True
        ).stdout
        assert "lladdr" not in told, told
    finally:
        _ip("-n", hub, "route", "delete", f"{LAN}/32", "dev", "wan-hub")


def test_whoever_is_in_the_box_gets_no_further_than_the_hub(box: Box) -> None:
    assert not box.networks.reaches("edge", PROVIDER, SYNC), "the hub's ports are reached through the tunnel alone"
    with listening(box, 8081, "his", "10.81.0.1"):
        assert not box.networks.reaches("edge", "10.81.0.1", 8081)
        assert not box.networks.reaches("hub", "10.81.0.1", 8081), "nothing is forwarded"


def test_a_cable_that_was_pulled_and_put_back_needs_no_hand(box: Box) -> None:
    edge = box.networks._names["edge"]
    for device, gone in (("wan0", lambda: box.leg() == "cable"), ("lan0", lambda: box.line() == "not reached")):
        _ip("-n", edge, "link", "set", device, "down")
        waited_for(gone, f"nobody noticed that {device} is out")
        _ip("-n", edge, "link", "set", device, "up")
        waited_for(lambda: box.line() == "up" and box.leg() == "up", f"{device} did not come back")


def test_a_tunnel_whose_program_was_killed_is_made_again(box: Box) -> None:
    named = subprocess.run(["pgrep", "-f", "^wireguard-go -f hub0$"], capture_output=True, text=True, check=True).stdout
    mine = [int(pid) for pid in named.split() if _root_of(int(pid)) == box.networks._names["edge"]]
    assert mine, named
    for pid in mine:
        os.kill(pid, signal.SIGKILL)
    waited_for(lambda: box.leg() != "up", "nobody noticed")
    waited_for(lambda: box.leg() == "up" and box.line() == "up", "the tunnel did not come back")


def test_a_hub_that_was_replaced_is_found_again(box: Box) -> None:
    box.centre_down()
    waited_for(lambda: box.leg() in ("silent", "handshake"), "nobody noticed")
    assert "tunnel" in " ".join(box.status()["warnings"]), "a technician is told which leg is broken"
    doctor = programs.edge_command(box.edge_folder, "doctor", "--json", check=False)
    found = {row["part"]: row for row in map(json.loads, doctor.stdout.splitlines())}
    assert (doctor.returncode, found["tunnel"]["well"], found["site"]["well"]) == (1, False, True), found
    box.centre_up()
    waited_for(lambda: box.leg() == "up", "the tunnel did not come back")
    waited_for(lambda: box.line() == "up", "the line did not come back")
    assert "tunnel" not in " ".join(box.status()["warnings"])


def test_a_wrong_key_of_the_hub_goes_back_by_itself_and_the_right_next_one_stays(box: Box) -> None:
    old = box.public["hub"]
    box.tried(box._key(box.folder / "wrong.key"), within_s=8)
    waited_for(lambda: box.confirmed_with(old), "the wrong key did not go back", TRIED_S_MAX)
    box.watch_anew()  # what systemd does with what went back
    waited_for(lambda: box.leg() == "up", "the tunnel did not come back", TRIED_S_MAX)
    waited_for(lambda: box.line() == "up", "the line did not come back", TRIED_S_MAX)
    box.centre_down()
    following = box._key(box.folder / "hub.key")
    box.centre_up()
    box.tried(following, within_s=int(TRIED_S_MAX))
    waited_for(lambda: box.confirmed_with(following), "the hub did not confirm its next key", TRIED_S_MAX)
    waited_for(lambda: box.line() == "up", "the line did not come back over the next key", TRIED_S_MAX)


def test_the_hubs_next_key_is_proven_beside_the_present_one_and_gone_over_to_without_a_hand(box: Box) -> None:
    [present], following = re.findall(r"PublicKey=(\S+)", (box.root / NETDEV).read_text()), NextKey(box)
    wrong = box._key(box.folder / "stranger.key")
    right = box._key(box.folder / "next.key")
    beside = following.up(str(box.folder / "next.key"))
    try:
        following.told(present, wrong)
        trial = following.go_on()
        assert b"tunnel_unanswered" in trial.communicate(timeout=TRIED_S_MAX)[1]
        assert (trial.returncode, box.confirmed_with(present), box.line()) == (1, True, "up"), "nothing was touched"
        following.told(present, right)
        trial = following.go_on()
        waited_for(lambda: right in (box.root / NETDEV).read_text(), "it was not put on trial", TRIED_S_MAX)
        rules = str(box.root / "etc/nftables.conf")
        subprocess.run(box.networks.within("edge", "nft", "-f", rules), check=True)  # what systemd is told
        box.watch_anew()
        told = trial.communicate(timeout=200)[1]
        assert trial.returncode == 0, told
        assert box.confirmed_with(right)
        assert right in (box.root / "etc/pishkhan/site.toml").read_text()
        _ip("-n", box.networks._names["hub"], "link", "set", "wgcentre", "down")
        waited_for(lambda: box.line() == "up" and box.leg() == "up", "the key before is needed still", TRIED_S_MAX)
    finally:
        os.killpg(beside.pid, signal.SIGKILL)
        beside.communicate()


def _root_of(pid: int) -> str:
    """The network namespace in which a process lives."""
    done = subprocess.run(["ip", "netns", "identify", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip()


SERVER = "import socket, sys; s = socket.create_server((sys.argv[1], int(sys.argv[2]))); print('up', flush=True)\nwhile True: s.accept()[0].close()"


class listening:  # noqa: N801 -- used as a word
    """A program on that side that listens where nobody asked for it."""

    def __init__(self, box: Box, port: int, name: str = "edge", host: str = "0.0.0.0") -> None:
        self._command = box.networks.within(name, sys.executable, "-c", SERVER, host, str(port))

    def __enter__(self) -> None:
        self._server = subprocess.Popen(self._command, cwd="/", stdout=subprocess.PIPE)
        assert self._server.stdout is not None
        assert self._server.stdout.readline() == b"up\n"

    def __exit__(self, *_: object) -> None:
        self._server.kill()
        self._server.communicate()
