"""The version of what is installed."""

from __future__ import annotations

import contextlib
from importlib import metadata


def version() -> str:
    """The version of what is installed, or ``0`` when run from a bare tree."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version("pishkhan")
    return "0"
