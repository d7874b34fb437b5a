"""Both sides have every name, with the same form, and nothing else in the edge asks which system it runs on."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

from edge import platform
from edge.platform import linux_aio, loopback, posix, unix_socket, windows
from tests.tidy import tree

NAMES = sorted(set(platform.__all__) - {"Entrance", "reach"})
MODULES = {"fcntl", "grp", "msvcrt", "pwd", "resource", "termios", "winreg"}
ONLY_HERE = MODULES | {
    "AF_UNIX", "O_CLOEXEC", "O_DIRECTORY", "O_DSYNC", "O_NOFOLLOW", "O_PATH", "SO_BINDTODEVICE", "SO_REUSEADDR", "add_signal_handler", "chown", "fchmod",
    "geteuid", "getuid", "pread", "pwrite", "start_unix_server", "statvfs", "symlink_to",
}  # fmt: skip
"""What one system has and the other has not."""
LINUX_ALONE = ("edge/firmware/", "edge/update/", "edge/platform/", "edge/readers/serial_line/port.py")
"""The appliance's rooms, which Windows never enters (their verbs refuse there); and a port whose library differs."""


@pytest.mark.parametrize("name", NAMES)
def test_each_name_has_the_same_form_on_both_sides(name: str) -> None:
    one, other = getattr(posix if hasattr(posix, name) else linux_aio, name), getattr(windows, name)
    if not callable(one):
        assert type(one) is type(other)
        return
    forms = [inspect.signature(side) for side in (one, other)]
    shapes = [[(p.name.lstrip("_"), p.kind, p.default) for p in form.parameters.values()] for form in forms]
    assert shapes[0] == shapes[1]
    assert forms[0].return_annotation == forms[1].return_annotation


def test_each_is_told_of_in_the_table() -> None:
    table = platform.__doc__ or ""
    assert not [name for name in platform.__all__ if f"``{name}``" not in table and name != "say_utf8"]
    for side in (unix_socket, loopback):
        assert inspect.signature(side.reach) == inspect.signature(unix_socket.reach)


def test_nothing_else_in_the_edge_uses_what_only_one_system_has() -> None:
    found = []
    for path in sorted((tree.ROOT / "edge").rglob("*.py")):
        where = path.relative_to(tree.ROOT).as_posix()
        if where.startswith(LINUX_ALONE):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = {node.attr} - MODULES if isinstance(node, ast.Attribute) else set()
            if isinstance(node, ast.Import):
                named = {one.name for one in node.names}
            found += [f"{where}:{node.lineno} {name}" for name in named & ONLY_HERE if hasattr(node, "lineno")]
    assert not found, "\n".join(found)


def test_what_does_that_is_found(tmp_path: Path) -> None:
    named = [n.attr for n in ast.walk(ast.parse("import os\nos.pwrite(1, b'', 0)")) if isinstance(n, ast.Attribute)]
    assert set(named) & ONLY_HERE
