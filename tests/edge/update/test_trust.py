"""What is believed of a repository, and what is not: nothing changes then, and the reason has a name."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from tuf.api.exceptions import DownloadHTTPError

from edge.update import trust
from edge.update.sources import FolderSource
from edge.update.state import UpdateFailed
from edge.update.trust import Trust
from edge.update.work import system
from tests.releases import Centre


@pytest.fixture
def centre(tmp_path):
    return Centre(tmp_path).opened()


@pytest.fixture
def believed(tmp_path, centre):
    folder = tmp_path / "trust"
    trust.begin(folder, centre.root)
    return folder


def offered(believed, centre, ring="all"):
    return Trust(believed, FolderSource(centre.folder)).offered(ring, system())


def refused(believed, centre) -> str:
    with pytest.raises(UpdateFailed) as caught:
        offered(believed, centre)
    return caught.value.code


def test_an_offer_is_believed_and_its_file_comes_as_it_was_signed(tmp_path, believed, centre):
    centre.release("1.1")
    one = Trust(believed, FolderSource(centre.folder))
    offer = one.offered("all", system())
    one.fetch(offer, tmp_path / "got")
    assert offer.version == "1.1"
    assert (tmp_path / "got").read_bytes() == (centre.safe / "1.1.tar.zst").read_bytes()


def test_a_ring_sees_what_it_is_offered_and_nothing_else(believed, centre):
    centre.release("1.1", ring="canary")
    assert offered(believed, centre, "canary").version == "1.1"
    assert offered(believed, centre, "all") is None
    centre.repository.offer("1.1", "all", datetime.now(UTC))
    assert offered(believed, centre, "all").version == "1.1"
    centre.repository.withdraw("canary", datetime.now(UTC))
    assert offered(believed, centre, "canary") is None


def test_an_altered_archive_is_refused(tmp_path, believed, centre):
    centre.release("1.1")
    one = Trust(believed, FolderSource(centre.folder))
    offer = one.offered("all", system())
    [file] = (centre.folder / "targets" / "edge" / system()).glob("*.tar.zst")
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(UpdateFailed) as caught:
        one.fetch(offer, tmp_path / "got")
    assert caught.value.code == "tampered"
    assert not (tmp_path / "got").exists()


@pytest.mark.parametrize("role", ["1.targets", "1.rings", "1.snapshot", "timestamp"])
def test_altered_metadata_are_refused(believed, centre, role):
    centre.release("1.1")
    names = sorted(path.name for path in (centre.folder / "metadata").iterdir())
    for path in (centre.folder / "metadata").glob(f"*{role.removeprefix('1')}.json"):
        told = json.loads(path.read_bytes())
        told["signed"]["expires"] = "2099-01-01T00:00:00Z"
        path.write_text(json.dumps(told))
    assert refused(believed, centre) == "tampered", names


def test_what_the_hub_points_to_must_be_signed_by_the_release_key(believed, centre):
    """A hub that is broken into has the online key, and nothing else."""
    centre.release("1.1")
    repository = centre.repository
    rings = repository._rings(datetime.now(UTC))
    body = json.dumps({"version": "9.9", "target": f"edge/{system()}/9.9.tar.zst"}).encode()
    repository._point(rings.signed, f"rings/all.{system()}.json", body)
    repository._sign_rings(rings, datetime.now(UTC))
    repository._publish(datetime.now(UTC))
    assert refused(believed, centre) == "tampered"


def test_the_hub_cannot_list_a_release_itself(tmp_path, centre):
    from central_sync.releases.metadata import ReleasesError

    with pytest.raises(ReleasesError, match="not the release key"):
        centre.repository.add(
            centre.safe / "stranger.pub", "1.1", system(), 2, centre.repository._shelf.online(), datetime.now(UTC)
        )


def test_an_older_state_is_refused_after_a_newer_one_was_seen(tmp_path, believed, centre):
    centre.release("1.1")
    shutil.copytree(centre.folder, tmp_path / "old")
    centre.release("1.2")
    assert offered(believed, centre).version == "1.2"
    with pytest.raises(UpdateFailed) as caught:
        Trust(believed, FolderSource(tmp_path / "old")).offered("all", system())
    assert caught.value.code == "replayed"


def test_what_has_expired_is_refused(tmp_path):
    long_ago = datetime.now(UTC) - timedelta(days=400)
    centre = Centre(tmp_path).opened(long_ago)
    centre.release("1.1", now=long_ago)
    trust.begin(tmp_path / "trust", centre.root)
    assert refused(tmp_path / "trust", centre) == "expired"


def test_a_source_that_is_not_there_is_told_as_that(believed, tmp_path, centre):
    with pytest.raises(UpdateFailed) as caught:
        Trust(believed, FolderSource(tmp_path / "nowhere")).offered("all", system())
    assert caught.value.code == "unreachable"


class _Crowded(FolderSource):
    def _fetch(self, url):
        raise DownloadHTTPError("the hub answers 503", 503)


def test_a_hub_that_gives_to_others_first_is_told_as_that(believed, centre):
    with pytest.raises(UpdateFailed) as caught:
        Trust(believed, _Crowded(centre.folder)).offered("all", system())
    assert caught.value.code == "crowded"


def test_another_centre_with_the_same_names_is_not_believed(believed, tmp_path):
    other = Centre(tmp_path / "other").opened()
    other.release("9.0")
    assert refused(believed, other) == "tampered"


def test_a_new_root_is_believed_because_the_old_one_signed_it(believed, centre):
    centre.release("1.1")
    assert offered(believed, centre).version == "1.1"
    roots = centre.repository.roots
    now = datetime.now(UTC)
    roots.change(centre.public("root-2", "root-3"), [], now)
    roots.sign(centre.signer("root-2"))
    roots.sign(centre.signer("root-3"))
    centre.release("1.2")
    assert offered(believed, centre).version == "1.2"


def test_a_root_that_strangers_signed_stops_updates_and_nothing_else(believed, tmp_path, centre):
    """The German outage: a wrong anchor is published. It is not believed, and what was believed before still is."""
    centre.release("1.1")
    other = Centre(tmp_path / "other").opened()
    stranger = json.loads(other.root)
    stranger["signed"]["version"] = 2
    (centre.folder / "metadata" / "2.root.json").write_text(json.dumps(stranger))
    assert refused(believed, centre) == "tampered"
    (centre.folder / "metadata" / "2.root.json").unlink()
    assert offered(believed, centre).version == "1.1"


def test_the_first_root_is_believed_once_and_only_if_it_is_one(tmp_path, centre):
    with pytest.raises(UpdateFailed, match="no root"):
        trust.begin(tmp_path / "t", b"{}")
    altered = json.loads(centre.root)
    altered["signed"]["expires"] = "2099-01-01T00:00:00Z"
    with pytest.raises(UpdateFailed, match="no root"):
        trust.begin(tmp_path / "t", json.dumps(altered).encode())
    version, ids = trust.begin(tmp_path / "t", centre.root)
    assert (version, len(ids)) == (1, 3)
    with pytest.raises(UpdateFailed, match="believed already"):
        trust.begin(tmp_path / "t", centre.root)


def test_without_a_root_nothing_is_believed(tmp_path, centre):
    with pytest.raises(UpdateFailed) as caught:
        Trust(tmp_path / "empty", FolderSource(centre.folder))
    assert caught.value.code == "root_unknown"
