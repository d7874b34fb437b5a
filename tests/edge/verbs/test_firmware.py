"""The verbs of the appliance's configuration, as they are typed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from edge.__main__ import main
from edge.firmware.appliance import Appliance
from edge.firmware.tunnel import Leg, Report
from tests import programs
from tests.edge.firmware import sites


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("edge.firmware.check.shutil.which", lambda _: None)
    monkeypatch.setattr(Appliance, "_arm", lambda _: None)
    keys = tmp_path / "etc/pishkhan/keys"
    keys.mkdir(parents=True)
    (keys / "vpn.key").write_text("k")
    (keys / "vpn.key").chmod(0o600)
    shutil.copy(sites.EXAMPLE, tmp_path / "etc/pishkhan/site.toml")
    return tmp_path


def typed(root: Path, *words: str, options: Sequence[str] = ()) -> Result:
    return CliRunner().invoke(main, ["firmware", *words, "--root", str(root), *options])


def test_a_technician_goes_all_the_way(root: Path) -> None:
    assert typed(root, "check").exit_code == 0
    shown = typed(root, "diff")
    assert (shown.exit_code, "+table inet pishkhan {" in shown.output) == (1, True)
    assert "add\t/etc/nftables.conf" in typed(root, "apply").output
    assert typed(root, "diff").exit_code == 0
    assert "waits to be confirmed" in typed(root, "apply").output
    assert typed(root, "confirm").exit_code == 0
    assert "Nothing to do" in typed(root, "apply").output
    assert "back\t/etc/nftables.conf" in typed(root, "rollback").output
    assert (typed(root, "confirm").exit_code, typed(root, "rollback").exit_code) == (2, 2)
    assert typed(root, "settle").exit_code == 0


def test_what_is_rendered_is_printed_or_written(root: Path, tmp_path: Path) -> None:
    assert "==> /etc/nftables.conf (0644)" in typed(root, "render").output
    to = tmp_path / "out"
    assert str(to / "etc/nftables.conf") in typed(root, "render", options=["--to", str(to)]).output
    assert "policy drop" in (to / "etc/nftables.conf").read_text()


def test_a_site_that_is_wrong_is_told_with_its_line_and_ends_with_2(root: Path) -> None:
    (root / "etc/pishkhan/site.toml").write_text('name = "x"\ncolour = 1\n')
    for verb in ("render", "check", "diff", "apply"):
        done = typed(root, verb)
        assert (done.exit_code, "site.toml:2: colour: this key is not known here" in done.output) == (2, True)


def test_a_check_that_finds_something_ends_with_1_for_scripts(root: Path) -> None:
    (root / "etc/pishkhan/keys/vpn.key").unlink()
    done = typed(root, "check", options=["--json"])
    assert (done.exit_code, '"part": "keys", "well": false' in done.output) == (1, True)


def test_how_the_tunnel_is_is_told_with_what_to_do_and_ends_so_for_scripts(root: Path) -> None:
    done = typed(root, "tunnel")
    assert (done.exit_code, "systemctl start pishkhan-tunnel" in done.output) == (1, True)
    (root / "run/pishkhan").mkdir(parents=True)
    report = Report(at=time.time(), leg=Leg.UP, handshake_age_s=4.0, mtu_bytes=1420)
    (root / "run/pishkhan/tunnel.json").write_bytes(msgspec.json.encode(report))
    assert (typed(root, "tunnel").exit_code, "4 s ago" in typed(root, "tunnel").output) == (0, True)
    assert '"leg": "up"' in typed(root, "tunnel", options=["--json"]).output


def test_the_tunnels_account_need_not_read_the_edges_data(tmp_path: Path) -> None:
    """Whoever is root reads everything: so the verb runs without that power."""
    data = tmp_path / "data"
    data.mkdir(mode=0o000)
    powerless = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []

    def run(*words: str) -> str:
        command = [*powerless, sys.executable, "-m", "edge", "--data", str(data), *words]
        done = subprocess.run(command, cwd=programs.ROOT, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    assert "Nobody watches the tunnel" in run("firmware", "tunnel", "--root", str(tmp_path))
    assert "is not readable" in run("status")
