"""Housekeeping by the clock: once a day a backup, old keys followed by new ones, old days pruned, and nothing done twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge import identity
from edge.config import Config
from edge.errors import EdgeError
from edge.housekeeping import Housekeeping, backup_age
from edge.journal import Journal, Standing, backup
from edge.limits import DATA_KEY_DAYS_MAX
from tests.edge.journal.drafts import draft
from tests.edge.journal.kept import answer, fill, in_days, sign_days
from tests.edge.journal.papers import Papers, enrolled

PAPERS = Papers("H1")
CONFIG = Config(journal_kept_days=30, backups_kept_days=2)


@dataclass
class House:
    """An edge's journal, its keeper, and a clock that can be set."""

    folder: Path
    journal: Journal
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.keeper = Housekeeping(
            self.folder, self.journal, lambda: identity.load(self.folder), CONFIG, lambda: self.now, "1"
        )

    def backups(self) -> int:
        return len(backup.kept(self.folder / "backups", "H1"))

    async def ask(self, verb: str, **told: object) -> dict[str, object]:
        return dict(await self.keeper.verbs[verb](told, lambda *_: None))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    folder = enrolled(tmp_path / "edge", PAPERS)
    journal = Journal(folder / "journal.db")
    await journal.open()
    yield House(folder, journal)
    await journal.close()


async def test_without_a_recovery_key_no_backup_is_made_and_its_age_is_the_journals(house: House) -> None:
    await house.keeper.run()
    assert house.backups() == 0
    assert backup_age(house.folder, CONFIG, "H1", house.now + timedelta(days=5)).days == 5


async def test_a_backup_is_made_once_a_day_and_old_ones_go(house: House) -> None:
    backup.make_recovery_key(house.folder)
    for hours, count in ((0, 1), (1, 1), (24, 2), (30, 2), (48, 2), (72, 2), (96, 2)):
        start, house.now = house.now, house.now + timedelta(hours=hours)
        await house.keeper.run()
        assert house.backups() == count, hours
        assert backup_age(house.folder, CONFIG, "H1", house.now) < timedelta(hours=24)
        house.now = start


async def test_a_journal_that_is_kept_for_ever_is_backed_up_all_the_same(house: House) -> None:
    backup.make_recovery_key(house.folder)
    await answer(house.journal, PAPERS, await fill(house.journal, ["m1"]))
    await sign_days(house.journal, PAPERS, in_days(1))
    config = Config(journal_kept_days=10**12, backups_kept_days=10**12)
    keeper = Housekeeping(
        house.folder, house.journal, lambda: identity.load(house.folder), config, lambda: house.now, "1"
    )
    await keeper.run()
    house.now += timedelta(days=40)
    await keeper.run()
    assert house.backups() == 2
    assert await house.journal.find("H1", "m1") is not None


async def test_a_backup_that_is_made_elsewhere_takes_none_away_there(house: House, tmp_path: Path) -> None:
    backup.make_recovery_key(house.folder)
    stick = tmp_path / "stick"
    for _ in range(2):
        await house.ask("backup", to=str(stick))
        house.now += timedelta(days=30)
    assert len(backup.kept(stick, "H1")) == 2


async def test_what_is_old_and_signed_for_goes_by_itself(house: House) -> None:
    await answer(house.journal, PAPERS, await fill(house.journal, ["m1", "m2"]))
    await sign_days(house.journal, PAPERS, in_days(1))
    await house.keeper.run()
    assert await house.journal.find("H1", "m1") is not None
    house.now += timedelta(days=40)
    await house.keeper.run()
    assert await house.journal.find("H1", "m1") is None


async def test_an_old_data_key_is_followed_by_another(house: House) -> None:
    before = house.journal.keeping.key_since
    await house.keeper.run()
    assert house.journal.keeping.key_since == before
    house.now += timedelta(days=DATA_KEY_DAYS_MAX, minutes=1)
    await house.keeper.run()
    await house.keeper.run()
    assert house.journal.keeping.key_since == house.now


async def test_whoever_carries_is_told_of_what_a_person_parked_and_let_go(house: House) -> None:
    told: list[tuple[str, bool]] = []

    def heard(standing: Standing) -> None:
        told.append((standing.msgid, standing.parked))

    house.keeper.parked = house.keeper.released = heard
    seq = (await house.journal.append(draft("m1"))).standing.seq
    assert await house.ask("park", what="m1") == {"seq": seq, "msgid": "m1"}
    assert await house.ask("release", what=str(seq)) == {"seq": seq, "msgid": "m1"}
    assert told == [("m1", True), ("m1", False)]


async def test_a_msgid_of_digits_is_a_msgid_first(house: House) -> None:
    await house.journal.append(draft("m1"))
    seq = (await house.journal.append(draft("2"))).standing.seq
    assert (await house.ask("park", what="2"))["seq"] == seq


async def test_what_is_not_possible_is_one_sentence(house: House) -> None:
    for nobody in ("nobody", "9" * 30):
        with pytest.raises(EdgeError, match=f"does not hold {nobody}"):
            await house.ask("park", what=nobody)
    await house.journal.append(draft("m1"))
    with pytest.raises(EdgeError, match="is not parked"):
        await house.ask("release", what="m1")


async def test_a_folder_that_cannot_be_written_is_one_sentence(house: House) -> None:
    backup.make_recovery_key(house.folder)
    (house.folder / "file").write_text("no folder")
    with pytest.raises(EdgeError, match="cannot be written"):
        await house.ask("backup", to=str(house.folder / "file" / "backups"))
