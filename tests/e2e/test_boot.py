"""The appliance boots: real systemd, networkd, udev and the kernel's own WireGuard, in a virtual machine between the hospital's network and the hub's.

Made as the page on the appliance says: a Debian, our package, a site file, ``firmware apply``, a reboot, ``firmware confirm``, enrolment. After that nobody
lays a hand on it: it is rebooted, its power fails, its parts hang, and it must be back with every transaction that it has taken.

Half an hour, more on a machine that does other work: soak. Needs root and the Debian packages ``mmdebstrap``, ``qemu-system-x86``, ``e2fsprogs``,
``wireguard-go``. ``BOOT_DEBIAN`` names a file to keep the Debian in, for the next time.
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
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from installers import build, freeze, packages
from tests import programs
from tests.e2e import machine
from tests.e2e.box import ENROL, FAR, PROVIDER, SYNC, Box, waited_for
from tests.e2e.next_key import Beside
from tests.e2e.test_networks import CONTEXT, LAN, Networks, _ip
from tests.e2e.town import INSTITUTION, MEMBER, PERSON, VISIT
from tests.edge.firmware import sites
from tests.installers.test_debian import _mirror

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7200)]

DATA = "/var/lib/pishkhan-edge"
BACK_S_MAX = 900
"""Until it works again: a box that is played takes a minute for what a real one does in five seconds."""
WITHIN_S = 1800
TOOLS = ("ip", "wg", "wireguard-go", "mmdebstrap", "qemu-system-x86_64", "mke2fs", "curl")
UNITS = (
    "nftables", "systemd-networkd", "systemd-resolved", "chrony", "pishkhan-tunnel", "pishkhan-firmware-settle", "pishkhan-update-settle", "pishkhan-update.timer",
    "pishkhan-tunnel-next.path",
    "pishkhan-edge",
)  # fmt: skip
"""What the page says to enable."""


class Appliance(Box):
    """The box in its machine; the hospital and the hub on either side of it are ours."""

    def __init__(self, networks: Networks, folder: Path, running: ExitStack, say: Any) -> None:
        super().__init__(networks, folder, running)
        self.say = say
        self.machine = machine.Machine(folder, networks.within("edge"), say)
        self._last = 0

    def cables(self) -> None:
        """The two cables end in the machine and no longer in the namespace between."""
        edge = self.networks._names["edge"]
        for name in machine.CARDS:
            _ip("-n", edge, "address", "flush", "dev", f"{name}0")
            _ip("-n", edge, "link", "add", f"br-{name}", "type", "bridge")
            _ip("-n", edge, "tuntap", "add", "mode", "tap", "name", f"tap-{name}")
            for device in (f"{name}0", f"tap-{name}"):
                _ip("-n", edge, "link", "set", device, "master", f"br-{name}")
            for device in (f"tap-{name}", f"br-{name}"):
                _ip("-n", edge, "link", "set", device, "up")

    def install(self, package: Path, debian: Path) -> None:
        """What stands on the disk before power comes for the first time."""
        root = machine.unpacked(debian, self.folder / "root", package)
        keys = root / "etc/pishkhan/keys"
        keys.mkdir(parents=True)
        self.public = {
            name: self._key(path) for name, path in (("edge", keys / "vpn.key"), ("hub", self.folder / "hub.key"))
        }
        (root / "etc/pishkhan/site.toml").write_bytes(self.site())
        machine.enable(root, *UNITS)
        self.machine.made_of(root)
        shutil.rmtree(root)

    def site(self, **changes: Any) -> bytes:
        """The site file."""
        said = {
            "lan__mac": machine.CARDS["lan"], "wan__mac": machine.CARDS["wan"], "lan__his": ["10.81.0.0/24"], "lan__gateway": "", "lan__technicians": [],
            "wan__gateway": "", "hub__name": "", "readers": [], "vpn__endpoint": PROVIDER, "vpn__public_key": self.public["hub"], "time__servers": [FAR],
        }  # fmt: skip
        return sites.text(**(said | changes))

    def hub_up(self) -> None:
        """The hub, at its end of the tunnel."""
        hub = [sys.executable, "-m", "central_sync", "--data", str(self.hub_folder), "run"]
        hub += ["--sync-listen", f"0.0.0.0:{SYNC}", "--enrol-listen", f"0.0.0.0:{ENROL}"]
        self.hub = self._running.enter_context(
            programs._started(self.networks.within("hub", *hub), self.folder / "hub.log")
        )

    def own(self, words: str) -> str:
        """A verb of the edge, as its account."""
        return self.machine.told(f"runuser -u pishkhan-edge -- pishkhan-edge --data {DATA} {words}")

    def line(self) -> str:
        try:
            return self.status()["line"]
        except (subprocess.CalledProcessError, json.JSONDecodeError):
            return "not reached"

    def post(self, path: str, **fields: Any) -> Any:
        return self.networks.curl(
            "his", self.certificate, f"/embed/v1/{path}", {"context": CONTEXT, **fields}, self.token
        )

    def sign_in(self) -> None:
        self.token = ""
        self.token = self.networks.curl(
            "his", self.certificate, "/embed/v1/init", {**CONTEXT, "workstation_key": self.key}
        )["token"]

    def handle(self, number: str, packet: Any) -> tuple[str, dict[str, Any]]:
        """Its msgid, and the answer."""
        self._last += 1
        msgid = f"b-{self._last}"
        return msgid, self.post("handle", number=number, msgid=msgid, packet=packet, deadline_ms=20_000)

    def waiting(self, hid: str, today: str) -> list[str]:
        """Fees that the box takes while the hub is away."""
        taken = []
        for serial in range(self._last + 2, self._last + 6):
            lines = [{"serial": str(serial), "service_date": today, **VISIT}]
            msgid, answer = self.handle("2204", {"hid": hid, "currency": "IRR", "lines": lines})
            assert answer["outcome"] == "provisional", answer
            taken.append(msgid)
        return taken

    def final(self, msgids: list[str]) -> bool:
        self.sign_in()
        told = [self.post("query", original_msgid=msgid) for msgid in msgids]
        return all((one.get("answer") or {}).get("outcome") == "final" for one in told)

    def works(self) -> bool:
        return self.line() == "up"


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of two packages of one frozen edge, the second with the next version."""
    folder = tmp_path_factory.mktemp("packed")
    build.build_program("edge", "0.1.0", folder, folder / "frozen", ("deb",))
    frozen = folder / "frozen/edge/made/pishkhan-edge"
    packages.pack(freeze.EDGE, frozen, "0.1.1", "x86_64", "deb", folder)
    return folder


