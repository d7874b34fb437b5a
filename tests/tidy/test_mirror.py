"""The tests mirror the tree: each module that does something has a test file of its name, or a line here that says where it is tested.

Modules that only declare (limits, records, tables) need none.
"""

from __future__ import annotations

import ast
from pathlib import Path

from tests.tidy import tree

ELSEWHERE: dict[str, str] = {
    # The journal is tested by theme, through its one class: promises, power loss, a failing disk.
    "edge/journal/": "tests/edge/journal",
    # What faces share is tested over HTTP, through each face.
    "edge/faces/": "tests/edge/faces",
    # So are the console's pages, through their addresses.
    "edge/console/": "tests/edge/console",
    "edge/technicians.py": "tests/edge/console",
    "central_sync/console/": "tests/central_sync/console",
    "edge/clerks.py": "tests/edge/console",
    # What answers requests for both consoles is tested through theirs.
    "central_sync/pages/front.py": "tests/edge/console/test_routes.py",
    # What is told to a technician is tested through both programs' logs.
    "central_sync/programs/telling.py": "tests/edge/test_log.py",
}
"""Module, or folder with its slash → the test file, or folder, that exercises it."""


def _mirrored(path: Path) -> bool:
    folder = tree.ROOT / "tests" / path.parent
    return any(folder.glob(f"test_{path.stem.strip('_')}*.py"))


def _elsewhere(path: Path) -> bool:
    return any(str(path) == place or (place.endswith("/") and str(path).startswith(place)) for place in ELSEWHERE)


def _does_something(path: Path) -> bool:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return path.name != "__init__.py" and any(isinstance(node, functions) for node in ast.walk(tree.syntax(path)))


def test_every_module_has_its_test() -> None:
    modules = [path for path in tree.modules(*tree.PRODUCT) if _does_something(path)]
    assert not [str(path) for path in modules if not _mirrored(path) and not _elsewhere(path)]


def test_every_line_of_the_list_is_true_and_needed() -> None:
    modules = [path for path in tree.modules(*tree.PRODUCT) if _does_something(path)]
    for place, test in ELSEWHERE.items():
        assert (tree.ROOT / test).exists(), test
        assert any(str(path).startswith(place) and not _mirrored(path) for path in modules), f"{place} needs no line"
