"""The units of the appliance, read by systemd itself."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.tidy import tree

pytestmark = pytest.mark.proof
UNITS = sorted((tree.ROOT / "firmware_cfg" / "units").glob("*.service"))
EXPOSURE_MAX = 20
"""Of 100, by systemd-analyze's own weights; an ordinary unit has 96."""


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    """The units with programs that exist on this machine, and accounts that do too."""
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    for unit in UNITS:
        text = re.sub(r"^ExecStart=\S+", f"ExecStart={program}", unit.read_text(encoding="utf-8"), flags=re.MULTILINE)
        (tmp_path / unit.name).write_text(re.sub(r"^(User|Group)=.*", r"\1=daemon", text, flags=re.MULTILINE), "utf-8")
    return tmp_path


@pytest.mark.parametrize("name", [unit.name for unit in UNITS])
def test_systemd_finds_nothing_wrong_with_a_unit(staged: Path, name: str) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", staged / name],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert name not in done.stderr, done.stderr
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", [unit.name for unit in UNITS])
def test_a_unit_exposes_little(staged: Path, name: str) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", "--no-pager", staged / name],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