@pytest.fixture(scope="module")
def box(packed: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Appliance]:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if os.geteuid() != 0 or missing:
        pytest.fail(f"a boot is proven as root, with {missing} installed", pytrace=False)
    began = time.monotonic()
    captured = request.config.pluginmanager.getplugin("capturemanager")

    def say(what: str) -> None:
        with captured.global_and_fixture_disabled():
            sys.stdout.write(f"{time.monotonic() - began:6.0f} s  {what}\n")
            sys.stdout.flush()

    Path("/run/wireguard").mkdir(exist_ok=True)
    folder = tmp_path_factory.mktemp("boot")
    with Networks() as networks, ExitStack() as running:
        made = Appliance(networks, folder, running, say)
        made.cables()
        debian = machine.debian(Path(os.environ.get("BOOT_DEBIAN", folder / "debian.tar")), _mirror())
        made.install(packed / "pishkhan-edge_0.1.0_amd64.deb", debian)
        made.machine.stick(packed / "pishkhan-edge_0.1.1_amd64.deb")
        say("the disk is made")
        made.centre_up()
        running.callback(made.centre_down)
        _centre(made)
        running.callback(made.machine.power_cut)
        made.machine.switch_on()
        _set_up(made)
        yield made


def _centre(box: Appliance) -> None:
    box.hub_folder.mkdir()
    (box.folder / "members.jsonl").write_text(json.dumps(MEMBER) + "\n")
    programs.hub_command(box.hub_folder, "init", "--name", FAR)
    where = ("--name", "Hospital One", "--region", "ir", "--tier", "public")
    programs.hub_command(box.hub_folder, "hospital", "add", INSTITUTION, *where)
    programs.hub_command(box.hub_folder, "members", "import", str(box.folder / "members.jsonl"))
    box.hub_up()


