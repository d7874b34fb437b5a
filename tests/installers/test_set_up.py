"""Set-up on a machine that lacks something: what it says, how it ends, what it would install."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tidy import tree


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A clone's installers/ and what is compiled, beside a PATH whose first folder plays a bare Debian and an ordinary user without sudo."""
    shutil.copytree(tree.ROOT / "installers", tmp_path / "clone" / "installers")
    for name in ("pyproject.toml", "edge/journal/press.c", "edge/platform/linux_aio.c"):
        (tmp_path / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(tree.ROOT / name, tmp_path / "clone" / name)
    (tmp_path / "bin").mkdir()
    for name, body in {"dpkg-query": "exit 1", "id": "echo 1000", "sudo": "exit 1"}.items():
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        program.chmod(0o755)
    return tmp_path


def _set_up(machine: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{machine / 'bin'}:{os.environ['PATH']}", "LOG": str(machine / "log"), **more}
    return subprocess.run(
        [machine / "clone" / "installers" / "set_up.sh", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )


@pytest.mark.parametrize(
    ("purpose", "missing"),
    [
        ("run", "ca-certificates curl gcc libc6-dev libpcsclite-dev libssl-dev libdeflate-dev"),
        (
            "test",
            "ca-certificates curl gcc libc6-dev libpcsclite-dev libssl-dev libdeflate-dev git postgresql mount pcscd vsmartcard-vpcd",
        ),
        (
            "proof",
            "ca-certificates curl gcc libc6-dev libpcsclite-dev libssl-dev libdeflate-dev git postgresql mount pcscd vsmartcard-vpcd procps iproute2 e2fsprogs gcc-mingw-w64-x86-64-win32 gcc-mingw-w64-i686-win32 wine wine64 nsis mmdebstrap arch-test systemd chromium fonts-noto-core fonts-noto-cjk nftables wireguard-tools wireguard-go nmap rpm iputils-ping openvpn charon-systemd libstrongswan-standard-plugins libcharon-extra-plugins",
        ),
        (
            "soak",
            "ca-certificates curl gcc libc6-dev libpcsclite-dev libssl-dev libdeflate-dev git postgresql mount pcscd vsmartcard-vpcd procps iproute2 e2fsprogs gcc-mingw-w64-x86-64-win32 gcc-mingw-w64-i686-win32 wine wine64 nsis mmdebstrap arch-test systemd chromium fonts-noto-core fonts-noto-cjk nftables wireguard-tools wireguard-go nmap rpm iputils-ping openvpn charon-systemd libstrongswan-standard-plugins libcharon-extra-plugins qemu-system-x86",
        ),
    ],
)
def test_without_root_one_line_names_what_is_missing(machine: Path, purpose: str, missing: str) -> None:
    done = _set_up(machine, purpose)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert f"apt-get install {missing})" in done.stderr
    assert not (machine / "clone" / ".venv").exists()


def test_root_updates_the_lists_first_and_never_waits_for_an_answer(machine: Path) -> None:
    for name, body in {"id": "echo 0", "apt-get": 'echo "$DEBIAN_FRONTEND $*" >> "$LOG"', "sed": "exit 0"}.items():
        program = machine / "bin" / name
        program.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        program.chmod(0o755)
    venv = machine / "clone" / ".venv" / "bin"
    venv.mkdir(parents=True)
    (venv / "python").write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    (venv / "python").chmod(0o755)
    done = _set_up(machine, "test")
    assert done.returncode == 0, done.stderr
    calls = (machine / "log").read_text(encoding="utf-8").splitlines()
    assert all(call.startswith("noninteractive ") for call in calls)
    assert calls[0].startswith("noninteractive update")
    assert calls[1].endswith("postgresql-common")
    assert calls[2].endswith(
        "ca-certificates curl gcc libc6-dev libpcsclite-dev libssl-dev libdeflate-dev git postgresql mount pcscd vsmartcard-vpcd"
    )
    stamp = machine / "clone" / ".venv" / "set-up.stamp"
    before = stamp.read_text(encoding="utf-8")
    assert "Python packages" not in _set_up(machine, "test").stderr, "they are there"
    (machine / "clone" / "edge" / "journal" / "press.c").write_text("/* newer */\n", encoding="utf-8")
    assert _set_up(machine, "test").returncode == 0
    assert stamp.read_text(encoding="utf-8") != before, "what was compiled of the old one is made anew"


def test_a_python_without_its_headers_gets_them_since_one_package_is_compiled(machine: Path) -> None:
    bare = machine / "bin" / "python3.11"
    bare.write_text('#!/bin/sh\ncase "$2" in *Python.h*) exit 1 ;; esac\nexit 0\n', encoding="utf-8")
    bare.chmod(0o755)
    done = _set_up(machine, "run", PYTHON=str(bare))
    assert "apt-get install python3-dev ca-certificates" in done.stderr


def test_an_unknown_purpose_is_told_the_known_ones(machine: Path) -> None:
    done = _set_up(machine, "everything")
    assert done.returncode == 2
    assert "[run|test|proof|soak]" in done.stderr
