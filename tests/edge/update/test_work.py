"""From a source to a release that lies ready, and which offers are refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from edge.journal.schema import FORMAT
from edge.update import state as kept
from edge.update import trust
from edge.update.slots import Slots
from edge.update.sources import FolderSource
from edge.update.state import TRUST, State, Told, UpdateFailed
from edge.update.work import Asked, Work, alone
from tests.releases import Centre, installed


class NoTrials:
    def __init__(self) -> None:
        self.tried: list[str] = []

    def run(self, version: str) -> Told:
        self.tried.append(version)
        return Told(datetime.now(UTC), "ok", f"{version} runs", version)


class Site:
    def __init__(self, tmp_path) -> None:
        self.centre = Centre(tmp_path / "centre").opened()
        self.slots = Slots(installed(tmp_path / "opt", "1.0"))
        self.folder = tmp_path / "state"
        trust.begin(self.folder / TRUST, self.centre.root)
        self.trials = NoTrials()
        self.work = Work(self.folder, self.slots, self.trials, lambda: datetime.now(UTC))

    def look(self, **asked) -> Told:
        return self.work.look(FolderSource(self.centre.folder), Asked(**{"ring": "all", "install": False, **asked}))

    def refused(self, **asked) -> str:
        with pytest.raises(UpdateFailed) as caught:
            self.look(**asked)
        assert kept.load(self.folder).last.code == caught.value.code
        return caught.value.code


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_a_newer_release_lies_ready_and_is_tried_when_it_is_the_time(site):
    site.centre.release("1.1")
    assert site.look().code == "ready"
    assert (site.slots.current, site.slots.has("1.1"), site.trials.tried) == ("1.0", True, [])
    assert site.look(install=True).code == "ok"
    assert site.trials.tried == ["1.1"]
    assert list((site.folder / "download").iterdir()) == []


def test_what_failed_or_was_broken_off_is_removed_before_the_next_release_is_unpacked(site):
    site.centre.release("1.1")
    site.look()
    releases, download = site.slots.program("1.1").parent.parent, site.folder / "download"
    (releases / ".1.2.abcd").mkdir()
    (download / "1.0.9.tar.zst").write_bytes(b"half")
    kept.save(site.folder, State(running="1.0", failed={"1.1": "it takes no work", "1.0": "a person went back"}))
    site.centre.release("1.3")
    assert site.look().code == "ready"
    assert sorted(path.name for path in releases.iterdir()) == ["1.0", "1.3"]
    assert list(download.iterdir()) == []


def test_nothing_offered_and_the_same_version_are_nothing_to_do(site):
    site.centre.release("1.1", ring="")
    assert site.look().code == "nothing"
    site.centre.release("1.0")
    assert site.look().code == "nothing"


def test_an_older_release_is_refused(site):
    site.centre.release("0.9")
    assert site.refused(install=True) == "downgrade"
    assert not site.slots.has("0.9")


def test_versions_are_compared_as_versions_and_not_as_text(site):
    site.centre.release("1.10")
    assert site.look().version == "1.10"


def test_a_release_with_another_journal_needs_a_persons_word(site):
    site.centre.release("1.1", journal_format=FORMAT + 1)
    assert site.refused(install=True) == "no_way_back"
    assert site.look(install=True, no_way_back=True).code == "ok"


def test_a_release_that_failed_here_is_not_tried_again_by_itself(site):
    site.centre.release("1.1")
    kept.save(site.folder, State(running="1.0", failed={"1.1": "it does not answer"}))
    assert site.refused(install=True) == "failed_before"
    assert site.look(install=True, again=True).code == "ok"


def test_a_repository_for_another_system_offers_us_nothing(site):
    from tests.releases import archived

    archive = archived(site.centre.safe / "other", {"pishkhan-edge": "x"})
    now = datetime.now(UTC)
    site.centre.repository.add(archive, "1.1", "plan9-mips", FORMAT, site.centre.signer("release"), now)
    site.centre.repository.offer("1.1", "all", now)
    assert site.look().code == "nothing"


def test_two_updaters_do_not_work_at_once(tmp_path):
    with alone(tmp_path / "state"), pytest.raises(UpdateFailed) as caught, alone(tmp_path / "state"):
        pass
    assert caught.value.code == "busy"
    with alone(tmp_path / "state"):
        pass
