"""SHELL: the trust anchors that other programs of this box look after, for the report to the hub: the tunnel's other end and the root of updates.

Read from what those programs leave for everybody; what cannot be read is not told.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from edge.firmware import UPDATE_FOLDER
from edge.firmware.succession import end_of
from edge.update import state
from edge.update.state import UpdateFailed


class Beside(NamedTuple):
    """As the fields of the report: see ``EdgeReport``."""

    tunnel: str = ""
    tunnel_next: str = ""
    tunnel_drill: str = ""
    update_root: int = 0
    update: str = ""


def beside(root: Path) -> Beside:
    """What is known of them on the appliance below ``root``."""
    end = end_of(root)
    folder = root / UPDATE_FOLDER
    try:
        last = state.load(folder).last
    except UpdateFailed:
        last = None  # the updater says so itself
    return Beside(
        tunnel=end.key,
        tunnel_next=end.following.following,
        tunnel_drill=end.following.result,
        update_root=state.root_version(folder),
        update=last.code if last is not None else "",
    )
