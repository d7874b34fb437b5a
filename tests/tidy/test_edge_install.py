"""Design rule 1, shown by installing: the edge extra alone, from its own lock, runs the edge without the hub's rooms."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy import tree
from tests.tidy.test_imports import SHARED

pytestmark = [pytest.mark.proof, pytest.mark.timeout(600)]


def _run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def _is_for_the_edge(path: Path) -> bool:
    top, *rest = path.parts
    return top == "edge" or (top == "central_sync" and (rest == ["__init__.py"] or rest[0] in SHARED))


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a virtual environment of the edge's lock, the edge, and the shared packages; no hub."""
    root = tmp_path_factory.mktemp("appliance")
    _run(sys.executable, "-m", "venv", root / "venv", cwd=root)
    lock = tree.ROOT / "installers" / "requirements-edge.lock"
    _run(root / "venv/bin/python", "-m", "pip", "install", "-q", "--require-hashes", "-r", lock, cwd=root)
    for path in tree.files():
        if _is_for_the_edge(path):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(tree.ROOT / path, root / path)
    return root


def test_the_appliance_holds_no_library_and_no_room_of_the_hub(appliance: Path) -> None:
    code = (
        "import importlib.util as u; print([n for n in ('sqlalchemy', 'alembic', 'psycopg', 'yaml') if u.find_spec(n)])"
    )
    assert _run(appliance / "venv/bin/python", "-c", code, cwd=appliance).strip() == "[]"
    assert {path.name for path in (appliance / "central_sync").iterdir()} == {"__init__.py", *SHARED}


def test_every_module_of_the_edge_imports_on_the_appliance(appliance: Path) -> None:
    names = [tree.dotted(path) for path in tree.modules("edge") if path.name != "__main__.py"]
    code = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    _run(appliance / "venv/bin/python", "-c", code, *names, cwd=appliance)


def test_the_edges_command_line_answers_on_the_appliance(appliance: Path) -> None:
    help_text = _run(appliance / "venv/bin/python", "-m", "edge", "--help", cwd=appliance)
    for verb in ("enrol", "run", "status", "doctor", "workstation"):
        assert verb in help_text
