"""Every bound between an edge and its agents, its unit last in its name."""

from __future__ import annotations

from edge.readers import STOP_S_MAX

MESSAGE_BYTES_MAX = 128 * 1024
"""A message: an identity with its photo is the largest."""
READERS_PER_AGENT_MAX = 16
NAME_CHARACTERS_MAX = 120
"""Of a reader, as its agent calls it."""
TEXT_CHARACTERS_MAX = 512
"""Of a text on a card."""
DETAIL_CHARACTERS_MAX = 200
PHOTO_BYTES_MAX = 64 * 1024
READ_ID_CHARACTERS_MAX = 64
READS_UNDER_WAY_MAX = 32
"""At one agent."""
OUTBOUND_MESSAGES_MAX = 256
"""How many messages may wait to be sent; who lets more pile up does not listen, and is cut off."""
MESSAGES_AT_ONCE_MAX = 100
MESSAGES_PER_S_MAX = 20
"""What an agent may say: so many in a burst, and so many a second in the long run; a list of readers counts as much as it changes. Above it the
edge listens more slowly.
"""
MADE_AT_ONCE_MAX = 30
MADE_PER_S_MAX = 1.0
"""Reads of its own that an agent may tell. The edge remembers some thousand reads of all desks: no PC may drive the others' out."""
KEPT_AFTER_S = 5.0
"""How long after a change the names of the agents' readers are written to the disk: seldom, however often they change."""

HEARTBEAT_S = 4.0
"""After this silence the other side is asked whether it is there; it has half of it to answer."""
CLOSE_WAIT_S = 1.0
STILL_PAIRED_LOOK_EVERY_S = 0.5
STATES_LOOK_EVERY_S = 1.0
"""How often an agent looks whether its readers changed without an event."""
ANSWER_GRACE_S = 0.8
"""How long after a read's deadline the agent's own refusal is waited for; less than the registry waits for a driver."""
NOTED_WAIT_S = 1.0
"""How long an agent waits for the edge to note a read that was made at its own face."""

RETRY_FIRST_S = 0.5
RETRY_CAP_S = 15.0
SETTLED_AFTER_S = 30.0
"""A connection that lived so long was a good one: after it the waiting begins anew."""
CONNECT_S_MAX = 10.0

assert PHOTO_BYTES_MAX < MESSAGE_BYTES_MAX
assert CLOSE_WAIT_S < STOP_S_MAX
assert HEARTBEAT_S * 1.5 < 10, "a sleeping PC is known to be away within ten seconds"
