"""Writing a small file so that a power cut leaves either the old one or the new one, and nobody else can read it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from edge import platform

OWNER_ONLY = 0o600


def replace(path: Path, content: bytes, mode: int = OWNER_ONLY) -> None:
    """Put ``content`` at ``path`` atomically and durably: temporary file, fsync, rename, fsync of the folder.

    Raises:
        OSError: it cannot be written; the old file is untouched.
    """
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        write_new(fresh, content, mode)
        platform.replace(fresh, path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_new(path: Path, content: bytes, mode: int = OWNER_ONLY) -> None:
    """Create ``path`` with ``content`` and bring it to the disk; it must not exist."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | platform.OPENED, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to the disk."""
    platform.sync_folder(folder)