def _set_up(box: Appliance) -> None:
    """What a technician types, in the order of the page."""
    vm = box.machine
    vm.told(
        "chgrp systemd-network /etc/pishkhan/keys/vpn.key && chmod 0640 /etc/pishkhan/keys/vpn.key && chmod 0755 /etc/pishkhan/keys"
    )
    assert "is there" in vm.told("pishkhan-edge firmware check")
    vm.told(f"pishkhan-edge firmware apply --within {WITHIN_S}")
    box.say("applied; reboot")
    vm.reboot()
    vm.told("pishkhan-edge firmware confirm")
    vm.until("pishkhan-edge firmware tunnel", "the tunnel did not come up", BACK_S_MAX)
    box.say("the tunnel is up")
    code = programs.hub_command(box.hub_folder, "invite", INSTITUTION).stdout.strip()
    box.own(f"enrol https://{FAR}:{ENROL} {code}")
    box.key = box.own("workstation add desk-1").splitlines()[-1]
    vm.told("systemctl start pishkhan-edge", seconds=BACK_S_MAX)
    box.certificate = box.folder / "face.pem"
    box.certificate.write_text(box.own("face-certificate") + "\n")
    waited_for(box.works, "the line did not come up", BACK_S_MAX)
    box.say("it works")


@pytest.fixture(scope="module")
def case(box: Appliance) -> tuple[str, str]:
    """A case that is open, and the day of its services."""
    box.sign_in()
    today = box.machine.told("TZ=Asia/Tehran date +%F")
    _, answer = box.handle("2201", {"person": PERSON, "service_date": today, "department": "internal"})
    assert answer["outcome"] == "final", answer
    return answer["answer"]["hid"], today


def stands(box: Appliance) -> None:
    """Everything is as the site file says, in the system's own words."""
    vm = box.machine
    told = vm.told("for card in lan0 wan0 hub0; do ip -o -4 address show $card; done")
    assert re.findall(r"inet (\S+)", told) == [f"{LAN}/24", "10.82.0.2/24", "10.99.0.2/24"], told
    assert "wireguard" in vm.told("ip -d link show hub0"), "made by the kernel"
    assert vm.told("pgrep -c wireguard-go", good=False) == "0"
    assert vm.told("nft list ruleset | grep -c 'policy drop'") == "3"
    kernel = vm.told("cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/lan0/arp_ignore")
    assert kernel.split() == ["0", "1"]
    for unit in ("pishkhan-edge", "pishkhan-tunnel", "nftables", "systemd-networkd"):
        vm.until(f"systemctl is-active {unit}", f"{unit} is not active", BACK_S_MAX)
    assert vm.told("systemctl --failed --no-legend --plain") == ""


def test_a_box_that_was_set_up_by_the_page_works(box: Appliance, case: tuple[str, str]) -> None:
    stands(box)
    assert box.machine.told("pishkhan-edge firmware tunnel").startswith("The tunnel is up")
    assert box.machine.told("stat -c %U /proc/$(systemctl show -P MainPID pishkhan-edge)") == "pishkhan-edge"
    assert case[0], "a patient is registered"


def test_after_a_reboot_it_is_back_without_a_hand_and_has_kept_what_waits(
    box: Appliance, case: tuple[str, str]
) -> None:
    box.hub.stop()
    waited_for(lambda: box.line() == "down", "it did not notice that the hub is away", BACK_S_MAX)
    taken = box.waiting(*case)
    box.machine.reboot()
    waited_for(lambda: box.line() == "down", "the desk is not served after the reboot", BACK_S_MAX)
    box.hub_up()
    waited_for(box.works, "the line did not come back", BACK_S_MAX)
    waited_for(lambda: box.final(taken), "what waited did not arrive", BACK_S_MAX)
    stands(box)


def test_after_a_power_cut_nothing_that_was_taken_is_lost(box: Appliance, case: tuple[str, str]) -> None:
    box.hub.stop()
    waited_for(lambda: box.line() == "down", "it did not notice that the hub is away", BACK_S_MAX)
    box.sign_in()
    taken = box.waiting(*case)
    box.machine.power_cut()
    box.say("the power is cut")
    box.hub_up()
    box.machine.switch_on()
    waited_for(box.works, "the line did not come back", BACK_S_MAX)
    waited_for(lambda: box.final(taken), "what waited did not arrive", BACK_S_MAX)
    stands(box)


def test_a_configuration_that_nobody_confirms_goes_back_by_itself(box: Appliance) -> None:
    vm = box.machine
    stood = vm.told("nft list ruleset | sha256sum; sha256sum /etc/nftables.conf")
    (box.folder / "site.toml").write_bytes(box.site(lan__his=["10.81.0.128/25"]))
    text = (box.folder / "site.toml").read_text()
    vm.told(f"cp /etc/pishkhan/site.toml /var/tmp/kept.toml; cat > /etc/pishkhan/site.toml <<'EOF'\n{text}\nEOF")
    vm.told("pishkhan-edge firmware apply --within 30")
    assert "10.81.0.128/25" in vm.told("nft list ruleset")
    assert not box.networks.reaches("his", LAN, 7001), "the hospital is shut out, as the new file says"
    vm.until("test ! -e /var/lib/pishkhan-firmware/unconfirmed", "it did not go back", BACK_S_MAX)
    vm.told("cp /var/tmp/kept.toml /etc/pishkhan/site.toml")
    assert vm.told("sha256sum /etc/nftables.conf") in stood
    waited_for(box.works, "the hospital is still shut out", BACK_S_MAX)
    assert "10.81.0.128/25" not in vm.told("nft list ruleset")


