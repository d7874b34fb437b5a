"""The installer for Windows: what its script promises, and what it does under Wine with a program that plays the edge."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from installers.windows import build
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
    assert "installers\\requirements.lock" in script
    assert "freeze.EDGE" in script


NO_WINDOWS = """import os, pkgutil, socket, sys
from importlib import import_module
sys.modules.update(dict.fromkeys(("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty")))
for home, names in ((os, "O_DIRECTORY O_CLOEXEC O_PATH O_NOFOLLOW geteuid getuid statvfs fchown chown sysconf"), (socket, "AF_UNIX SO_BINDTODEVICE SO_REUSEPORT")):
    for name in names.split():
        delattr(home, name)
import edge.agent, edge.__main__
for found in pkgutil.walk_packages(edge.agent.__path__, "edge.agent."):
    import_module(found.name)
for name in ("edge.readers.pcsc.driver", "edge.readers.serial_line.driver"):
    import_module(name)
"""


@pytest.mark.proof
def test_the_agent_is_loaded_without_what_windows_does_not_have() -> None:
    done = subprocess.run(
        [sys.executable, "-c", NO_WINDOWS], cwd=tree.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_without_a_frozen_program_there_is_no_installer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build.main(["--version", "1.2.3", "--program", str(tmp_path)]) == 1
    assert "build.ps1" in capsys.readouterr().err
    assert build.main(["--version", "one", "--program", str(tmp_path)]) == 1


class Windows:
    """A Wine of its own; paths below its drive C."""

    def __init__(self, prefix: Path) -> None:
        self.drive = prefix / "drive_c"
        self._environment = {
            **os.environ,
            "WINEPREFIX": str(prefix),
            "WINEDEBUG": "-all",
            "WINEARCH": "win64",
            "WINEDLLOVERRIDES": "mscoree,mshtml=",
        }

    def run(self, *command: str | Path, good: bool = True) -> tuple[int, str]:
        """A program to its end: exit status, and what it printed. Into a file: Wine's own servers would hold a pipe open."""
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(
                ["wine", *command], env=self._environment, check=False, stdin=subprocess.DEVNULL, stdout=said, stderr=said, timeout=110
            )  # fmt: skip
            said.seek(0)
            told = said.read().decode(errors="replace")
        assert not good or done.returncode == 0, (command, done.returncode, told[-1000:])
        return done.returncode, told

    def registered(self, key: str) -> str:
        """What ``reg query`` says of a key; empty if it is not there."""
        return self.run("reg", "query", key, "/s", "/reg:64", good=False)[1]

    def end(self) -> None:
        """Everything in it."""
        subprocess.run(["wineserver", "-k"], env=self._environment, check=False, capture_output=True, timeout=30)


@pytest.fixture(scope="module")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    """A fresh one."""
    prefix = tmp_path_factory.mktemp("wine")
    made = Windows(prefix)
    made.run("wineboot", "-i")
    yield made
    made.end()
    shutil.rmtree(prefix, ignore_errors=True)


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installer of a program that plays the edge."""
    folder = tmp_path_factory.mktemp("setup")
    (folder / "program").mkdir()
    command = [build.COMPILER, "-O1", "-static", "-o", folder / "program" / "pishkhan-edge.exe", HERE / "program.c"]
    subprocess.run(command, check=True)
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
