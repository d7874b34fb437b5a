"""What the tidy tests look at: every file that is, or would be, committed."""

from __future__ import annotations

import ast
import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("edge", "central_sync")


@functools.cache
def files() -> tuple[Path, ...]:
    """Every file known to git, or new and not ignored, relative to the root, sorted."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    paths = {Path(name) for name in listed.split("\0") if name}
    return tuple(sorted(path for path in paths if (ROOT / path).is_file()))


def modules(*tops: str) -> list[Path]:
    """The Python files under the top-level folders ``tops`` (all folders if none is given)."""
    return [path for path in files() if path.suffix == ".py" and (not tops or path.parts[0] in tops)]


def text(path: Path) -> str:
    """The text of a file given relative to the root."""
    return (ROOT / path).read_text(encoding="utf-8")


@functools.cache
def syntax(path: Path) -> ast.Module:
    """The parsed module at ``path``."""
    return ast.parse(text(path), str(path))


def dotted(path: Path) -> str:
    """``edge/faces/embed/codec.py`` → ``edge.faces.embed.codec``; a package is its ``__init__``."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