def test_a_tunnel_that_is_gone_is_made_again_and_an_edge_that_hangs_is_started_again(box: Appliance) -> None:
    vm = box.machine
    vm.told("ip link delete hub0")
    vm.until("pishkhan-edge firmware tunnel", "the tunnel was not made again", BACK_S_MAX)
    before = int(vm.told("systemctl show -P NRestarts pishkhan-edge"))
    vm.told("systemctl kill -s STOP --kill-whom=main pishkhan-edge")
    vm.until(
        f'test "$(systemctl show -P NRestarts pishkhan-edge)" -gt {before}', "the watchdog let it hang", BACK_S_MAX
    )
    waited_for(box.works, "it did not come back", BACK_S_MAX)


def test_an_upgrade_by_the_package_keeps_what_waits_and_starts_again(box: Appliance, case: tuple[str, str]) -> None:
    vm = box.machine
    box.hub.stop()
    waited_for(lambda: box.line() == "down", "it did not notice that the hub is away", BACK_S_MAX)
    box.sign_in()
    taken = box.waiting(*case)
    assert vm.told("readlink /opt/pishkhan/current") == "releases/0.1.0"
    vm.told("mount -r /dev/vdb /mnt && dpkg -i /mnt/*.deb", seconds=BACK_S_MAX)
    assert vm.told("readlink /opt/pishkhan/current") == "releases/0.1.1"
    box.hub_up()
    waited_for(box.works, "the line did not come back", BACK_S_MAX)
    waited_for(lambda: box.final(taken), "what waited did not arrive", BACK_S_MAX)
    stands(box)


def test_the_hubs_next_key_is_heard_of_drilled_and_gone_over_to_by_the_units_alone(box: Appliance) -> None:
    vm, beside = box.machine, Beside(box)
    unit = "pishkhan-tunnel-next"
    present, wrong = box.public["hub"], box._key(box.folder / "stranger.key")
    right = box._key(box.folder / "next.key")
    vm.told(f"cat > /var/tmp/root.json <<'EOF'\n{beside.root.decode()}\nEOF")
    vm.told(f"pishkhan-edge --data {DATA} update trust /var/tmp/root.json")
    site = vm.told("sha256sum /etc/pishkhan/site.toml /etc/systemd/network/*")
    device = beside.up(str(box.folder / "next.key"))
    try:
        beside.said(present, wrong)
        _heard(box, wrong)
        vm.until(f"journalctl -u {unit} | grep tunnel_unanswered", "the drill did not end", BACK_S_MAX)
        assert vm.told(f"systemctl show -P Result {unit}") == "success", (
            "a key that nobody proves is no fault of the box"
        )
        assert vm.told("sha256sum /etc/pishkhan/site.toml /etc/systemd/network/*") == site, "nothing was touched"
        assert vm.told("ls /sys/class/net").split().count("hub1") == 0
        box.say("nobody proves a wrong key")
        beside.said(present, right)
        _heard(box, right)
        vm.until(f"journalctl -u {unit} | grep in_place", "it did not go over", BACK_S_MAX)
        box.say("gone over")
        assert vm.told("wg show hub0 peers") == right
        assert right in vm.told("cat /etc/pishkhan/site.toml")
        assert vm.told("ls /var/lib/pishkhan-firmware").split().count("unconfirmed") == 0
        _ip("-n", box.networks._names["hub"], "link", "set", "wgcentre", "down")
        vm.reboot()
        waited_for(box.works, "the line did not come back over the next key alone", BACK_S_MAX)
        stands(box)
        told = programs.hub_command(box.hub_folder, "tunnel", "drill").stdout
        assert "in_place" in told, told
    finally:
        os.killpg(device.pid, signal.SIGKILL)
        device.communicate()


def _heard(box: Appliance, following: str) -> None:
    """The updater has looked, as its timer lets it, and has written the word down; the path unit starts what is left."""
    box.machine.told("systemctl start pishkhan-update", seconds=BACK_S_MAX)
    assert following in box.machine.told("cat /var/lib/pishkhan-update/tunnel.json")
