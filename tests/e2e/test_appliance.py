"""The appliance between its two networks, with everything as it is rendered from one site file: the firewall in the kernel, the tunnel, its watch.

What it needs (box.py), it fails without.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests import programs
from tests.e2e.box import (
    AGENTS,
    ENROL,
    FACE,
    FAR,
    LAN,
    NEAR,
    NETDEV,
    PROVIDER,
    SYNC,
    TOOLS,
    TRIED_S_MAX,
    WAN,
    Box,
    appliance,
    listening,
    waited_for,
)  # fmt: skip
from tests.e2e.next_key import NextKey
from tests.e2e.test_networks import CONTEXT, _ip
from tests.e2e.town import MEMBER, PERSON

pytestmark = [pytest.mark.proof, pytest.mark.timeout(420)]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if os.geteuid() != 0 or missing:
        pytest.fail(f"the appliance is proven as root, with {missing} installed", pytrace=False)
    with appliance(tmp_path_factory.mktemp("appliance")) as made:
        yield made


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
