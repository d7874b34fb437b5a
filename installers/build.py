"""``python -m installers.build [--version V] [--key PRIVATE.pem] [--only edge|hub|shim] [FOLDER]``: makes a release of all that this machine can make.

In FOLDER (``dist`` if none is named): packages for Debian and RPM systems of the edge and of the hub, the C shim, what each program is made of, the
documents, ``verify_release.py``, the manifest and its signature; besides it, one archive of them all for a machine without a network. What
cannot be made here (a DLL without its compiler) is named on stderr, and nothing else is left out.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import sys
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from installers import freeze, packages, release
from installers.shim import build as shim

PROGRAMS = {"edge": freeze.EDGE, "hub": freeze.HUB}
VERSION = re.compile(r"\d+\.\d+\.\d+(~[a-z0-9.]+)?")


class CannotBuild(Exception):
    """Why no release was made."""


def say(what: str) -> None:
    """A line for whoever waits."""
    sys.stderr.write(f"{what}\n")


def version_of_source() -> str:
    """The version in pyproject.toml.

    Raises:
        CannotBuild: there is none.
    """
    found = re.search(
        r'^version = "([^"]+)"', (freeze.ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    if found is None:
        raise CannotBuild("pyproject.toml names no version")
    return found[1]


def build_program(
    name: str, version: str, folder: Path, work: Path, forms: tuple[str, ...] = ("deb", "rpm")
) -> list[Path]:
    """The packages of one program, and what it is made of."""
    program = PROGRAMS[name]
    say(f"freezing {program.name} {version}")
    frozen = freeze.freeze(program, version, work / name)
    sbom = folder / f"{program.name}-{version}.cdx.json"
    sbom.write_text(
        release.bill_of_materials(program.name, version, freeze.modules_of(work / name, program)), encoding="utf-8"
    )
    made = [sbom]
    for form in forms:
        say(f"packing {program.name}.{form}")
        made.append(packages.pack(program, frozen, version, platform.machine(), form, folder, sbom))
    shutil.rmtree(folder / "work", ignore_errors=True)
    return made


def build_shim(folder: Path, work: Path) -> list[Path]:
    """The libraries that this machine has compilers for, with their header and their page."""
    to = folder / "shim"
    to.mkdir(exist_ok=True)
    for target in shim.TARGETS:
        if target.possible:
            shutil.copy(shim.build(target, work / "shim"), to / target.name)
        else:
            say(f"{target.name} is left out: no {target.compiler} here")
    shutil.copy(shim.HERE / "pishkhan.h", to / "pishkhan.h")
    shutil.copy(freeze.ROOT / "docs" / "c-shim.md", to / "c-shim.md")
    return sorted(to.iterdir())


def bundle(folder: Path, version: str) -> Path:
    """One archive beside ``folder`` with all that is in it."""
    made = folder.with_name(f"pishkhan-{version}-offline.tar")
    with tarfile.open(made, "w") as archive:  # packages are compressed already
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.add(path, f"pishkhan-{version}/{path.relative_to(folder).as_posix()}", filter=_nobodys)
    return made


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member


def main(arguments: list[str]) -> int:
    """Make the release; prints each file that was made."""
    parser = argparse.ArgumentParser(prog="python -m installers.build", description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=freeze.ROOT / "dist")
    parser.add_argument("--version", default="", help="that of pyproject.toml, if none is given")
    parser.add_argument(
        "--key", type=Path, help="the Ed25519 key (PEM) that signs; without one the release is not signed"
    )
    parser.add_argument("--only", action="append", choices=[*PROGRAMS, "shim"], default=[])
    given = parser.parse_args(arguments)
    try:
        _build(given.folder, given.version or version_of_source(), given.key, given.only or [*PROGRAMS, "shim"])
    except (CannotBuild, freeze.NotFrozen, packages.NotPacked, release.KeyWrong, shim.NotCompiled) as error:
        say(str(error))
        return 1
    return 0


def _build(folder: Path, version: str, key: Path | None, parts: list[str]) -> None:
    if not VERSION.fullmatch(version):
        raise CannotBuild(f"{version} is no version: 1.2.3, or 1.2.3~rc1")
    if folder.exists() and any(folder.iterdir()):
        raise CannotBuild(f"{folder} is not empty: what lies there would be signed too")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for part in parts:
            if part == "shim":
                build_shim(folder, work)
            else:
                build_program(part, version, folder, work)
    shutil.copy(freeze.ROOT / "installers" / "verify_release.py", folder)
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    at = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    manifest = release.write_manifest(folder, version, at)
    if key is not None:
        release.sign(manifest, key)
    else:
        say("not signed: no --key")
    for path in [*sorted(path for path in folder.rglob("*") if path.is_file()), bundle(folder, version)]:
        sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
