"""The hub's next key beside the present one, as the page on the appliance says it, and the updater that hears of it: for the proof of the appliance."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from central_sync.releases.repository import FOLDER
from edge.firmware import UPDATE_FOLDER
from tests import programs
from tests.releases import Centre, installed

if TYPE_CHECKING:
    from tests.e2e.box import Box

NEAR, FAR, PORT, DEVICE = "10.99.0.2", "10.99.0.1", 51821, "wgnext"
RULES = (
    f"ip rule add fwmark {PORT} lookup {PORT}; ip route add 10.99.0.0/24 dev {DEVICE} table {PORT}; "
    "nft 'add table inet next; add chain inet next in { type filter hook prerouting priority mangle; }; add chain inet next out { type route hook output priority mangle; }'; "
    f"""nft 'add rule inet next in iifname "{DEVICE}" ct mark set {PORT}; add rule inet next out ct mark {PORT} meta mark set {PORT}'"""
)
"""Each answer goes by the device on which it was asked."""


class Beside:
    """At ``box``'s hub: a second device with a key of its own, and a repository, in which no release is offered, that tells of it."""

    def __init__(self, box: Box) -> None:
        self._box = box
        centre = Centre(box.folder / "safe").opened()
        centre.release("1.0", ring="")
        shutil.copytree(centre.folder, box.hub_folder / FOLDER, dirs_exist_ok=True)
        self.root = (box.hub_folder / FOLDER / "metadata/1.root.json").read_bytes()

    def up(self, key: str) -> subprocess.Popen[bytes]:
        """The device, with the private key in the file ``key``."""
        script = (
            f"export WG_PROCESS_FOREGROUND=1; wireguard-go -f {DEVICE} >/dev/null 2>&1 & "
            f"until [ -S /run/wireguard/{DEVICE}.sock ]; do kill -0 $! || exit 1; sleep 0.02; done; "
            f"wg set {DEVICE} listen-port {PORT} private-key {key} peer {self._box.public['edge']} allowed-ips {NEAR}/32 && "
            f"ip address add {FAR}/32 dev {DEVICE} && ip link set {DEVICE} mtu 1420 up && {RULES} && echo up && wait"
        )
        made = subprocess.Popen(
            self._box.alone("hub", "sh", "-c", script), stdout=subprocess.PIPE, start_new_session=True
        )
        assert made.stdout is not None
        assert made.stdout.readline() == b"up\n"
        return made

    def said(self, present: str, following: str) -> None:
        """Edges are told."""
        programs.hub_command(self._box.hub_folder, "tunnel", "next", present, following, "--port", str(PORT))


class NextKey(Beside):
    """And the updater of a box whose files lie in a folder."""

    def __init__(self, box: Box) -> None:
        super().__init__(box)
        self._base = installed(box.folder / "opt", "1.0")
        root = box.folder / "1.root.json"
        root.write_bytes(self.root)
        # Each site that is applied writes the edge's settings anew, for a box whose files lie at the root.
        settings = box.edge_folder / "edge.toml"
        settings.write_text(settings.read_text().replace('appliance = "/"', f'appliance = "{box.root}"'))
        self.update("trust", str(root))

    def told(self, present: str, following: str) -> None:
        """Edges are told, and the box's updater has looked."""
        self.said(present, following)
        self.update("run")

    def update(self, *words: str) -> None:
        state = self._box.root / UPDATE_FOLDER
        command = [sys.executable, "-m", "edge", "--data", str(self._box.edge_folder), "update"]
        command += ["--base", str(self._base), "--state", str(state), *words]
        done = subprocess.run(
            self._box.networks.within("edge", *command), cwd=programs.ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def go_on(self) -> subprocess.Popen[bytes]:
        """What the unit runs when the updater has written the word down."""
        command = [sys.executable, "-m", "edge", "firmware", "next", "--root", str(self._box.root)]
        return subprocess.Popen(self._box.alone("edge", *command), cwd=programs.ROOT, stderr=subprocess.PIPE)
