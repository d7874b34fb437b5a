"""Packages of a frozen program for Debian and for RPM systems, by nfpm: files, unit, account, and what happens when they come and go.

Code lies under ``/opt/pishkhan``, data under ``/var/lib/NAME``; removing a package keeps the data, purging it (Debian) ends them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from installers.freeze import ROOT, Program

HERE = Path(__file__).resolve().parent / "package"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
SCRIPTS = {"postinstall": "after_install.sh", "preremove": "before_remove.sh", "postremove": "after_remove.sh"}
DOCUMENTS = ("operating.md", "appliance.md", "embed-api.md", "errors.md", "CHANGELOG.md")


class NotPacked(Exception):
    """nfpm's words."""


ROOTS_UNITS = (
    "pishkhan-firmware-settle.service", "pishkhan-update.service", "pishkhan-update.timer", "pishkhan-update-settle.service",
    "pishkhan-tunnel-next.service", "pishkhan-tunnel-next.path",
)  # fmt: skip
"""Of root, without an account or settings of their own."""


@dataclass(frozen=True)
class Kind:
    """What a program's package is besides the program."""

    accounts: tuple[str, ...]
    """Also the names of its units and of its folders under ``/var/lib``."""
    says: str
    recommends: tuple[str, ...] = ()


KINDS = {
    "pishkhan-edge": Kind(
        ("pishkhan-edge", "pishkhan-agent", "pishkhan-tunnel"),
        "The hospital's gateway to its insurers, and the agent for card readers of a clerk's computer.",
        ("libpcsclite1", "pcscd", "libccid"),
    ),
    "pishkhan-hub": Kind(("pishkhan-hub",), "The hub that hospitals' gateways speak with.", ()),
}


def pack(
    program: Program, frozen: Path, version: str, machine: str, form: str, folder: Path, sbom: Path | None = None
) -> Path:
    """The package of ``program`` in ``folder``; ``form`` is ``deb`` or ``rpm``.

    Raises:
        NotPacked: nfpm failed.
    """
    work = folder / "work" / f"{program.name}-{form}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    described = work / "nfpm.json"  # JSON is YAML
    described.write_text(
        json.dumps(_described(program, frozen, version, machine, work, sbom), indent=1), encoding="utf-8"
    )
    before = set(folder.glob(f"*.{form}"))
    command = [_nfpm(), "package", "-f", str(described), "-p", form, "-t", str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 -- our own list
    if done.returncode:
        raise NotPacked(f"{program.name}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    made = sorted(
        folder.glob(f"{program.name}*{version}*.{form}"), key=lambda path: (path not in before, path.stat().st_mtime)
    )
    return made[-1]


def _nfpm() -> str:
    beside = Path(sys.executable).with_name("nfpm")
    return str(beside) if beside.exists() else "nfpm"


def _described(
    program: Program, frozen: Path, version: str, machine: str, work: Path, sbom: Path | None
) -> dict[str, object]:
    kind = KINDS[program.name]
    scripts = {}
    for when, name in SCRIPTS.items():
        filled = _filled(name, kind, version if program.package == "edge" else "")
        (work / name).write_text(filled, encoding="utf-8")
        scripts[when] = str(work / name)
    return {
        "name": program.name,
        "arch": ARCHITECTURES.get(machine, machine),
        "platform": "linux",
        "version": version,
        "version_schema": "none",
        "section": "net",
        "priority": "optional",
        "maintainer": "Pishkhan <pishkhan@localhost>",
        "description": f"{kind.says}\nNothing else is needed: it carries its own Python.",
        "license": "Apache-2.0",
        "contents": _contents(program, version, frozen, sbom, work),
        "scripts": scripts,
        "overrides": {
            "deb": {"depends": ["libc6 (>= 2.36)", "passwd"], "recommends": list(kind.recommends)},
            "rpm": {"depends": ["glibc >= 2.34", "shadow-utils"]},
        },
        "deb": {"compression": "zstd"},
        "rpm": {"compression": "zstd", "group": "System"},
    }


def _filled(script: str, kind: Kind, release: str) -> str:
    """``script`` of a package; ``release`` is the version that the link of the edge's releases is to name, empty where there is no such link."""
    text = (HERE / script).read_text(encoding="utf-8")
    return text.replace("@ACCOUNTS@", " ".join(kind.accounts)).replace("@RELEASE@", release)


def _contents(program: Program, version: str, frozen: Path, sbom: Path | None, work: Path) -> list[dict[str, object]]:
    short = program.name.removeprefix("pishkhan-")
    documents = f"/usr/share/doc/{program.name}"
    texts = {ROOT / "LICENSE": f"{documents}/copyright"}
    texts |= {ROOT / "docs" / name: f"{documents}/{name}" for name in DOCUMENTS}
    if short == "edge":
        for path in ("edge_defaults.toml", "sites/example-hospital.toml"):
            texts[ROOT / "firmware_cfg" / path] = f"{documents}/{Path(path).name}"
        for unit in ROOTS_UNITS:
            texts[ROOT / "firmware_cfg" / "units" / unit] = f"/usr/lib/systemd/system/{unit}"
    for unit in KINDS[program.name].accounts:
        texts[ROOT / "firmware_cfg" / "units" / f"{unit}.service"] = f"/usr/lib/systemd/system/{unit}.service"
    if sbom is not None:
        texts[sbom] = f"{documents}/{sbom.name}"
    locals_ = [f"/etc/systemd/system/{unit}.service.d/local.conf" for unit in KINDS[program.name].accounts]
    # the edge's releases lie side by side, and updates exchange the link to the one that runs (edge/update)
    where, link = (f"releases/{version}", "current") if short == "edge" else (short, short)
    found: list[dict[str, object]] = [
        {"src": str(frozen), "dst": f"/opt/pishkhan/{where}", "type": "tree"},
        {"src": f"../{link}/{program.name}", "dst": f"/opt/pishkhan/bin/{program.name}", "type": "symlink"},
        {"src": f"/opt/pishkhan/bin/{program.name}", "dst": f"/usr/bin/{program.name}", "type": "symlink"},
    ]
    found += [{"src": str(_kept(source, work)), "dst": there} for source, there in texts.items()]
    found += [{"src": str(HERE / "local.conf"), "dst": there, "type": "config|noreplace"} for there in locals_]
    return found


def _kept(source: Path, work: Path) -> Path:
    """A copy: somebody may write into the source while it is packed."""
    return Path(shutil.copy(source, work / source.name))
