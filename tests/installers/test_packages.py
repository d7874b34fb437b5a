"""What a package holds, and what its scripts do when it comes and goes, with a systemctl that plays one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from installers import freeze, packages
from tests.tidy import tree


@pytest.fixture
def frozen(tmp_path: Path) -> Path:
    """A folder that plays a frozen program."""
    folder = tmp_path / "frozen"
    folder.mkdir()
    (folder / "pishkhan-edge").write_bytes(b"program")
    return folder


@pytest.mark.parametrize("form", ["deb", "rpm"])
def test_a_package_is_made_of_any_frozen_folder(frozen: Path, tmp_path: Path, form: str) -> None:
    made = packages.pack(freeze.EDGE, frozen, "1.2.3", "x86_64", form, tmp_path)
    assert made.suffix == f".{form}"
    assert "1.2.3" in made.name


def test_a_debian_package_holds_units_links_documents_and_conffiles(frozen: Path, tmp_path: Path) -> None:
    made = packages.pack(freeze.EDGE, frozen, "1.2.3", "x86_64", "deb", tmp_path)
    listed = subprocess.run(["dpkg-deb", "-c", made], capture_output=True, check=True, text=True).stdout
    for path in (
        "./opt/pishkhan/releases/1.2.3/pishkhan-edge", "./opt/pishkhan/bin/pishkhan-edge -> ../current/pishkhan-edge", "./usr/bin/pishkhan-edge -> /opt/pishkhan/bin/pishkhan-edge",
        "./usr/lib/systemd/system/pishkhan-edge.service", "./usr/lib/systemd/system/pishkhan-agent.service", "./usr/lib/systemd/system/pishkhan-firmware-settle.service", "./usr/share/doc/pishkhan-edge/copyright",
        "./usr/share/doc/pishkhan-edge/example-hospital.toml",
    ):  # fmt: skip
        assert path in listed
    assert "root/root" in listed
    control = subprocess.run(["dpkg-deb", "-I", made, "conffiles"], capture_output=True, check=True, text=True).stdout
    assert control.split() == [
        f"/etc/systemd/system/{name}.service.d/local.conf"
        for name in ("pishkhan-agent", "pishkhan-edge", "pishkhan-tunnel")
    ]


@pytest.mark.parametrize("name", packages.KINDS)
def test_every_units_program_is_where_the_package_puts_it(name: str) -> None:
    for account in packages.KINDS[name].accounts:
        unit = tree.text(Path("firmware_cfg/units") / f"{account}.service")
        assert f"ExecStart=/opt/pishkhan/bin/{name} " in unit
        assert f"User={account}" in unit
        assert f"/var/lib/{account}" in unit or account == "pishkhan-tunnel", "only the tunnel's watch keeps nothing"


class Machine:
    """A PATH whose programs write down how they were called; paths under / lie in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.release = "1.2.3"
        (folder / "bin").mkdir()
        (folder / "run/systemd/system").mkdir(parents=True)
        self.has("1.2.3")
        for name in ("systemctl", "useradd", "usermod", "userdel", "groupdel", "install", "getent"):
            self.plays(name, "exit 0")

    def plays(self, name: str, does: str) -> None:
        """``name`` writes its call down and does that."""
        program = self.folder / "bin" / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> {self.folder}/calls\n{does}\n', encoding="utf-8")
        program.chmod(0o755)

    def has(self, version: str) -> None:
        """A release on the disk."""
        folder = self.folder / "opt/pishkhan/releases" / version
        folder.mkdir(parents=True)
        (folder / "pishkhan-edge").write_bytes(b"program")

    def current(self) -> str:
        """The release that runs."""
        return (self.folder / "opt/pishkhan/current").readlink().name

    def run(self, script: str, *arguments: str, accounts: str = "pishkhan-edge pishkhan-agent") -> list[str]:
        """The calls that a script made."""
        text = (packages.HERE / script).read_text(encoding="utf-8").replace("@ACCOUNTS@", accounts)
        text = text.replace("@RELEASE@", self.release)
        for path in ("/run/", "/var/lib/", "/etc/pishkhan", "/opt/pishkhan"):
            text = text.replace(f"{path}", f"{self.folder}{path}")
        (self.folder / "calls").write_text("", encoding="utf-8")
        environment = {**os.environ, "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin"}
        subprocess.run(["sh", "-c", text, "script", *arguments], check=True, env=environment, timeout=20)
        return (self.folder / "calls").read_text(encoding="utf-8").splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with systemd."""
    return Machine(tmp_path)


def test_an_upgrade_stops_what_ran_and_starts_that_again_and_nothing_else(machine: Machine) -> None:
    machine.plays("systemctl", 'case "$*" in "is-active --quiet pishkhan-agent.service") exit 3 ;; esac')
    before = machine.run("before_remove.sh", "upgrade", "1.2.3")
    assert "systemctl stop pishkhan-edge.service" in before
    after = machine.run("after_install.sh", "configure", "1.2.2")
    assert [call for call in after if " start " in call] == ["systemctl start pishkhan-edge.service"]
    assert not [call for call in machine.run("after_install.sh", "configure", "1.2.2") if " start " in call]


def test_a_new_install_makes_the_accounts_and_starts_nothing(machine: Machine) -> None:
    machine.plays("getent", 'case "$*" in passwd*) exit 2 ;; esac')
    calls = machine.run("after_install.sh", "configure", "")
    assert [call.split()[-1] for call in calls if call.startswith("useradd")] == ["pishkhan-edge", "pishkhan-agent"]
    assert all("--system" in call and "nologin" in call for call in calls if call.startswith("useradd"))
    assert "usermod -a -G dialout pishkhan-edge" in calls
    assert [call for call in calls if call.startswith("install")] == [
        f"install -d -m 0700 -o {name} -g {name} {machine.folder}/var/lib/{name}" for name in ("pishkhan-edge", "pishkhan-agent")
    ]  # fmt: skip
    assert not [call for call in calls if " start " in call or " enable " in call]


def test_a_package_makes_its_release_the_one_that_runs_unless_an_update_brought_a_newer_one(machine: Machine) -> None:
    machine.run("after_install.sh", "configure", "")
    assert machine.current() == "1.2.3"
    machine.release = "1.10.0"
    machine.has("1.10.0")
    machine.run("after_install.sh", "configure", "1.2.3")
    assert machine.current() == "1.10.0"
    machine.release = "1.9.0"
    machine.has("1.9.0")
    machine.run("after_install.sh", "configure", "1.2.3")
    assert machine.current() == "1.10.0"
    shutil.rmtree(machine.folder / "opt/pishkhan/releases/1.10.0")  # an older package over it, by hand
    machine.run("after_install.sh", "configure", "1.10.0")
    assert machine.current() == "1.9.0"
    machine.run("after_remove.sh", "upgrade", "2.0.0")
    assert machine.current() == "1.9.0"
    machine.run("after_remove.sh", "remove")
    assert not (machine.folder / "opt/pishkhan").exists()


@pytest.mark.parametrize("argument", ["remove", "0"])
def test_removing_ends_the_service_and_keeps_the_data(machine: Machine, argument: str) -> None:
    data = machine.folder / "var/lib/pishkhan-edge"
    data.mkdir(parents=True)
    assert "systemctl disable --now --quiet pishkhan-edge.service" in machine.run("before_remove.sh", argument)
    calls = machine.run("after_remove.sh", argument)
    assert data.is_dir()
    assert not [call for call in calls if call.startswith("userdel")]


def test_purging_ends_data_and_accounts(machine: Machine) -> None:
    data = machine.folder / "var/lib/pishkhan-edge"
    data.mkdir(parents=True)
    calls = machine.run("after_remove.sh", "purge")
    assert not data.exists()
    assert "userdel pishkhan-edge" in calls


def test_an_rpm_that_is_upgraded_restarts_what_ran(machine: Machine) -> None:
    assert "systemctl try-restart pishkhan-edge.service" in machine.run("after_remove.sh", "1")
    assert not [call for call in machine.run("before_remove.sh", "1") if " stop " in call or "disable" in call]


def test_without_systemd_the_scripts_do_without(machine: Machine) -> None:
    (machine.folder / "run/systemd/system").rmdir()
    for script, argument in (("after_install.sh", "configure"), ("before_remove.sh", "remove"), ("after_remove.sh", "remove")):  # fmt: skip
        assert not [call for call in machine.run(script, argument) if call.startswith("systemctl")]


def test_what_cannot_be_packed_is_told_in_nfpms_words(tmp_path: Path) -> None:
    with pytest.raises(packages.NotPacked, match="nowhere"):
        packages.pack(freeze.EDGE, tmp_path / "nowhere", "1.2.3", "x86_64", "deb", tmp_path)
