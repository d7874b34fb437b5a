"""Bounds of the fleet, the unit last in each name."""

from __future__ import annotations

AUTHORITY_DAYS = 3652
"""How long the hub's own authority lives: ten years; the next one takes its place while both are believed."""
AUTHORITY_WARNING_DAYS = 365
"""From this many days before its end the hub's log asks for the next one."""
PACK_BYTES_MAX = 4 * 1024 * 1024
"""Of an authority's folder as one stream: two authorities, and a few hundred certificates and words."""
AUTHORITY_LOOK_S = 2.0
"""How often a running hub looks whether another authority is in use, or announced."""
ACTIVE_DAYS = 7
"""An edge that reported within so many days is one that a switch must not lose."""
SERVER_CERTIFICATE_DAYS = 398
SERVER_RENEWAL_DAYS = 30
"""At start a server certificate with less than this left is made anew."""
SIGNER_CERTIFICATE_DAYS = 398
SIGNER_RENEWAL_DAYS = 30
"""A signer with less than this left is followed by a new one; its certificate is kept for ever, its key is not."""
EDGE_CERTIFICATE_DAYS = 398
EDGE_WARNING_DAYS = 30
"""From this many days before an edge's certificate ends, the hub's log and status say so."""
RENEWAL_LATE_DAYS_MAX = 180
"""How long after its end an edge's certificate may still be renewed by its key: an outage, a closed ward, a box on a shelf."""
RENEWALS_PER_DAY_MAX = 12
"""New certificates for one hospital within 24 hours, enrolments among them: an edge whose answers are lost asks again with a new key."""
RENEWAL_OVERLAP_MINUTES = 15
"""How long a renewed certificate is good beside the new one, counted from its issue: exchanges under way end with the old."""
CERTIFICATES_LOOKED_AT_MAX = 32
"""Of one hospital, when it is asked whose key signed something."""
CLOCK_ALLOWANCE_S = 3600
"""Certificates begin this much in the past, for edges whose clock is behind."""
SIGNING_REQUEST_CHARACTERS_MAX = 8192

INVITATION_HOURS_DEFAULT = 24
INVITATION_HOURS_MAX = 24 * 14
INVITATION_KEPT_DAYS = 30
"""How long an expired invitation stays in the store for questions."""

HID_BLOCK_SERIALS = 5_000
"""How many HIDs one lease holds: about three days of a large hospital without a line."""
HIDS_LOW = 2_500
"""Below this many left at the edge, and none on the way, the hub leases another block."""
HIDS_LEFT_MAX = 10_000_000
"""The most that an edge may claim to have left; more is a mistake."""

HEAD_KEPT_EVERY_S = 10
"""A journal's head that batches tell is written at most this often by one process."""

REPORTS_WRITTEN_EVERY_S = 2.0
"""How often what edges report is written, all of it in one commit."""
HISTORY_SLOT_S = 1_800
HISTORY_SLOTS = 336
"""A ring of half hours: a week."""
HISTORY_WRITTEN_EVERY_S = 300
"""How often one process writes the worst of the present half hour of an edge."""
OUTAGES_KEPT_DAYS = 400
WATCHED_EVERY_S = 3.0
PLACES_LOOKED_AT_EVERY_S = 30
REPORTS_OVERLAP_S = 20
"""How far the watch reads back: a commit of another process may come a while after the instants in it."""

NOTICE_CHARACTERS_MAX = 500

assert HIDS_LOW < HID_BLOCK_SERIALS
assert EDGE_WARNING_DAYS < EDGE_CERTIFICATE_DAYS
assert SERVER_RENEWAL_DAYS < SERVER_CERTIFICATE_DAYS

BODIES_KEPT_MAX = 32
"""Bodies of bundles that a process holds, one for each region and tier: a megabyte each, for a catalogue of 50,000 rows."""
FILES_KEPT_MAX = 64
"""Bundles that are being fetched: each holds a copy of its body."""

MASS_EDGES = 20
MASS_SHARE = 0.2
"""So many edges that are silent at once, and such a part of all, are one alert and not many."""
ALERTS_ASKED_EVERY_S = 60
"""How often the measures that need the database are looked at."""
ALERTS_TOLD_MAX = 20
"""Alerts that one message names; the others it counts."""
MESSAGES_FREE = 6
MESSAGES_WINDOW_S = 600
MESSAGES_PAUSE_S = 300
"""So many messages within the window, and the next waits for a pause: then one tells all that has come meanwhile."""
MESSAGE_TRIES_MAX = 14
MESSAGE_RETRY_S_MIN = 15
MESSAGE_RETRY_S_MAX = 3_600
"""A message that is not taken is tried again at growing intervals, for some eight hours."""
MESSAGE_TAKEN_S = 120
"""Whoever delivers a message has it to himself for so long."""
MESSAGE_S_MAX = 20
"""How long one delivery may take."""
MESSAGES_KEPT_DAYS = 90
ALERTS_KEPT_DAYS = 400
NOTE_CHARACTERS_MAX = 500

assert MESSAGE_S_MAX * 3 < MESSAGE_TAKEN_S
