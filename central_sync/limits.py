"""Every bound of the hub, its unit last in its name."""

from __future__ import annotations

from central_sync.wire.limits import (
    ANSWER_BYTES_USUAL,
    BATCH_ITEMS_MAX,
    BODY_BYTES_MAX,
    COMPARE_ITEMS_MAX,
    EXCHANGE_S_MAX,
    ITEM_FRAME_BYTES_MAX,
)

SQLITE_VERSION_MIN = (3, 51, 3)
"""Older libraries can corrupt a database in write-ahead mode."""
SQLITE_BUSY_MS_MAX = 30_000
WAL_PAGES_EASY = 1_000
"""Pages of SQLite's write-ahead file that wait to be moved into the database before the writer does so."""
WRITER_CACHE_KB = 64 * 1024
POOL_CONNECTIONS_MAX = 16
POOL_OVERFLOW_CONNECTIONS_MAX = 16
POOL_WAIT_S_MAX = 5
LOCK_WAIT_MS_MAX = 3_000
"""How long PostgreSQL waits for a row lock before the work is given back to be done again."""
WRITE_WAIT_S_MAX = 5
"""How long a thread waits for its turn to write on SQLite before the work is given back."""
CONNECT_S_MAX = 5
IDLE_IN_TRANSACTION_MS_MAX = 60_000
"""After this long PostgreSQL ends a unit of work that asks for nothing: a hub that froze in it must not keep its locks."""
PEER_SILENT_S_MAX = 30
"""How long either end of a PostgreSQL connection believes in a peer that answers no probe."""
RULEBOOK_LOOK_S = 2.0
"""How often a hub process looks whether another rulebook is in force."""
RULEBOOKS_LOADED_MAX = 3
"""Rulebooks that a process holds ready: the one in force, and those that somebody recomputes with."""
INTAKE_ATTEMPTS_MAX = 4
"""How often one item is tried when another unit of work was in its way."""
ITEM_RETRY_S_MAX = 2
"""An item that was held up for longer than this is not tried again in the same batch: others wait behind it."""
GROUP_ITEMS_MAX = 128
"""Items of a batch that share one commit."""
GROUP_MS_MAX = 50
"""After this long a group is committed: somebody may wait for its turn, or for a row that it holds."""
GROUP_LOCK_WAIT_MS_MAX = 200
"""How long a group waits for a row of somebody else (PostgreSQL) before its items are taken one by one: shorter than the server's
own look for deadlocks, so that two groups that hold rows of each other part soon."""
BATCH_S_MAX = 8
"""After this long the rest of a batch is given back unhandled, so that what was decided is told while the edge still listens."""
DIGEST_BYTES = 32
BIRTH_YEAR_MIN = 1850
UNCERTAIN_ROWS_MAX = 1_000
FEES_PER_CASE_LINES_MAX = 10_000
"""Lines that a case ever had: so that a settlement's answer fits into one body."""
LINE_ANSWER_BYTES_MAX = 220
LINES_TOLD_BY_SHARE_MAX = 2_000
"""Lines of a settlement up to which it says what each share pays of each line."""
LINE_SHARE_BYTES_MAX = 9
INTERIM_SETTLEMENTS_PER_STAY_MAX = 200
ANSWER_BYTES_MAX = 4 * 1024 * 1024
"""What answers of a batch may come to before the rest is given back to be sent again."""
COMPARE_ROWS_MAX = 1_000_000
"""Transactions of one comparison; about 250 MB while the hub sorts them, 32 MB after."""
COMPARE_ROWS_KEPT_MAX = 2_000_000
"""Transactions of all comparisons that are kept in memory between their rounds, 32 bytes each."""
COMPARE_KEPT_S = 120
RECORDED_YEAR_MIN = 2000
RECORDED_YEAR_MAX = 2999
MEMBER_LINE_BYTES_MAX = 64 * 1024
MEMBER_FILE_ERRORS_MAX = 100
MEMBER_IMPORT_LINES_PER_STEP = 500
COVERS_PER_MEMBER_MAX = 32
APPROVALS_PER_MEMBER_MAX = 64
HID_BLOCK_SERIALS_MAX = 1_000_000
FEED_ROWS_MAX = 256
AUDIT_ROWS_MAX = 10_000

assert min(COMPARE_ITEMS_MAX, COMPARE_ROWS_KEPT_MAX) >= COMPARE_ROWS_MAX
assert INTAKE_ATTEMPTS_MAX >= 1
assert GROUP_MS_MAX + GROUP_LOCK_WAIT_MS_MAX < LOCK_WAIT_MS_MAX
assert ITEM_RETRY_S_MAX * 1000 < LOCK_WAIT_MS_MAX, "who waited for a lock in vain does not wait again"
assert ITEM_RETRY_S_MAX < WRITE_WAIT_S_MAX
assert BATCH_S_MAX + max(LOCK_WAIT_MS_MAX / 1000, WRITE_WAIT_S_MAX) < EXCHANGE_S_MAX, "the edge has hung up by then"
assert ANSWER_BYTES_USUAL * BATCH_ITEMS_MAX <= ANSWER_BYTES_MAX, "a usual batch is answered whole"
assert (
    ANSWER_BYTES_MAX
    + FEES_PER_CASE_LINES_MAX * LINE_ANSWER_BYTES_MAX
    + LINES_TOLD_BY_SHARE_MAX * COVERS_PER_MEMBER_MAX * LINE_SHARE_BYTES_MAX
    + ITEM_FRAME_BYTES_MAX * BATCH_ITEMS_MAX
    <= BODY_BYTES_MAX
), "whatever a batch's answers come to, they fit into one body"
