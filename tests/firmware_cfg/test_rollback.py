"""What nobody confirms goes back: with real processes that die where they must not."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge.firmware.sets import Sets
from tests import programs
from tests.edge.firmware import sites

pytestmark = pytest.mark.proof
RULES = "etc/nftables.conf"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    keys = tmp_path / "etc/pishkhan/keys"
    keys.mkdir(parents=True)
    (keys / "vpn.key").write_text("k")
    (keys / "vpn.key").chmod(0o600)
    shutil.copy(sites.EXAMPLE, tmp_path / "etc/pishkhan/site.toml")
    (tmp_path / RULES).write_text("what the technician's session hangs on\n")
    return tmp_path


def firmware(root: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "edge", "firmware", *words, "--root", str(root)]


def gone_back(root: Path, within_s: float) -> bool:
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        if (root / RULES).read_text().startswith("what the technician") and Sets(root).record().confirmed:
            return True
        time.sleep(0.1)
    return False


def test_it_goes_back_though_the_session_that_applied_it_is_dead(root: Path) -> None:
    session = subprocess.Popen(
        ["sh", "-c", '"$@"; sleep 60', "sh", *firmware(root, "apply", "--within", "3")], cwd=programs.ROOT, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    ends = time.monotonic() + 60
    while not (root / RULES).read_text().startswith("# Rendered"):
        assert time.monotonic() < ends, "it was never applied"
        time.sleep(0.05)
    os.killpg(session.pid, signal.SIGKILL)
    session.wait()
    assert gone_back(root, 30)
    assert not (root / "etc/chrony/chrony.conf").exists()


def test_it_goes_back_at_the_boot_though_the_power_failed_in_the_middle(root: Path) -> None:
    """Everything is dead, also what would have taken it back; a boot starts ``settle``, as its unit does."""
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from edge.firmware import appliance, sets\n"
        "appliance.Appliance._arm = lambda self: None\n"
        "place, count = sets.Sets._place, [0]\n"
        "def fails(self, path, standing):\n"
        "    count[0] += 1\n"
        "    if count[0] > 9: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    place(self, path, standing)\n"
        "sets.Sets._place = fails\n"
        "root = Path(sys.argv[1])\n"
        "appliance.Appliance(root).apply(root / 'etc/pishkhan/site.toml', 2.0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(root)], cwd=programs.ROOT, check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (root / "etc/chrony/chrony.conf").exists(), "some files were written"
    assert (root / "var/lib/pishkhan-firmware/unconfirmed").exists(), "what the unit looks for at a boot"
    subprocess.run(firmware(root, "settle"), cwd=programs.ROOT, check=True, capture_output=True, timeout=60)
    assert gone_back(root, 1)
    assert not (root / "etc/chrony/chrony.conf").exists()
    assert not (root / "var/lib/pishkhan-firmware/unconfirmed").exists()
