"""Every bound of the edge's own, its unit last in its name."""

from __future__ import annotations

from central_sync.wire.limits import (
    BATCH_BYTES_MAX,
    EXCHANGE_S_MAX,
    FEED_WAIT_S_MAX,
    PACKET_BYTES_MAX,
)

EVENTS_PER_WATCHER_MAX = 256
WATCHERS_MAX = 200

JOURNAL_GROUP_OPERATIONS_MAX = 512
"""How many waiting operations share one commit."""
JOURNAL_WAITING_OPERATIONS_MAX = 10_000
"""Above this the journal takes no more work: the disk does not keep up."""
SWIFT_OPERATIONS_MAX = 128
"""How many of them the event loop commits by itself, at once: it does nothing else meanwhile."""
SWIFT_BYTES_MAX = 512 * 1024
"""How long the frame of such a commit may be; a whole number of pages."""
KEYS_PAGE_ROWS = 1_000
"""How many msgids' keys are learned in one piece after a start."""
JOURNAL_PAGE_BYTES = 16_384
SEGMENT_BYTES_MAX = 4 * 1024 * 1024
"""Above this, packets that wait are left for the next commit; one always fits."""
SLATE_BYTES, SLATE_BYTES_LEAST = 32 * 1024 * 1024, 2 * 1024 * 1024
"""How long the file in front of SQLite is, of two sides, and how long where the disk has little room; a commit that is larger than a side goes into SQLite itself."""
SLATE_ROOM = 16
"""So many times its length the disk has free before it is made long."""
FOLD_IDLE_S = 0.05
"""When nobody came for this long, what was written is folded into the tables."""
FOLD_RETRY_S = 1.0
"""How long a fold waits that the disk did not take."""
FOLD_RECORDS_MAX = 4_096
FOLD_BYTES_MAX = 16 * 1024 * 1024
"""At this size of what is not folded yet, it is folded even while somebody waits."""
FOLD_PORTION_BYTES = 512 * 1024
"""About so much of a fold goes to a quick disk at once, and half of it more at the most: what calls write meanwhile waits no longer than the disk needs for that."""
WAL_BYTES_MAX = 512 * 1024
"""From this size of SQLite's log on, it is copied into the file."""
WAL_BYTES_TOLD = 8 * 1024 * 1024
"""So much of it that could not be copied is told to the technician; less is left behind whoever reads."""
QUICK_CHECK_BYTES_MAX = 256 * 1024 * 1024
"""A journal up to this size is checked whole at every start; a larger one on ``doctor`` only."""
SEQ_DIGITS_MAX = 15
"""Of the number of a record that a person types; more digits are a msgid."""
OPEN_LIST_ROWS_MAX = 1_000
BROWSE_PAGE_ROWS = 50
"""How many entries a page of the journal shows."""
BROWSE_ROWS_MAX = 20_000
BROWSE_STEPS_MAX = 5
"""A page looks through so many rows at a time, and so often, for what is rare: some milliseconds each, with others' work in between."""
LANE_ENTRIES_MAX = 1_000
"""How many open entries of one case are looked up at once."""
NOTICES_KEPT_MAX = 200

MAINTENANCE_HOURS_MAX = 24
"""Maintenance ends by itself at the latest after so long: a hospital that is forgotten in it would stand still."""
MAINTENANCE_AHEAD_DAYS_MAX = 60
MAINTENANCE_REASON_CHARACTERS_MAX = 200

PRUNE_SEGMENTS_MAX = 256
PRUNE_RECORDS_MAX = 512
"""What is pruned in one transaction, so that nobody waits for long meanwhile."""
KEEP_DAYS_DEFAULT = 400
"""How long what the hub has signed for stays in the journal."""
DATA_KEY_DAYS_MAX = 90
"""A data key that is older is followed by another one: far below what one key may seal, and short of what a thief would like."""

RESERVE_BYTES_MAX = 256 * 1024 * 1024
"""Kept free for ending what is open, when new work is refused because the disk is nearly full; less on a small disk."""
RESERVE_OF_DISK_DIVISOR = 20
CAPACITY_WINDOW_S = 24 * 3600.0
CAPACITY_OBSERVED_S_MIN = 600.0
"""A rate is believed when it was observed for so long."""
CAPACITY_HOURS_LOW = 72
"""A technician is told when the disk lasts for less than a long weekend."""
CAPACITY_LOOK_S = 0.25
"""How old the knowledge of the disk's room may be when new work is taken: at a gigabyte a second still within the reserve."""

ANSWER_MARGIN_MS_MAX = 300
"""Kept of every deadline for the commit of the decision and the way back: a fifth of it, at most this."""
DOWN_PATIENCE_MS = 1_500
"""How long a call waits for a line that is known to be down before it is answered without it."""
LINE_LOOK_MS = 100
"""How often a waiting call looks whether the line is still worth waiting for."""

