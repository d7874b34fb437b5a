"""Bounds of releases, unit last in each name."""

from __future__ import annotations

ROOT_THRESHOLD = 2
"""Signatures of offline keys that a root needs."""
ROOT_KEYS_MAX = 8
ROOT_DAYS = 730
TARGETS_DAYS = 730
RINGS_DAYS = 30
SNAPSHOT_DAYS = 30
TIMESTAMP_DAYS = 14
"""Also how long a stick with a copy of the repository is good for."""
RENEW_DAYS_LEFT = 10
"""What the hub signs itself is signed anew when it has less left."""
RELEASE_BYTES_MAX = 512 * 1024 * 1024
RINGS = ("canary", "early", "all")

assert RENEW_DAYS_LEFT < TIMESTAMP_DAYS <= SNAPSHOT_DAYS
