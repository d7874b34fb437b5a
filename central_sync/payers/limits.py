"""Bounds of what is said to payers, the unit last in each name."""

from __future__ import annotations

DEADLINE_MS_DEFAULT = 3_000
DEADLINE_MS_MAX = 10_000
ANSWER_BYTES_MAX = 16 * 1024
REASON_CHARACTERS_MAX = 80
ASK_EVERY_S = 1.0
"""How soon after its settlement a share is asked about, when its payer is free."""
CLAIMS_AT_ONCE = 8
"""How many claims one look takes; they are asked one after the other."""
TAKEN_S = 20.0
"""Besides the deadlines of what it took, this long nobody else asks what a process took; then it is taken for dead."""
PAYER_TRIES_MAX = 16
"""After so many tries a share waits until its payer answers others, or for a person: about half a day."""
PROBE_WAIT_S_MIN = 1_800
PROBE_WAIT_S_MAX = 3_600
"""A payer of which everything was given up is asked about one claim now and then, after a wait between these two."""
PROBE_LOOK_S = 60.0
"""How often a process looks whether a payer has been given up."""
PAYER_WAIT_S_MIN = 2
PAYER_WAIT_S_MAX = 3_600
PAYERS_MAX = 64
STANDING_LOOK_S = 5.0
"""How often a process looks which payers are waited for."""
SILENT_CLAIMS_MIN = 2
SILENT_TRIES_MIN = 2
"""Of so many claims that failed after its latest answer, or of one that failed so often while it is the only one, a payer is said to give no answer."""
STANDING_AGE_S = 5.0
"""A share that is younger may be about to be answered."""
STOP_S_MAX = 12.0

assert DEADLINE_MS_DEFAULT <= DEADLINE_MS_MAX
assert PAYER_WAIT_S_MIN < PROBE_WAIT_S_MIN < PROBE_WAIT_S_MAX
assert STOP_S_MAX * 1000 > DEADLINE_MS_MAX, "a claim that is being asked may end"
