"""Pictures of the pages of central operations: ``python -m tests.screens_fleet FOLDER``; ``make screens`` takes them with the others.

Some sixty hospitals of a played fleet stand in the hub's database; a thread reports for those that are well or in trouble, so that the others fall silent.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from central_sync.fleet.reports import packed
from central_sync.store import Store
from central_sync.store.fleet_records import HUB, HistoryRow, Outage, ReportRow
from central_sync.store.records import Institution
from central_sync.terms.languages import Language
from central_sync.wire.messages import ReaderWord
from tests.browser import LOOKS, chromium, picture, window
from tests.central_sync.fleet.test_lifecycle import WELL
from tests.central_sync.store.deferred import entry, share
from tests.e2e.centre import HOSTILE, enter
from tests.e2e.fleet_centre import WatchedCentre

SETTLED_S = 45
LEGS = {"readers": "well", "desks": "well", "edge": "well", "line": "well", "hub": "well"}
TROUBLES = (
    {"parked": 3, "legs": {**LEGS, "edge": "warning"}},
    {"readers": 4, "readers_troubled": [ReaderWord(name="desk 2", trouble="reader_absent")], "legs": {**LEGS, "readers": "broken"}},
    {"skew_ms": 95_000, "pending": 1_240, "in_doubt": 2, "differences": 3, "legs": {**LEGS, "edge": "broken"}},
    {"hours_left": 11.0, "backup_days": 9, "program": "0.0.9", "legs": {**LEGS, "edge": "warning"}},
)  # fmt: skip
ANCHORS = (
    {"authority": "3f9a1c20b7d4e851", "tunnel": "Qx7dN2kVtP4mYw0s", "update_root": 3},
    {
        "authority_next": "c04be2719d5a6f38",
        "authority_drill": "drill_wrong_name",
        "tunnel_next": "Zb1hR8uJcL6eTg3a",
        "tunnel_drill": "trying",
        "update": "expired",
    },
    {"authority_next": "c04be2719d5a6f38", "tunnel_next": "Zb1hR8uJcL6eTg3a", "tunnel_drill": "tunnel_unanswered"},
    {"authority_next": "c04be2719d5a6f38", "authority_drill": "passed", "tunnel_next": "Zb1hR8uJcL6eTg3a"},
)
"""What edges use, and how it went with what is beside it: nothing is; refused and on trial; not drilled yet and refused; proven and not drilled yet."""
PAGES = (
    ("edges", "/edges"), ("edges-trouble", "/edges?state=in_trouble"), ("edge-well", "/edges/F003"), ("edge-ill", "/edges/F001"),
    ("edge-anchors", "/edges/F002"), ("edge-unheard", "/edges/H666"), ("alerts", "/alerts"), ("alerts-over", "/alerts?over=1"), ("rules", "/alerts/rules"),
    ("flow", "/flow"), ("outages", "/outages"), ("start", "/"), ("open-shares", "/open/shares"), ("open-doubts", "/open/doubts"),
    ("open-days", "/open/days"), ("open-reviews", "/open/reviews"),
)  # fmt: skip


class PlayedFleet(WatchedCentre):
    """With late after 10 s and silent after 20 s."""

    timing = (2, 10, 20)

    def start_hub(self) -> None:
        """Fill the database first, and go on reporting."""
        self.store = Store(f"sqlite:///{self.hub_folder / 'hub.db'}")
        self.store.open()
        now = datetime.now(UTC)
        with self.store.write() as uow:
            for n in range(60):
                region, name = ("ir", f"بیمارستان شمارهٔ {n}") if n % 2 else ("cn", f"第{n}人民医院")
                uow.institutions.add(
                    Institution(f"F{n:03}", name, region, "public", "Asia/Tehran", "IRR", "jalali", now)
                )
            slots = [(slot, now - timedelta(minutes=30 * (336 - slot))) for slot in range(336)]
            for code in ("F001", "F003"):
                rows = [HistoryRow(code, n, at, (n * 37) % 90 * (n % 48 > 30), (n * 71) % 900, (n * 13) % 700, 300.0) for n, at in slots]  # fmt: skip
                uow.reports.keep_history([row for row in rows if not 150 < row.slot < 170])
            uow.reports.add_outage(Outage(HUB, now - timedelta(hours=14), now - timedelta(hours=13)))
            for n in range(0, 60, 4):
                began = now - timedelta(hours=n % 23 + 1)
                uow.reports.add_outage(Outage(f"F{n:03}", began, began + timedelta(minutes=9 + n)))
            uow.alerts.raise_("payer_away", "payer:supplementary", "", "warning", 2_400.0, now - timedelta(minutes=50))
            uow.alerts.raise_("disk_low", "F007", "F007", "urgent", 7.0, now - timedelta(hours=30))
            uow.alerts.clear("disk_low", "F007", now - timedelta(hours=29))
            for n, reason in enumerate(("finding", "payer_declined", "missing_tariff")):
                at, more = now - timedelta(days=n, hours=n + 1), {"institution": f"F00{n}", "settlement_id": f"S{n}"}
                uow.payer_shares.add(share(**more, signed_at=at, tries=n, next_at=now + timedelta(minutes=n)))
                uow.reviews.add(entry(f"R{n}", **more, reason=reason, opened_at=at, amount=1_234_500 * (n + 1)))
        self._report(range(60))
        self.ended = threading.Event()
        threading.Thread(target=self._go_on, daemon=True).start()
        super().start_hub()

    def __exit__(self, *error: object) -> None:
        self.ended.set()
        super().__exit__(*error)
        self.store.close()

    def _go_on(self) -> None:
        while not self.ended.wait(2):
            self._report([n for n in range(60) if n % 15 != 5])

    def _report(self, numbers) -> None:
        now = datetime.now(UTC)
        rows = []
        for n in numbers:
            ill = TROUBLES[n % 4] if n % 10 in (1, 4) else {"legs": LEGS}
            fields = {
                "sent_at": now,
                "readers": 3,
                "certificate_ends": now + timedelta(days=30 + 5 * n),
                "free_bytes": 10**10,
                **ANCHORS[0],
                **(ANCHORS[n] if n < len(ANCHORS) else {}),
                **ill,
            }
            if fields.get("pending"):
                fields |= {"oldest_at": now - timedelta(hours=2), "in_doubt_since": now - timedelta(minutes=50)}
            rows.append(ReportRow(f"F{n:03}", now, 0, packed(msgspec.structs.replace(WELL, **fields))))
        with self.store.write() as uow:
            uow.reports.keep(rows)


def main(folder: Path) -> None:
    """Take them: as an operator, in all languages, light, dark and on a phone."""
    with tempfile.TemporaryDirectory() as place, PlayedFleet(Path(place)) as centre, chromium() as browser:
        assert len(HOSTILE) > 300
        centre.sign_in()
        centre.settled()
        time.sleep(SETTLED_S)
        for language in Language:
            for looks, more in LOOKS.items():
                with window(browser, language, **more) as page:
                    enter(page, centre.address, "anna")
                    for name, path in PAGES:
                        page.goto(centre.address + path)
                        picture(page, folder, f"fleet-{name}-{language}-{looks}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/screens"))
