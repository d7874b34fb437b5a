"""What somebody may type into any place of the console's addresses and forms, and which places there are."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import central_sync.console
from central_sync.console import cursors

FOLDER = Path(central_sync.console.__file__).parent
_ASKED = re.compile(r'(?:query\.get|query|form\.get|\(\)\)\.get|_typed\(request,|_field\(form,)\s*[\[(]?\s*"(\w+)"')
PLACES = frozenset(
    name for file in sorted(FOLDER.glob("*.py")) for name in _ASKED.findall(file.read_text(encoding="utf-8"))
) | {"state", "region", "version", "reason", "text", "actor", "action", "subject", "form_key"}
"""Every name of a value that any page reads from an address or a form: those read one by one are found in the programs."""
PATHS = {"institution": "H1", "hid": "0" * 16, "name": "anna", "account": "anna"}
"""Places of a path, with a value that may be there."""

KEYS = [
    cursors.written(datetime.min.replace(tzinfo=UTC), "x"),
    cursors.written(datetime.max.replace(tzinfo=UTC), "x", 1, 1),
    cursors.written(date.min, "x"),
    cursors.written(date.max, "x"),
    cursors.written("0001-01-01T00:00:00+23:59", "x"),
    cursors.written("2026-01-01T00:00:00", "x", 1, 1),
    cursors.written(-1),
    cursors.written(2**63),
    cursors.written(True),
    cursors.written(None, None),
    cursors.written(1.5, "\0"),
    cursors.written([], {}),
    cursors.written("2026-01-01T00:00:00Z", "\ud800".encode("utf-8", "surrogatepass").hex()),
    "W" * 399,
    "W1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tb",
]
"""Where a page of a list begins, as no list ever says it."""
VALUES = [
    "", " ", "0", "1", "-1", "+1", "1.5", "1e400", "nan", "-inf", "٣", "²", "true", "null", "on", "\0", "\t\r\n", "%", "%s%n", "_", "..",
    "/etc/passwd", "//evil.example", "\\", "'", '"', "' or 1=1 --", "; drop table ledger", "<script>alert(1)</script>", "{{ 7 * 7 }}",
    "\u202e", "\ufeff", "\U0001f4a9", "e\u0301" * 50, "\uffff", "x" * 500, "9" * 19, "9" * 300, "-" + "9" * 40, "0x7fffffff",
    f"-{2**63}.1", f"-{10**30}.{10**30}", f"{2**63}.{2**64}", "-62135596800000000.1", "253402300799999999.0", "1." + "9" * 40, "inf.1", "1.x",
    *KEYS,
]  # fmt: skip
RAW = ["%ff%fe", "%ed%a0%80", "%c0%80", "%", "%zz", "%00", "&&&=;=", "%u0000", "[]=1&[a]=2"]
"""Of an address as it stands on the line, not well formed."""