CONNECT_TIMEOUT_S = 5.0
ANSWER_TOLD_S = 60.0
"""How long it is told how long the last exchange took."""
COMPARE_TRIES = 4
"""How often a comparison is begun whose answers contradict each other, since the hub goes on working."""
COMPARE_PAUSE_S = 0.5
COMPARE_EVERY_S = 12 * 3600.0
COMPARED_BACK_DAYS = 4
COMPARED_LATEST_S = 900.0
"""The job compares what was recorded in the last days but for the last quarter of an hour, in which answers are still on their way."""
COMPARE_LISTED_MAX = 100
"""Differences of each kind that a report names, unless its reader asks for more: it goes over the control socket in one line."""
PACKED_AT_ONCE_ITEMS_MAX = 16
"""A batch of more items is compressed in a thread of its own, so that nobody waits behind it."""
EXCHANGE_TIMEOUT_S = float(EXCHANGE_S_MAX)
FEED_GRACE_S = 8.0
FEED_WAIT_S = 25.0
FEED_WAIT_SKEWED_S = 2.0
"""While the clocks differ too much, so that it is soon known when they agree again."""
FEED_WAIT_PART_MIN = 0.8
"""The wait is drawn between this part of it and the whole, so that the edges of one hub do not poll in step."""
REPORT_PAUSE_S = 1.5
"""A poll that follows sooner on one with a report bears none."""
FEED_PAUSE_S = 0.5
"""Between polls that bring nothing and end at once, so that a hub that does not hold them is not hammered."""
ATTEMPT_PATIENCE_S = 2.0
"""An exchange older than this is given up when somebody asks for what it carries: sending again is always safe."""
WORKERS = 12
BACKLOG_WORKERS = 4
BACKLOG_WORKERS_FAR = 8
FAR_S = 0.25
"""How many batches of the backlog are under way at once; more when the way there and back takes so long that the line would stand idle."""
WINDOW_ENTRIES_MAX = 4_096
"""How many entries that nobody waits for are in memory; the others wait in the journal."""
WINDOW_READ_ENTRIES = 1_024
"""How many are read at a time when there is room."""
LANE_WINDOW_MAX = 256
"""How many of one lane are in memory, so that one long lane does not keep the others out."""
INTERACTIVE_ITEMS_MAX = 32
"""A batch that somebody waits for; the hub takes larger ones for a backlog."""
INTERACTIVE_BYTES_MAX = 256 * 1024
PROBE_ITEMS_MAX = 32
"""What tries a line that is down is small."""
BATCH_FIRST_BYTES = 64 * 1024
BATCH_TARGET_S = 1.2
BATCH_TARGET_S_MAX = 5.0
"""How long a batch of the backlog shall take, on a near and on a far line."""
RETURN_SPREAD_S_MAX = 20.0
RETURN_SPREAD_DIVISOR = 20
"""Over how long the backlogs of many edges begin after an outage: a part of it, and no longer than the most."""
BUSY_FIRST_S = 0.5
BUSY_CAP_S = 60.0
PARK_TRIES_MAX = 10
"""How often an entry may fail by itself, while others do not, before it is parked."""
SUSPECT_SILENCE_S_MAX = 40.0
"""A break of work under suspicion says nothing of the line if the hub was heard within this."""
PROBE_GAP_S = 0.25
PROBE_GAP_S_MAX = 4.0
RETRY_FIRST_S = 0.5
RETRY_CAP_S = 20.0
LANE_RETRY_FIRST_S = 0.25
LANE_RETRY_CAP_S = 30.0
STOP_GRACE_S = 2.0
RENEW_LOOK_EVERY_S = 15
"""How often the edge looks whether its certificate is due to be renewed."""
LIFE_PAUSE_S = 3600
"""So soon the journal does not begin another life: two boxes with one identity would take turns for ever."""
ROOTS_LOOK_EVERY_S = 3600
"""How often the edge looks whether a day is over that both sides have not signed."""
BUNDLE_REFUSED_PAUSE_S = 300.0
"""How long the edge waits before it asks again for a rulebook that the hub does not give it."""
RENEW_PAUSE_S = 300.0
"""After a renewal in vain, at least; up to twice that, so that edges whose hub was away do not come at once."""
RENEW_ENDED_PAUSE_S = 20.0
"""The same when the certificate has ended and the hub was not reached: without it there is no line."""
JOURNAL_RETRY_S = 1.0
"""How long answers wait that the journal could not take."""

DRILL_SPREAD_S = 10.0
"""All edges hear of the next authority within a second: each waits a random part of this before it drills."""
DRILL_RETRY_S = 600.0
"""A drill that failed is tried again at this pace."""
ANCHORS_LOOK_S = 20.0
TRAIL_PAUSE_S = 600.0
"""While the line is down, the enrol port is asked at this pace whether the hub has another authority by now; first after one look."""

assert DOWN_PATIENCE_MS > ANSWER_MARGIN_MS_MAX
assert FEED_WAIT_S <= FEED_WAIT_S_MAX
assert 0 < BACKLOG_WORKERS <= BACKLOG_WORKERS_FAR < WORKERS
assert CONNECT_TIMEOUT_S < EXCHANGE_TIMEOUT_S
assert PACKET_BYTES_MAX <= BATCH_BYTES_MAX
assert PACKET_BYTES_MAX < SEGMENT_BYTES_MAX <= FOLD_BYTES_MAX
assert BATCH_FIRST_BYTES <= INTERACTIVE_BYTES_MAX <= BATCH_BYTES_MAX
assert FEED_WAIT_S + FEED_GRACE_S < SUSPECT_SILENCE_S_MAX
assert BATCH_TARGET_S <= BATCH_TARGET_S_MAX < EXCHANGE_TIMEOUT_S
assert LANE_WINDOW_MAX < WINDOW_READ_ENTRIES
assert WINDOW_READ_ENTRIES <= WINDOW_ENTRIES_MAX // 2
