"""The tests mirror the tree: each module of the product has a test file of its name, or a line here that says where it is tested."""

from __future__ import annotations

from pathlib import Path

from tests.tidy import tree

ELSEWHERE: dict[str, str] = {}
"""Module, or folder with its slash → the test file, or folder, that exercises it."""


def _mirrored(path: Path) -> bool:
    folder = tree.ROOT / "tests" / path.parent
    return any(folder.glob(f"test_{path.stem.strip('_')}*.py"))


def _elsewhere(path: Path) -> bool:
    return any(str(path) == place or (place.endswith("/") and str(path).startswith(place)) for place in ELSEWHERE)


def test_every_module_has_its_test() -> None:
    bare = [
        str(path)
        for path in tree.modules(*tree.PRODUCT)
        if path.name != "__init__.py" and not _mirrored(path) and not _elsewhere(path)
    ]
    assert not bare


def test_every_line_of_the_list_is_true_and_needed() -> None:
    modules = [path for path in tree.modules(*tree.PRODUCT) if path.name != "__init__.py"]
    for place, test in ELSEWHERE.items():
        assert (tree.ROOT / test).exists(), test
        assert any(str(path).startswith(place) and not _mirrored(path) for path in modules), f"{place} needs no line"
