"""Bounds of the hub's ports, the unit last in each name."""

from __future__ import annotations

from central_sync.wire.limits import BODY_BYTES_MAX

REQUEST_BYTES_MAX = BODY_BYTES_MAX
"""Largest compressed body that is read: compression never makes a lawful body larger than its plain form by much."""
SMALL_BODY_BYTES_MAX = 64 * 1024
"""The same for what is no batch: a renewal, an offer of roots."""
LARGE_BODY_BYTES = 16 * 1024
"""From this compressed size on a body is unpacked in a thread: a backlog's takes many milliseconds, for which clerks would wait."""
HANDSHAKE_S_MAX = 10
BODY_S_MAX = 30
"""How long a client may take to send its body."""
KEEPALIVE_S = 75
"""How long an idle connection stays; longer than an edge's pause between two exchanges."""
STOP_S_MAX = 20
"""How long a stopping hub waits for work in progress."""
BACKLOG_CONNECTIONS_MAX = 4_096
"""Connections that the kernel keeps for us until they are accepted."""
SENT_UNREAD_S_MAX = 60
"""A peer that takes nothing of what it was sent for so long is cut off."""
QUEUED_S_MAX = 10
"""A batch that waited longer than this for a thread is not begun: its edge has hung up and sends it again."""
FEED_THREADS = 4
"""Threads for the feed and for looking at certificates: apart from the exchange, so that a busy hub still answers polls."""
PEOPLE_PLACES_MAX = 1_024
"""Batches that somebody waits for, from reading their body to their answer; they are small."""
BACKLOG_PLACES_MAX = 64
"""The same of backlogs, whose bodies come slowly over thin lines: enough to keep their threads busy meanwhile."""
BACKLOG_THREADS_PART = 4
"""Backlogs together have the threads divided by this, and never none."""
BACKLOG_ITEMS_MIN = 33
"""A batch of so many items is a backlog, whatever it says."""
BUSY_S_MIN = 2
BUSY_S_MAX = 300
"""The latest that an edge with a backlog is told to come again."""
FIRST_REQUEST_S_MAX = 20
"""A connection that has asked for nothing by then is closed."""
ACCEPTED_AT_ONCE_MAX = 8
"""New connections whose handshakes begin in one round of the event loop: a thousand edges that come back share it with clerks."""
COMPARISONS_WAITING_MAX = 32
RELEASES_AT_ONCE_MAX = 16
"""Releases that are being given to edges: 40 MB each, over lines of 2 Mbit/s in three minutes; together they shall leave the hub's own line its room."""

WATCH_EVERY_S = 0.2
"""How often a process looks for new feed items while somebody waits: the longest that a notice is late."""
WATCH_FAULT_PAUSE_S = 2.0
"""The same after the database failed."""

AUDIT_ROWS_WAITING_MAX = 1_000
AUDIT_REFUSALS_PER_MINUTE_MAX = 120
"""Refused connections and certificates written one by one; the rest of the minute becomes one row with a count."""

ENROL_BODY_BYTES_MAX = 32 * 1024
ENROL_FAILURES_PER_MINUTE_MAX = 10
"""Failed enrolments that one address may make."""
ENROL_PEERS_REMEMBERED_MAX = 4_096
"""Addresses counted at once; on the hub's side of a VPN there are far fewer."""
ENROL_THREADS = 2
