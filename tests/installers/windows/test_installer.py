"""The installer for Windows: what its script promises, and what it does under Wine with a program that plays the edge."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from installers import release
from installers.windows import build
from tests.installers.windows import wine
from tests.installers.windows.wine import Windows
from tests.tidy import tree

SCRIPT = tree.text(Path("installers/windows/pishkhan.nsi"))
HERE = Path(__file__).resolve().parent
STARTED_S_MAX = 60


def test_every_sentence_is_there_in_three_languages() -> None:
    told: dict[str, set[str]] = {}
    for name, language in re.findall(r"^LangString (\w+) \$\{LANG_(\w+)\}", SCRIPT, re.MULTILINE):
        told.setdefault(name, set()).add(language)
    assert len(told) >= 8
    assert set(map(frozenset, told.values())) == {frozenset({"ENGLISH", "FARSI", "SIMPCHINESE"})}
    used = set(re.findall(r"\$\((\w+)\)", SCRIPT))
    assert used == set(told)


def test_every_question_has_an_answer_for_a_silent_install() -> None:
    asked = [line for line in SCRIPT.splitlines() if "MessageBox" in line]
    assert all("/SD" in line or "ASK_DATA" in line for line in asked)
    assert SCRIPT.index("${If} ${Silent}", SCRIPT.index('Section "Uninstall"')) < SCRIPT.index("$(ASK_DATA)")


def test_the_data_are_closed_to_others_whoever_made_their_folder() -> None:
    owned, granted = (SCRIPT.index(word) for word in ("/setowner *S-1-5-32-544 /T", "/inheritance:r"))
    assert (
        SCRIPT.index('CreateDirectory "$Data"') < owned < granted < SCRIPT.index('service.exe" install pishkhan-edge')
    )
    grants = re.findall(r"\*(S-[\d-]+):", SCRIPT)
    assert grants == ["S-1-5-18", "S-1-5-32-544", "S-1-5-19"]


def test_only_the_edge_gets_a_hole_in_the_firewall_and_only_for_its_own_network() -> None:
    rules = [line for line in SCRIPT.splitlines() if "add rule" in line]
    assert len(rules) == 1
    assert "localport=7001-7002" in rules[0]
    assert "remoteip=localsubnet" in rules[0]
    assert 'program="$INSTDIR\\program\\pishkhan-edge.exe"' in rules[0]
    assert 'delete rule name="${RULE}"' in SCRIPT[SCRIPT.index('Section "Uninstall"') :]


def test_the_builders_script_installs_by_the_lock_and_freezes_the_edge() -> None:
    script = tree.text(Path("installers/windows/build.ps1"))
    assert "--require-hashes" in script
    assert "installers\\requirements-windows.lock" in script
    assert "installers.windows.frozen" in script


def test_the_builders_lock_holds_what_the_program_carries_and_what_freezes_it_and_nothing_else() -> None:
    """As build.py bundles the edge: the same libraries at the same versions, and none of the tools that tests need."""

    def pins(name: str) -> dict[str, str]:
        return dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", tree.text(Path("installers") / name), re.MULTILINE))

    windows, appliance, whole = (pins(f"requirements{part}.lock") for part in ("-windows", "-edge", ""))
    assert windows.items() >= appliance.items()
    assert windows.items() <= whole.items()
    tools = {
        "pytest",
        "hypothesis",
        "mypy",
        "ruff",
        "playwright",
        "import-linter",
        "sqlalchemy",
        "alembic",
        "psycopg",
        "coverage",
    }
    assert tools <= whole.keys()
    assert not tools & windows.keys()
    assert {"pyscard", "pyserial", "pyinstaller", "cyclonedx-python-lib"} <= windows.keys()


def test_a_program_that_is_not_what_was_hashed_is_not_packed(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.mkdir()
    for name in ("pishkhan-edge.exe", "python311.dll", "base.pyd"):
        (program / name).write_bytes(name.encode())
    assert build.differing(program) == ["release.json"]
    release.write_manifest(program, "1.2.3", datetime(2026, 1, 1, tzinfo=UTC))
    assert build.differing(program) == []
    (program / "python311.dll").write_bytes(b"another")
    (program / "base.pyd").unlink()
    (program / "evil.dll").write_bytes(b"besides")
    assert build.differing(program) == ["base.pyd", "evil.dll", "python311.dll", "python311.dll"]
    with pytest.raises(build.NotBuilt, match="evil"):
        build.payload(program, tmp_path / "payload")


def test_without_a_frozen_program_there_is_no_installer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build.main(["--version", "1.2.3", "--program", str(tmp_path)]) == 1
    assert "build.ps1" in capsys.readouterr().err
    assert build.main(["--version", "one", "--program", str(tmp_path)]) == 1


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    """A fresh one."""
    with wine.started(tmp_path_factory.mktemp("wine")) as made:
        yield made


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installer of a program that plays the edge."""
    folder = tmp_path_factory.mktemp("setup")
    (folder / "program").mkdir()
    command = [build.COMPILER, "-O1", "-static", "-o", folder / "program" / "pishkhan-edge.exe", HERE / "program.c"]
    subprocess.run(command, check=True)
    release.write_manifest(folder / "program", "1.2.3", datetime(2026, 1, 1, tzinfo=UTC))
    return build.installer("1.2.3", folder / "program", folder / "pishkhan-setup.exe")


