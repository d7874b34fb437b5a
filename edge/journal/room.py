"""The room on the disk that a slate takes, had before it is used."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import structlog

from edge import platform
from edge.journal import frames
from edge.limits import SLATE_BYTES, SLATE_BYTES_LEAST, SLATE_ROOM

_log = structlog.get_logger(__name__)


def had(descriptor: int, path: Path, before: int) -> int:
    """Have the room for as much as it may take, where it has that already or the disk has plenty and gives it; else for the least. How long it is then.

    Raises:
        OSError: there is not even that.
    """
    if before >= SLATE_BYTES:
        return SLATE_BYTES
    if shutil.disk_usage(path.parent).free >= SLATE_ROOM * SLATE_BYTES:
        try:
            _lengthen(descriptor, before, SLATE_BYTES)
        except OSError as error:  # a quota, say
            os.ftruncate(descriptor, before)
            _log.warning("the slate is a short one, for a long one has no room", fault=type(error).__name__)
        else:
            return SLATE_BYTES
    if before < SLATE_BYTES_LEAST:
        _lengthen(descriptor, before, SLATE_BYTES_LEAST)
    return SLATE_BYTES_LEAST


def _lengthen(descriptor: int, before: int, size: int) -> None:
    """Have the room for all of it. Where each side begins it is written, too, as far as commits mostly come: to write over a block costs half of what a
    new one does.
    """
    ahead = SLATE_BYTES_LEAST // 2 if platform.allot(descriptor, size) else size
    for begin, end in frames.sides(size):
        first = max(before, begin)
        write(descriptor, bytes(max(0, min(end, begin + ahead) - first)), first)


def write(descriptor: int, data: bytes, at: int) -> None:
    """Write all of it, in as many steps as it takes."""
    while data:
        done = platform.write_synced(descriptor, data, at)
        data, at = data[done:], at + done
