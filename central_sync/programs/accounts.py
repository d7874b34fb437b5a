"""SHELL: whose a folder is: what another account writes there, root's too, its program could not read afterwards."""

from __future__ import annotations

import os
import pwd
from pathlib import Path


def stranger_to(folder: Path) -> str | None:
    """The account that ``folder`` belongs to, if that is not ours: its name, or, where it has none, its number behind a ``#``.

    Raises:
        OSError: it is not there, or cannot be looked at.
    """
    owner = folder.stat().st_uid
    if os.geteuid() == owner:
        return None
    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:
        return f"#{owner}"
