"""Bounds of the queue and of the hub's own audit, the unit last in each name."""

from __future__ import annotations

AUDIT_EVERY_S = 1.0
"""How soon after its commit a settlement is judged."""
AUDITS_AT_ONCE = 20
"""Settlements that share a commit of what was found."""
MARKS_AT_ONCE = 500
"""Settlements of before that one commit marks when other rules come into force."""
AUDIT_TRIES_MAX = 5
AUDIT_WAIT_S = 60
AUDIT_AGAIN_DAYS = 366
"""New rules judge again what was judged so long ago at most."""
EARLIER_CASES_MAX = 200
STOP_S_MAX = 10.0
LIST_ROWS_DEFAULT = 100
LIST_ROWS_MAX = 10_000
"""How many entries are put into order of priority."""
