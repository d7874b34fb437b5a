"""Every bound of what crosses the wire, its unit last in its name. Both ends hold them."""

from __future__ import annotations

WIRE_VERSION = 3
"""What we write. See versions.py for what we still read."""
WIRE_VERSION_OLDEST = 2

PACKET_BYTES_MAX = 256 * 1024
"""One transaction's packet as JSON. The national platform allows 40,000 characters; a 500-line bill needs more."""
PACKET_DEPTH_MAX = 8
MSGID_CHARACTERS_MAX = 64
CARD_READ_CHARACTERS_MAX = 64
LINES_PER_FEES_MAX = 500
DIAGNOSES_MAX = 40
MARKS_MAX = 20
FORECAST_LINES_MAX = 5_000
"""Lines of a draft bill, which goes nowhere; the packet's own limit comes first over the API, a file may be as long."""
MODIFIERS_MAX = 10
EARLIER_CARE_MAX = 500
BATCH_ITEMS_MAX = 512
"""A backlog goes in large batches, for it packs better; a batch that somebody waits for stays small by the edge's own rule."""
BATCH_BYTES_MAX = 2 * 1024 * 1024
"""Bytes of packets at which the edge closes a batch (one item always fits)."""
ITEM_FRAME_BYTES_MAX = 2 * 1024
"""What an item holds beside its packet: identifiers, instants, context, and the names of its fields."""
CLAIM_BYTES_USUAL = 3 * 1024
"""A packet of 15 lines, as JSON even; as MessagePack it is smaller."""
ANSWER_BYTES_USUAL = 8 * 1024
"""The settlement of 15 lines, with its traces as data and as sentences."""
BODY_BYTES_MAX = 8 * 1024 * 1024
"""Largest uncompressed body that either end unpacks: a guard against a compression bomb."""
WINDOW_BYTES_MAX = 8 * 1024 * 1024
"""Largest zstd window that either end makes room for."""
DEADLINE_MS_MIN = 100
DEADLINE_MS_MAX = 120_000
DEADLINE_MS_DEFAULT = 8_000
CLOCK_SKEW_S_MAX = 600
"""How far the clocks of edge and hub may differ before either refuses to work on money."""
EXCHANGE_S_MAX = 15
"""How long an edge listens for a batch's answers; the hub answers what it has before that."""
FEED_WAIT_S_MAX = 50
FEED_ITEMS_MAX = 256
DETAIL_ROWS_MAX = 5_000
DIGEST_BYTES = 32
LIFE_BYTES = 16
RUN_BYTES = 8
JOURNAL_SEQ_MAX = 2**62
"""The most that an edge may claim as its journal's last sequence number."""
ROOTS_PER_OFFER_MAX = 64
"""Day roots in one offer; an edge that was away for longer offers again."""
CERTIFICATE_CHARACTERS_MAX = 8_192
"""One certificate or signing request in PEM."""
SIGNATURE_BYTES_MAX = 128
"""The longest signature of any kind: ECDSA P-256 in DER has at most 72, Ed25519 has 64."""

BUNDLE_BYTES_MAX = 64 * 1024 * 1024
"""A rulebook's body as it is kept and sent; 200,000 rows of tariffs come to a twentieth of it."""
BUNDLE_PLAIN_BYTES_MAX = 256 * 1024 * 1024
BUNDLE_HEAD_BYTES_MAX = 16 * 1024
BUNDLE_NUMBER_MAX = 2**53
BUNDLE_PART_BYTES_MAX = 256 * 1024
"""How much of a bundle one answer brings: a second on a thin line, and what a cut in the middle costs."""

HANDOVER_NUMBER_MAX = 2**53
AUTHORITY_BYTES_MAX = 4_096
"""An authority's certificate in DER, as a handover carries it; a usual one has 450."""
HANDOVERS_MAX = 64
"""Links of the trail that an edge looks at: one in ten years is usual."""
DRILL_BYTES_MAX = 16 * 1024
"""A client's hello, or all that a server says to it before the client has to speak again."""

REPORT_CHARACTERS_MAX = 4_096
"""An edge's report as it stands in the query of a poll; a usual one has 700."""
REPORT_READERS_MAX = 16
"""Readers in trouble that a report names; it counts them all."""
REPORT_NAME_CHARACTERS_MAX = 64
REPORT_LEGS_MAX = 12
PAYERS_TOLD_MAX = 16
"""Payers that a feed names, those that are waited for longest."""
REPORT_NUMBER_MAX = 2**53

COMPARE_ITEMS_MAX = 2_000_000
"""Items of one comparison's window."""
COMPARE_LIST_ITEMS = 64
"""A range of at most so many items is listed; a larger one is split. About where 16 digests cost what the items cost."""
COMPARE_LIST_ITEMS_MAX = 4 * COMPARE_LIST_ITEMS
COMPARE_RANGES_MAX = 256
"""Ranges and names that one request asks for."""
COMPARE_ROUNDS_MAX = 1_024
"""Enough for two full sets that have nothing in common."""

assert CLAIM_BYTES_USUAL * BATCH_ITEMS_MAX <= BATCH_BYTES_MAX
assert BATCH_BYTES_MAX + ITEM_FRAME_BYTES_MAX * BATCH_ITEMS_MAX + PACKET_BYTES_MAX * 2 <= BODY_BYTES_MAX
assert COMPARE_RANGES_MAX * COMPARE_LIST_ITEMS_MAX * 16 <= BODY_BYTES_MAX
assert BUNDLE_PART_BYTES_MAX < BODY_BYTES_MAX
assert CERTIFICATE_CHARACTERS_MAX < BUNDLE_HEAD_BYTES_MAX
assert DEADLINE_MS_MIN < DEADLINE_MS_DEFAULT < DEADLINE_MS_MAX
assert WIRE_VERSION - 1 == WIRE_VERSION_OLDEST
