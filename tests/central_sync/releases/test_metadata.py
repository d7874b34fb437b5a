"""The files of the repository's metadata."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tuf.api.metadata import Root, Targets

from central_sync.releases.metadata import ReleasesError, Shelf, ends, read
from tests.releases import Centre


def test_the_newest_of_a_role_is_found_by_number_and_not_by_name(tmp_path):
    shelf = Shelf(tmp_path)
    shelf.metadata.mkdir()
    for name in ("2.root.json", "10.root.json", "9.targets.json", "x.root.json", "root.json"):
        (shelf.metadata / name).touch()
    assert (shelf.newest("root"), shelf.newest("targets"), shelf.newest("rings")) == (10, 9, 0)


def test_what_is_damaged_or_of_another_kind_is_told_by_its_path(tmp_path):
    root = Centre(tmp_path).opened().folder / "metadata" / "1.root.json"
    with pytest.raises(ReleasesError, match="another kind"):
        read(root, Targets)
    root.write_bytes(root.read_bytes()[:-20])
    with pytest.raises(ReleasesError, match=r"1\.root\.json"):
        read(root, Root)


def test_an_end_is_in_whole_seconds():
    assert ends(datetime(2026, 3, 1, 1, 2, 3, 999, tzinfo=UTC), 2) == datetime(2026, 3, 3, 1, 2, 3, tzinfo=UTC)