def _until(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + STARTED_S_MAX
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.2)
    return False


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_a_kind_that_is_none_changes_nothing(windows: Windows, setup: Path) -> None:
    assert windows.run(setup, "/S", "/KIND=server", good=False)[0] == 2
    assert not (windows.drive / "Program Files" / "Pishkhan" / "program").exists()


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_it_installs_serves_and_uninstalls_in_silence(windows: Windows, setup: Path) -> None:
    there, data = windows.drive / "Program Files" / "Pishkhan", windows.drive / "ProgramData" / "Pishkhan" / "agent"
    service = r"HKLM\System\CurrentControlSet\Services\pishkhan-agent"
    windows.run(setup, "/S", "/KIND=agent")
    assert {path.name for path in there.iterdir()} == {"program", "pishkhan-service.exe", "shim", "uninstall.exe"}
    assert "LocalService" in windows.registered(service)
    assert "agent" in windows.registered(r"HKLM\Software\Pishkhan")
    assert not (data / "called.txt").exists(), "nothing is started before it is paired"
    # the service starts the program, and starts it again when it ends
    (data / "mood.txt").write_text("once\n")
    windows.run(there / "pishkhan-service.exe", "start", "pishkhan-agent")
    assert _until(lambda: (data / "called.txt").is_file() and len((data / "called.txt").read_text().splitlines()) >= 2)
    assert (data / "called.txt").read_text().splitlines()[0] == r"--data C:\ProgramData\Pishkhan\agent agent run"
    assert "said" in (data / "service.log").read_text()
    windows.run(there / "pishkhan-service.exe", "stop", "pishkhan-agent")
    # again over itself, as an upgrade does: data stay
    windows.run(setup, "/S", "/KIND=agent")
    assert (data / "called.txt").is_file()
    windows.run(there / "uninstall.exe", "/S")  # it goes on by itself, from a copy
    assert _until(lambda: not there.exists())
    assert "ImagePath" not in windows.registered(service)
    assert "Kind" not in windows.registered(r"HKLM\Software\Pishkhan")
    assert (data / "called.txt").is_file(), "without /DATA=remove the data stay"
    windows.run(setup, "/S", "/KIND=edge")
    assert "edge" in windows.registered(r"HKLM\Software\Pishkhan")
    windows.run(there / "uninstall.exe", "/S", "/DATA=remove")
    assert _until(lambda: not there.exists() and not (data.parent / "edge").exists())
