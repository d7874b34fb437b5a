"""What is announced is kept across restarts, ends by itself, is told and noted; a file that cannot be read closes nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from edge.audit import Audit
from edge.events import Events
from edge.maintenance.calendar import FILE, Maintenance, MaintenanceFileError
from edge.maintenance.window import MaintenanceError

HOUR = timedelta(hours=1)


class Place:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
        self.events = Events()
        self.maintenance = self.another()

    def another(self) -> Maintenance:
        """That of another program, or of the next start."""
        audit = Audit(self.folder)
        audit.start()
        return Maintenance(self.folder, audit, lambda: self.now, self.events)

    def acts(self) -> list[str]:
        return [json.loads(line)["act"] for line in (self.folder / "audit.jsonl").read_text().splitlines()]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_it_survives_a_restart_and_ends_by_itself(place: Place) -> None:
    made = place.maintenance.announce(place.now, place.now + HOUR, "a new disk", "tech.1")
    assert place.another().window() == made
    place.now += HOUR
    assert place.another().window() is None
    assert place.maintenance.window() is None
    assert not place.maintenance.end("tech.1")
    assert place.acts() == ["maintenance announced"]
    assert "tech.1" not in (place.folder / "audit.jsonl").read_text()


def test_what_another_program_announces_or_ends_is_noticed(place: Place) -> None:
    place.another().announce(place.now + HOUR, place.now + 2 * HOUR, "x", "root")
    assert place.maintenance.window() is not None
    assert place.another().end("root")
    assert place.maintenance.window() is None
    assert place.acts() == ["maintenance announced", "maintenance ended"]


def test_what_makes_no_sense_changes_nothing(place: Place) -> None:
    made = place.maintenance.announce(place.now, place.now + HOUR, "x", "t")
    with pytest.raises(MaintenanceError):
        place.maintenance.announce(place.now, place.now, "y", "t")
    assert place.maintenance.window() == made


async def test_the_desks_programs_are_told_once_of_each_change(place: Place) -> None:
    async with place.events.subscribe() as told:
        await place.maintenance.tell()
        place.maintenance.announce(place.now + HOUR, place.now + 2 * HOUR, "a new disk", "t")
        for hours in (0, 0, 1, 0, 1, 0):
            place.now += hours * HOUR
            await place.maintenance.tell()
        told.close()
        found = [event async for event in told]
    assert [event.data["state"] for event in found] == ["announced", "on", "off"]
    assert found[1].data["reason"] == "a new disk"
    assert place.acts()[-1] == "maintenance ended by itself"


def test_a_file_that_cannot_be_read_closes_nothing_and_is_not_written_over(place: Place) -> None:
    (place.folder / FILE).write_text('{"window": 7')
    with capture_logs() as told:
        assert place.maintenance.window() is None
        assert place.maintenance.window() is None
    assert len([line for line in told if "cannot be read" in line["event"]]) == 1
    with pytest.raises(MaintenanceFileError):
        place.maintenance.announce(place.now, place.now + HOUR, "x", "t")
