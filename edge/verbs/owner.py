"""SHELL: whether a data folder is ours: what another account writes there, root's too, the edge could not read afterwards."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from edge import platform
from edge.errors import EdgeError

HELP_ASKED = "pishkhan.help_asked"
"""Under it a command's context says whether only help is asked for, which is anybody's."""


def owned(folder: Path) -> None:
    """Let whoever owns ``folder`` go on, and nobody else. One that is not there yet is anybody's.

    Raises:
        EdgeError: it is another account's; the text says what to type.
    """
    owner = platform.stranger_to(folder) if folder.is_dir() else None
    if owner is not None:
        typed = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
        raise EdgeError(
            f"{folder} belongs to account {owner}, and files of another account could not be read by its edge."
            f" Nothing was changed; type it as that account: runuser -u {owner} -- {typed}"
        )
