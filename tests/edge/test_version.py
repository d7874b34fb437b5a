"""The version that a program tells."""

from __future__ import annotations

from edge.version import version


def test_there_is_always_a_version_to_tell() -> None:
    assert version()
