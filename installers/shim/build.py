"""Compiles the C shim: ``python -m installers.shim.build [FOLDER]`` makes what this machine has compilers for.

``libpishkhan.so`` with cc, ``pishkhan64.dll`` and ``pishkhan32.dll`` with mingw-w64. Warnings are errors, the usual hardening is on, and a library
exports its ten functions and nothing else. The table of GBK is made from Python's, so that each platform has the same.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
COMMON = ("text.c", "json.c", "http.c", "line.c", "call.c", "events.c", "faults.c")
LEAD, TRAIL = range(0x81, 0xFF), range(0x40, 0xFF)
WARNINGS = (
    "-std=gnu11",
    "-D__USE_MINGW_ANSI_STDIO=1",
    "-Wall",
    "-Wextra",
    "-Wshadow",
    "-Wconversion",
    "-Wno-sign-conversion",
    "-Wvla",
    "-Werror",
)


class NotCompiled(Exception):
    """The compiler's words."""


@dataclass(frozen=True)
class Target:
    """One library: who compiles it, from what, and how."""

    name: str
    compiler: str
    sources: tuple[str, ...]
    flags: tuple[str, ...]
    libraries: tuple[str, ...]

    @property
    def possible(self) -> bool:
        """Whether this machine has its compiler."""
        return shutil.which(self.compiler) is not None


_HARD = ("-O2", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2")
_WINDOWS = ("-DWIN32_LEAN_AND_MEAN", "-D_WIN32_WINNT=0x0601", "-static", "-s", "-Wl,--dynamicbase,--nxcompat")
_WINDOWS_LIBRARIES = ("-lsecur32", "-lcrypt32", "-lws2_32")
SO = Target(
    "libpishkhan.so",
    "cc",
    (*COMMON, "tls_openssl.c"),
    (
        *_HARD, "-fPIC", "-pthread", f"-Wl,--version-script={HERE / 'pishkhan.map'}",
        "-Wl,-z,relro,-z,now,-z,noexecstack,-z,nodelete,-z,defs", "-Wl,-soname,libpishkhan.so",
    ),
    ("-ldl",),
)  # fmt: skip
DLL64 = Target(
    "pishkhan64.dll",
    "x86_64-w64-mingw32-gcc",
    (*COMMON, "tls_schannel.c"),
    (*_HARD, *_WINDOWS, "-Wl,--high-entropy-va"),
    _WINDOWS_LIBRARIES,
)
DLL32 = Target(
    "pishkhan32.dll",
    "i686-w64-mingw32-gcc",
    (*COMMON, "tls_schannel.c"),
    (*_HARD, *_WINDOWS, "-Wl,--kill-at,--enable-stdcall-fixup"),
    _WINDOWS_LIBRARIES,
)
TARGETS = (SO, DLL64, DLL32)


def gbk_table() -> str:
    """A C header: the character of every pair of bytes, 0 where there is none."""
    rows = ",\n".join(
        "{" + ",".join(str(ord(_pair(lead, trail))) if _pair(lead, trail) else "0" for trail in TRAIL) + "}"
        for lead in LEAD
    )
    names = {"FIRST": LEAD[0], "LAST": LEAD[-1], "TRAIL": TRAIL[0], "TRAILS": len(TRAIL)}
    defined = "".join(f"#define GBK_{name} {value}\n" for name, value in names.items())
    return f"/* made by build.py */\n{defined}static const uint16_t gbk_table[{len(LEAD)}][{len(TRAIL)}] = {{\n{rows}\n}};\n"


def _pair(lead: int, trail: int) -> str:
    found = bytes([lead, trail]).decode("gbk", "ignore")
    return found if len(found) == 1 and ord(found) > 0x7F else ""  # a trail alone is ASCII


def compile_sources(
    compiler: str, sources: Iterable[Path], flags: Iterable[str], libraries: Iterable[str], made: Path
) -> Path:
    """Compile ``sources`` (and the table, beside what is made) into ``made``.

    Raises:
        NotCompiled: it does not compile.
    """
    folder = made.parent
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "gbk_table.h").write_text(gbk_table(), encoding="ascii")
    command = [
        compiler, *WARNINGS, *flags, f"-I{HERE}", f"-I{folder}", "-o", str(made), *map(str, sources), *libraries,
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 -- our own list
    if done.returncode or done.stderr:
        raise NotCompiled(f"{made.name}: {done.stderr}")
    return made


def build(target: Target, folder: Path) -> Path:
    """The library of ``target`` in ``folder``.

    Raises:
        NotCompiled: it does not compile.
    """
    sources = [HERE / name for name in target.sources]
    definition = [] if target is SO else [HERE / "pishkhan.def"]
    shared = ["-shared", *target.flags]
    return compile_sources(target.compiler, [*sources, *definition], shared, target.libraries, folder / target.name)


def main(arguments: list[str]) -> int:
    """Build what is possible; the exit status is 1 if nothing is."""
    folder = Path(arguments[0]) if arguments else HERE.parents[1] / "build" / "shim"
    possible = [target for target in TARGETS if target.possible]
    for target in possible:
        sys.stdout.write(f"{build(target, folder)}\n")
    for target in set(TARGETS) - set(possible):
        sys.stderr.write(f"{target.name}: no {target.compiler} here\n")
    return 0 if possible else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
