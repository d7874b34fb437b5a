"""What is listed and what is offered; edges' side of it is tested in tests/edge/update."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from central_sync.releases import repository as repository_module
from central_sync.releases.limits import TIMESTAMP_DAYS
from central_sync.releases.metadata import ReleasesError
from central_sync.wire.tunnels import TunnelWord
from edge.update.work import system
from tests.releases import Centre, archived

NOW = datetime.now(UTC)


@pytest.fixture
def centre(tmp_path):
    return Centre(tmp_path).opened()


def test_releases_are_listed_newest_first_with_their_rings(centre):
    centre.release("1.9", ring="all")
    centre.release("1.10", ring="canary")
    centre.repository.offer("1.10", "early", NOW)
    assert [(one.version, one.rings) for one in centre.repository.releases()] == [
        ("1.10", ("canary", "early")),
        ("1.9", ("all",)),
    ]


def test_a_release_never_changes(centre):
    centre.release("1.1")
    with pytest.raises(ReleasesError, match="never changes"):
        centre.release("1.1")


def test_only_the_release_key_lists(centre):
    archive = archived(centre.safe / "a", {"pishkhan-edge": "x"})
    for name in ("root-1", "stranger"):
        with pytest.raises(ReleasesError, match="not the release key"):
            centre.repository.add(archive, "1.1", system(), 2, centre.signer(name), NOW)
    assert centre.repository.releases() == []


@pytest.mark.parametrize(
    ("version", "system_name"), [("one", "linux-x86_64"), ("", "linux-x86_64"), ("1.1", "../up"), ("1.1", "")]
)
def test_names_that_cannot_be_used_are_refused(centre, version, system_name):
    archive = archived(centre.safe / "a", {"pishkhan-edge": "x"})
    with pytest.raises(ReleasesError):
        centre.repository.add(archive, version, system_name, 2, centre.signer("release"), NOW)


def test_what_is_too_large_or_not_there_is_refused(centre, monkeypatch):
    archive = archived(centre.safe / "a", {"pishkhan-edge": "x"})
    monkeypatch.setattr(repository_module, "RELEASE_BYTES_MAX", 3)
    with pytest.raises(ReleasesError, match="larger"):
        centre.repository.add(archive, "1.1", system(), 2, centre.signer("release"), NOW)
    with pytest.raises(ReleasesError, match="cannot be read"):
        centre.repository.add(centre.safe / "missing", "1.1", system(), 2, centre.signer("release"), NOW)


def test_only_what_is_listed_is_offered_and_only_to_rings_that_there_are(centre):
    centre.release("1.1", ring="")
    with pytest.raises(ReleasesError, match="no release"):
        centre.repository.offer("9.9", "all", NOW)
    with pytest.raises(ReleasesError, match="rings are"):
        centre.repository.offer("1.1", "everybody", NOW)


def test_what_the_hub_signs_is_signed_anew_in_time_and_not_before(centre):
    assert not centre.repository.renew(NOW)
    centre.release("1.1")
    assert not centre.repository.renew(NOW)
    assert centre.repository.renew(NOW + timedelta(days=TIMESTAMP_DAYS - 5))
    assert not centre.repository.renew(NOW + timedelta(days=TIMESTAMP_DAYS - 5))


def test_what_is_listed_is_signed_anew_by_the_release_key(centre):
    centre.release("1.1")
    later = NOW + timedelta(days=100)
    before = centre.repository.ends()
    centre.repository.resign(centre.signer("release"), later)
    after = centre.repository.ends()
    assert after["targets"] > before["targets"]
    assert after["root"] == before["root"]
    with pytest.raises(ReleasesError, match="not the release key"):
        centre.repository.resign(centre.signer("stranger"), later)


def test_a_crash_between_the_files_is_made_good_by_the_next_work(centre, tmp_path):
    """After targets were written, before the snapshot: edges see the old state, the next work goes on from the new one."""
    centre.release("1.1")
    shutil.copytree(centre.folder / "metadata", tmp_path / "before")
    centre.release("1.2")
    for path in (centre.folder / "metadata").glob("*"):
        if path.name == "timestamp.json" or "snapshot" in path.name or "rings" in path.name:
            path.unlink()
    for path in (tmp_path / "before").glob("*"):
        if not (centre.folder / "metadata" / path.name).exists():
            shutil.copy(path, centre.folder / "metadata")
    centre.release("1.3")
    assert [one.version for one in centre.repository.releases()] == ["1.3", "1.2", "1.1"]


def test_a_copy_holds_all_that_edges_read_and_no_key(centre, tmp_path):
    centre.release("1.1")
    centre.repository.export(tmp_path / "stick")
    names = {path.name for path in (tmp_path / "stick").rglob("*") if path.is_file()}
    assert "timestamp.json" in names
    assert not any("key" in name or "pending" in name for name in names)
    with pytest.raises(ReleasesError, match="there already"):
        centre.repository.export(tmp_path / "stick")


def test_what_edges_are_told_of_tunnels_stands_beside_the_offers_and_is_taken_back(centre):
    a, b = (f"{letter * 42}A=" for letter in "ab")
    word = TunnelWord(number=1, present=a, following=b)
    with pytest.raises(ReleasesError, match="first release"):
        centre.repository.tell(word, NOW)
    centre.release("1.1")
    centre.repository.tell(word, NOW)
    assert centre.repository.words() == [word]
    assert [(one.version, one.rings) for one in centre.repository.releases()] == [("1.1", ("all",))]
    back = TunnelWord(number=2, present=b, following=a)
    centre.repository.tell(back, NOW)
    assert centre.repository.words() == [back], "what leads back is the end of what led there"
    centre.repository.take_back(b, NOW)
    assert centre.repository.words() == []
    with pytest.raises(ReleasesError, match="nobody is told"):
        centre.repository.take_back(b, NOW)


def test_edges_are_not_led_in_a_circle(centre):
    centre.release("1.1")
    a, b, c = (f"{letter * 42}A=" for letter in "abc")
    for number, (present, following) in enumerate([(a, b), (b, c)], 1):
        centre.repository.tell(TunnelWord(number=number, present=present, following=following), NOW)
    with pytest.raises(ReleasesError, match="circle"):
        centre.repository.tell(TunnelWord(number=3, present=c, following=a), NOW)
