"""The files of the repository: nothing large, nothing of one machine, no addresses to download from, scripts that parse."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.tidy import tree

FILE_BYTES_MAX = 1024 * 1024
MACHINE_PATHS = re.compile(r"(?<![\w./-])/(work|home|root|Users|tmp)/[\w.-]+")
REGISTRIES = re.compile(
    "|".join(re.escape(a + b) for a, b in [("pypi", ".org"), ("pythonhosted", ".org"), ("npmjs", ".")])
)
TOP_LEVEL = {
    ".ci", ".gitignore", "LICENSE", "Makefile", "README.md", "benchmarks", "central_sync", "docs", "edge",
    "firmware_cfg", "installers", "pyproject.toml", "simulator", "tests",
}  # fmt: skip
SCRIPTS = [path for path in tree.files() if path.suffix == ".sh" or path == Path(".ci/run")]
TEXTS = [path for path in tree.files() if b"\0" not in (tree.ROOT / path).read_bytes()[:8192]]


def test_no_file_is_large() -> None:
    assert not [str(path) for path in tree.files() if (tree.ROOT / path).stat().st_size > FILE_BYTES_MAX]


def test_the_top_level_holds_only_the_rooms_of_the_plan() -> None:
    assert {path.parts[0] for path in tree.files()} <= TOP_LEVEL


def test_no_text_names_a_path_of_one_machine() -> None:
    found = [f"{path}: {m.group()}" for path in TEXTS for m in MACHINE_PATHS.finditer(tree.text(path))]
    assert not found


def test_no_text_names_a_package_registry() -> None:
    assert not [str(path) for path in TEXTS if REGISTRIES.search(tree.text(path))]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-edge.lock", "requirements-windows.lock"])
def test_a_lock_pins_every_package_by_hash_and_names_no_address(name: str) -> None:
    text = tree.text(Path("installers") / name)
    entries = re.split(r"\n(?=\S)", text.strip())
    assert "://" not in text
    assert all(re.match(r"[a-z0-9-]+==\S+", entry) and "--hash=sha256:" in entry for entry in entries)


def test_the_lock_of_the_appliance_is_a_part_of_the_whole_lock() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^([a-z0-9-]+==[^\s;]+)", tree.text(Path("installers") / name), re.MULTILINE))

    assert pins("requirements-edge.lock") < pins("requirements.lock")
    assert pins("requirements-windows.lock") < pins("requirements.lock")


@pytest.mark.parametrize("script", SCRIPTS, ids=str)
def test_a_script_parses_and_stops_at_the_first_error(script: Path) -> None:
    plain = tree.text(script).startswith("#!/bin/sh\n")  # rpm gives its scripts to whatever sh is there
    subprocess.run(["sh" if plain else "bash", "-n", str(tree.ROOT / script)], check=True, timeout=10)
    assert ("\nset -eu\n" if plain else "set -euo pipefail") in tree.text(script)
