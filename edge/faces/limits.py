"""Every bound of the faces, its unit last in its name."""

from __future__ import annotations

from central_sync.wire.limits import DEADLINE_MS_MAX, PACKET_BYTES_MAX

BODY_BYTES_MAX = PACKET_BYTES_MAX + 64 * 1024
"""A call: its packet, and room for the rest and for a HIS that writes JSON with spaces."""
BODY_WAIT_S_MAX = 10
"""How long a caller may take to send its body."""
TEXT_CHARACTERS_MAX = 100
"""Institution, operator and workstation in a context."""
PROMPT_CHARACTERS_MAX = 200
"""What a clerk is told to do when a card is asked for."""
CARD_REQUEST_S_MAX = 600
CARD_REQUEST_S_DEFAULT = 60
POLL_MS_MAX = 30_000
"""How long a poll for the end of a card request may stay open."""
STREAMS_MAX = 64
STREAMS_PER_WORKSTATION_MAX = 16
"""A program that opens streams and forgets them shuts itself out, and not the others."""
STREAM_HEARTBEAT_S = 15
BODY_SOON_S = 0.5
"""A body that is not there by then does not come with its head: the shortcut waits for it no longer, and aiohttp does."""
READ_BYTES = 64 * 1024
"""What is read of a connection at once; nearly every call is smaller."""
KEEP_ALIVE_S = 75
"""How long a connection may be open and say nothing."""
CONNECTIONS_MAX = 4_096
CONNECTIONS_PER_ADDRESS_SHARE = 2
"""One address may have half of them: nearly all of a hospital's calls may come from one server."""
OWN_FILES_MAX = 512
"""What the edge opens besides: the journal, the line, the agents' connections, whatever a verb beside it asks for."""
CALLS_AT_ONCE_MAX = 512
HOSTS_KNOWN_MAX = 256
"""How many spellings of our own name are remembered; others are looked at anew each time."""
CERTIFICATE_DAYS = 1825
CERTIFICATE_DAYS_LEFT_MIN = 30
STOP_WAIT_S_MAX = DEADLINE_MS_MAX / 1000 + 2
"""Stopping waits for every call under way; each ends by its own deadline."""

assert BODY_BYTES_MAX > PACKET_BYTES_MAX
assert STOP_WAIT_S_MAX * 1000 > DEADLINE_MS_MAX
assert CONNECTIONS_MAX // CONNECTIONS_PER_ADDRESS_SHARE > CALLS_AT_ONCE_MAX
assert BODY_SOON_S < BODY_WAIT_S_MAX < KEEP_ALIVE_S
