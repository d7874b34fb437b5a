"""A step of the edge that fails by a fault of ours."""

from __future__ import annotations

from typing import Any

import pytest


class Fault(Exception):
    """One of ours."""


def fails_once(patch: pytest.MonkeyPatch, of: Any, name: str, at: int) -> None:
    """The call ``at`` (from 1 on) of ``of``'s ``name`` fails."""
    right, calls = getattr(of, name), 0

    def step(*given: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at:
            raise Fault
        return right(*given, **more)

    patch.setattr(of, name, step)
