"""SHELL: the folders under ``DIR/identity/``: one whole identity each, and what leads to the one in use; what was not finished goes.

An identity that cannot be written whole (the disk is full) leaves nothing behind; what a power cut left goes at a later start. The one in use is
never touched.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from edge import files, platform

CURRENT = "current"
LAST = "enrolment.json"
"""Written last: a folder without it was not finished."""
UNFINISHED_S_MIN = 60
"""Younger than this, it may be that somebody writes it at this moment."""


def store(home: Path, content: Mapping[str, bytes]) -> None:
    """Put the identity of these files (``LAST`` among them) in use, under ``home``.

    Raises:
        OSError: it cannot be written; nothing was changed.
    """
    platform.private(home)
    fresh = home / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    try:
        platform.private(fresh, fresh=True)
        for name in sorted(content, key=lambda one: one == LAST):
            files.write_new(fresh / name, content[name])
        files.sync_folder(fresh)
        platform.point(home / CURRENT, fresh.name)
    except OSError:
        if _in_use(home) != fresh:
            shutil.rmtree(fresh, ignore_errors=True)
        raise


def clear(home: Path) -> int:
    """Remove what was begun under ``home`` a while ago and not finished; how many things that were."""
    before = time.time() - UNFINISHED_S_MIN
    current, count = _in_use(home), 0
    for found in (*home.glob(f".{CURRENT}.*"), *home.glob("*Z-*")):
        if found == current or found.lstat().st_mtime > before:
            continue
        if found.is_symlink() or (found.is_file() and found.name.startswith(".")):
            found.unlink(missing_ok=True)
        elif not found.is_dir() or _finished(found):
            continue
        else:
            shutil.rmtree(found, ignore_errors=True)
        count += 1
    return count


def _in_use(home: Path) -> Path | None:
    """The folder in use; ``None``: there is none."""
    try:
        return home / platform.pointed(home / CURRENT).name
    except OSError:
        return None


def _finished(folder: Path) -> bool:
    try:
        return (folder / LAST).stat().st_size > 0
    except FileNotFoundError:
        return False
