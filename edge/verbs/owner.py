"""SHELL: whether a data folder is ours: what another account writes there, root's too, the edge could not read afterwards."""

from __future__ import annotations

from pathlib import Path

from central_sync.programs.verbs import belongs_to
from edge import platform
from edge.errors import EdgeError


def owned(folder: Path) -> None:
    """Let whoever owns ``folder`` go on, and nobody else. One that is not there yet is anybody's.

    Raises:
        EdgeError: it is another account's; the text says what to type.
    """
    account = platform.stranger_to(folder) if folder.is_dir() else None
    if account is not None:
        raise EdgeError(belongs_to(folder, account))
