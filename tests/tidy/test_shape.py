"""Shape of the code: small modules, small functions, a docstring first, no swallowed errors, honest names."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from tests.tidy import tree

MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
REASON_CHARACTERS_MIN = 15
NAMES_THAT_SAY_NOTHING = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers", "lib", "libs"}
CLASS_ENDINGS_THAT_SAY_NOTHING = ("Manager", "Helper", "Helpers", "Util", "Utils")
WORDS_WE_DO_NOT_USE = {"outbox", "spool", "encounter", "submission", "adapter"}
CLOCKS = {"now", "utcnow", "today"}
MAY_PRINT = {"__main__.py", "generate_docs.py"}

LONGER: dict[str, str] = {}
"""Module → why it may be longer, or hold a longer function."""
MIGRATIONS = Path("central_sync/store/migrations/versions")
"""A migration is a list of statements with a date; slicing it would hide what it does."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(path: Path) -> list[Function]:
    return [node for node in ast.walk(tree.syntax(path)) if isinstance(node, Function)]


def test_no_module_is_longer_than_its_budget() -> None:
    long = {
        str(path): lines
        for path in tree.modules()
        if (lines := tree.text(path).count("\n")) > MODULE_LINES_MAX and str(path) not in LONGER
    }
    assert not long


def test_no_function_is_longer_than_its_budget() -> None:
    long = [
        f"{path}: {node.name}"
        for path in tree.modules()
        if str(path) not in LONGER and MIGRATIONS not in path.parents
        for node in _functions(path)
        if (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert not long


def test_every_reason_for_length_is_still_needed() -> None:
    assert set(LONGER) <= {str(path) for path in tree.modules()}


def test_every_module_says_first_what_it_is_for() -> None:
    assert not [str(path) for path in tree.modules() if not ast.get_docstring(tree.syntax(path))]


def test_no_module_or_class_is_named_for_nothing() -> None:
    modules = [str(path) for path in tree.modules() if set(path.with_suffix("").parts) & NAMES_THAT_SAY_NOTHING]
    classes = [
        f"{path}: {node.name}"
        for path in tree.modules()
        for node in ast.walk(tree.syntax(path))
        if isinstance(node, ast.ClassDef) and node.name.endswith(CLASS_ENDINGS_THAT_SAY_NOTHING)
    ]
    assert not modules + classes


def test_names_use_the_words_of_the_house() -> None:
    """docs/glossary.md says which word is used instead."""
    found = [
        f"{path}: {node.name}"
        for path in tree.modules(*tree.PRODUCT)
        for node in ast.walk(tree.syntax(path))
        if isinstance(node, Function | ast.ClassDef)
        and {word.lower() for word in re.findall(r"[A-Za-z][a-z]*", node.name)} & WORDS_WE_DO_NOT_USE
    ]
    assert not found


def _is_broad(handler: ast.ExceptHandler) -> bool:
    names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        name is None or (isinstance(name, ast.Name) and name.id in ("Exception", "BaseException")) for name in names
    )


def _has_reason(handler: ast.ExceptHandler, lines: list[str]) -> bool:
    """A comment of some length, on the line before, on the line itself, or before the first statement."""
    around = lines[handler.lineno - 2 : handler.body[0].lineno]
    comments = (re.sub(r"#\s*noqa[:\w ,]*", "", line.partition("#")[1] + line.partition("#")[2]) for line in around)
    return sum(len(comment.strip("#- ")) for comment in comments) >= REASON_CHARACTERS_MIN


def test_every_broad_except_gives_its_reason() -> None:
    bare = []
    for path in tree.modules(*tree.PRODUCT, "simulator", "benchmarks"):
        lines = tree.text(path).splitlines()
        for node in ast.walk(tree.syntax(path)):
            if isinstance(node, ast.ExceptHandler) and _is_broad(node) and not _has_reason(node, lines):
                bare.append(f"{path}:{node.lineno}")
    assert not bare


def test_nothing_is_caught_and_dropped_without_a_word() -> None:
    dropped = []
    for path in tree.modules(*tree.PRODUCT, "simulator", "benchmarks"):
        lines = tree.text(path).splitlines()
        for node in ast.walk(tree.syntax(path)):
            if not isinstance(node, ast.ExceptHandler) or len(node.body) != 1 or not isinstance(node.body[0], ast.Pass):
                continue
            if not any("#" in line for line in lines[node.lineno - 1 : (node.end_lineno or node.lineno)]):
                dropped.append(f"{path}:{node.lineno}")
    assert not dropped, "say in a comment why this may be dropped"


def test_only_command_lines_print() -> None:
    printing = [
        f"{path}:{node.lineno}"
        for path in tree.modules(*tree.PRODUCT)
        if path.name not in MAY_PRINT
        for node in ast.walk(tree.syntax(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not printing


@pytest.mark.parametrize("package", tree.PRODUCT)
def test_every_folder_of_code_is_a_package(package: str) -> None:
    folders = {path.parent for path in tree.modules(package)}
    assert not [str(folder) for folder in folders if not (tree.ROOT / folder / "__init__.py").is_file()]


def _pure() -> list[str]:
    """The modules (with wildcards) that the contract on PURE files names."""
    settings = tomllib.loads(tree.text(Path("pyproject.toml")))
    contracts = settings["tool"]["importlinter"]["contracts"]
    return next(contract["source_modules"] for contract in contracts if contract["name"].startswith("3."))


def _matches(module: str, pattern: str) -> bool:
    """Whether ``module`` is ``pattern`` or inside it; ``*`` stands for one part."""
    parts, wanted = module.split("."), pattern.split(".")
    return len(parts) >= len(wanted) and all(w in ("*", p) for p, w in zip(parts, wanted, strict=False))


def test_every_module_that_calls_itself_pure_is_held_to_it() -> None:
    held = _pure()
    loose = [
        str(path)
        for path in tree.modules(*tree.PRODUCT)
        if re.search(r"\bPURE\b", ast.get_docstring(tree.syntax(path)) or "")
        and not any(_matches(tree.dotted(path), pattern) for pattern in held)
    ]
    assert not loose, "add it to the contract on PURE files in pyproject.toml"


def test_no_pure_module_asks_the_time() -> None:
    asking = [
        f"{path}:{node.lineno}"
        for path in tree.modules(*tree.PRODUCT)
        if any(_matches(tree.dotted(path), pattern) for pattern in _pure())
        for node in ast.walk(tree.syntax(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS
    ]
    assert not asking
