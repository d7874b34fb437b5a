"""Every bound of the hub, its unit last in its name."""

from __future__ import annotations

SQLITE_VERSION_MIN = (3, 51, 3)
"""Older libraries can corrupt a database in write-ahead mode."""
SQLITE_BUSY_MS_MAX = 30_000
POOL_CONNECTIONS_MAX = 16
POOL_OVERFLOW_CONNECTIONS_MAX = 16
POOL_WAIT_S_MAX = 30
LOCK_WAIT_MS_MAX = 20_000
"""How long PostgreSQL waits for a row lock before the work is given back to be done again."""
INTAKE_ATTEMPTS_MAX = 4
"""How often one item is tried when another unit of work was in its way."""
UNCERTAIN_ROWS_MAX = 1_000
FEES_PER_CASE_LINES_MAX = 20_000
MEMBER_LINE_BYTES_MAX = 64 * 1024
MEMBER_FILE_ERRORS_MAX = 100
MEMBER_IMPORT_LINES_PER_STEP = 500
COVERS_PER_MEMBER_MAX = 32
HID_BLOCK_SERIALS_MAX = 1_000_000
FEED_ROWS_MAX = 256
AUDIT_ROWS_MAX = 10_000

assert INTAKE_ATTEMPTS_MAX >= 1
