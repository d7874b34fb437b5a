"""Bounds of updates, unit last in each name."""

from __future__ import annotations

RELEASE_BYTES_MAX = 512 * 1024 * 1024
"""Of a release's archive, and of one file in it."""
UNPACKED_BYTES_MAX = 1024 * 1024 * 1024
UNPACKED_FILES_MAX = 50_000
POINTER_BYTES_MAX = 4 * 1024
ROOT_BYTES_MAX = 512 * 1024
DISK_BYTES_LEFT_MIN = 256 * 1024 * 1024
"""What must be left free after an update: the journal comes first."""
SOURCE_TIMEOUT_S = 30
CROWDED_S_MAX = 900.0
"""So long an updater waits altogether for a hub that gives releases to others first; then it looks again in an hour."""
RELEASES_KEPT = 2
"""The one that runs and the one before it."""
TRIAL_S = 120.0
"""So long a new version has to be well before it stays."""
ANSWER_S_MAX = 6.0
"""So long it may take until it answers and takes work, and so long it may stop doing so in between: the desk waits."""
LINE_S_MAX = 30.0
"""So long it may be without the hub, if the old one reached it; the desk works meanwhile."""
LOOK_EVERY_S = 0.25
RESTART_S_MAX = 90
FAILED_KEPT_MAX = 20

PREFLIGHT_S_MAX = 60

assert ANSWER_S_MAX < LINE_S_MAX < TRIAL_S
