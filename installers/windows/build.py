"""``python -m installers.windows.build --version V --program FOLDER [OUTFILE]``: the installer for Windows from a frozen program.

FOLDER is what ``build.ps1`` makes on a Windows machine: PyInstaller cannot freeze for another system. Everything else is made here: the service's
program and the DLLs by mingw-w64, the installer by NSIS.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from installers import release
from installers.shim import build as shim

HERE = Path(__file__).resolve().parent
COMPILER = "x86_64-w64-mingw32-gcc"
FLAGS = (
    "-municode",
    "-O2",
    "-Wall",
    "-Wextra",
    "-Wshadow",
    "-Werror",
    "-D_WIN32_WINNT=0x0601",
    "-static",
    "-s",
    "-Wl,--dynamicbase,--nxcompat,--high-entropy-va",
)
EXPECTED_WARNINGS = {"6012", "9000"}
"""Labels that LogicLib makes and does not use; a file name that Windows treats as an installer, which it is."""
VERSION = re.compile(r"\d+\.\d+\.\d+")


class NotBuilt(Exception):
    """What the compiler, or makensis, said."""


def service(made: Path) -> Path:
    """The program that runs ours as a Windows service.

    Raises:
        NotBuilt: it does not compile.
    """
    _run([COMPILER, *FLAGS, "-o", str(made), str(HERE / "service.c"), "-ladvapi32"])
    return made


def payload(program: Path, folder: Path) -> Path:
    """What the installer brings: the frozen program, the service's, the DLLs.

    Raises:
        NotBuilt: there is no program there, it is not what was hashed, or something does not compile.
    """
    if not (program / "pishkhan-edge.exe").is_file():
        raise NotBuilt(f"{program} holds no pishkhan-edge.exe: make it on Windows with build.ps1")
    wrong = differing(program)
    if wrong:
        raise NotBuilt(f"{program} is not what build.ps1 made: {', '.join(wrong[:5])}")
    shutil.copytree(program, folder / "program")
    service(folder / "pishkhan-service.exe")
    (folder / "shim").mkdir()
    for target in (shim.DLL64, shim.DLL32):
        shutil.copy(shim.build(target, folder.with_name(f"{folder.name}-shim")), folder / "shim" / target.name)
    shutil.copy(shim.HERE / "pishkhan.h", folder / "shim" / "pishkhan.h")
    return folder


def differing(program: Path) -> list[str]:
    """The files of ``program`` that are not as its ``release.json`` says: changed on the way, missing, or besides."""
    try:
        told = json.loads((program / release.MANIFEST).read_bytes())["files"]
        hashes = {name: one["sha256"] for name, one in told.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return [release.MANIFEST]
    there = {
        path.relative_to(program).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in program.rglob("*")
        if path.is_file() and path != program / release.MANIFEST
    }
    return sorted(name for name, _ in hashes.items() ^ there.items())


def installer(version: str, program: Path, made: Path) -> Path:
    """The installer ``made`` of the frozen ``program``.

    Raises:
        NotBuilt: see :func:`payload`; also when the version is none, or makensis refuses the script.
    """
    if not VERSION.fullmatch(version):
        raise NotBuilt(f"{version} is no version: 1.2.3")
    with tempfile.TemporaryDirectory() as name:
        brought = payload(program, Path(name) / "payload")
        given = {"VERSION": version, "PAYLOAD": str(brought), "OUTFILE": str(made.resolve())}
        said = _run(
            [
                "makensis",
                "-V2",
                "-INPUTCHARSET",
                "UTF8",
                "-DAMD64",
                *(f"-D{k}={v}" for k, v in given.items()),
                str(HERE / "pishkhan.nsi"),
            ]
        )
        strange = set(re.findall(r"^\s*(?:warning )?(\d{4}): .*$", said, re.MULTILINE)) - EXPECTED_WARNINGS
        if strange:
            raise NotBuilt(said)
    return made


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 -- our own list
    except FileNotFoundError as error:
        raise NotBuilt(f"no {command[0]} here") from error
    if done.returncode:
        raise NotBuilt(f"{command[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout + done.stderr


def main(arguments: list[str]) -> int:
    """Make the installer; prints its path."""
    parser = argparse.ArgumentParser(prog="python -m installers.windows.build", description=__doc__.split("\n")[0])
    parser.add_argument("--version", required=True)
    parser.add_argument("--program", type=Path, required=True, help="what build.ps1 made")
    parser.add_argument("outfile", nargs="?", type=Path, default=None)
    given = parser.parse_args(arguments)
    made = given.outfile or Path(f"pishkhan-{given.version}-windows.exe")
    try:
        sys.stdout.write(f"{installer(given.version, given.program, made)}\n")
    except (NotBuilt, shim.NotCompiled) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
