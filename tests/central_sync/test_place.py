"""A command finds its hub's authority, signer and store in the folder that it was given."""

from __future__ import annotations

import pytest

from central_sync.config import load
from central_sync.fleet.authority import AuthorityMissing
from central_sync.place import Place
from tests.central_sync.test_main import hub_command


def test_everything_is_found_in_one_folder(tmp_path):
    hub_command(tmp_path, "init")
    place = Place(tmp_path, load(tmp_path))
    assert place.signer().name == place.signer().name
    with place.fleet() as fleet:
        assert fleet.hospitals() == []


def test_a_folder_without_an_authority_says_so(tmp_path):
    with pytest.raises(AuthorityMissing):
        Place(tmp_path, load(tmp_path)).signer()
