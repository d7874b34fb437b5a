"""What is kept: the newest that is accepted is in use, the one before it stays, and a beginning is gone on with."""

from __future__ import annotations

import pytest

from central_sync.wire import bundles
from central_sync.wire.bundles import Fault
from edge import shelf as shelves
from edge.pieces import Begun
from edge.shelf import FETCHING, FOLDER, Shelf
from tests.edge.rulebook_hub import NUMBER, RulebookHub


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> RulebookHub:
    return RulebookHub(tmp_path_factory.mktemp("hub"))


@pytest.fixture
def shelf(tmp_path, hub) -> Shelf:
    return Shelf(tmp_path, hub.authority_file, "H1")


def test_an_empty_folder_holds_nothing(shelf):
    assert shelf.best() == (None, None)
    assert shelf.beginning() == Begun()
    assert shelf.numbers() == []


def test_the_newest_is_in_use_and_the_one_before_it_is_kept(shelf, hub, tmp_path):
    for number in (NUMBER, NUMBER + 1, NUMBER + 2):
        shelf.keep(number, hub.bundle(number))
    found, fault = shelf.best()
    assert (found.told.number, fault) == (NUMBER + 2, None)
    assert shelf.numbers() == [NUMBER + 2, NUMBER + 1]
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / FOLDER).iterdir()} == {0}


def test_when_the_newest_is_damaged_the_one_before_is_used_and_the_damage_told(shelf, hub, tmp_path):
    shelf.keep(NUMBER, hub.bundle(NUMBER))
    shelf.keep(NUMBER + 1, hub.bundle(NUMBER + 1)[:-10])
    found, fault = shelf.best()
    assert (found.told.number, fault) == (NUMBER, Fault.CUT_OFF)
    (tmp_path / FOLDER / f"{NUMBER}.bundle").write_bytes(b"x")
    assert shelf.best() == (None, Fault.CUT_OFF)


def test_what_is_too_large_for_any_bundle_is_not_read(shelf, hub, monkeypatch):
    shelf.keep(NUMBER, hub.bundle(NUMBER))
    monkeypatch.setattr(shelves, "FILE_BYTES_MAX", 100)
    assert shelf.best() == (None, Fault.DAMAGED)


def test_a_beginning_is_found_again_and_gone_when_it_is_whole(shelf, hub, tmp_path):
    file = hub.bundle()
    shelf.begin(b"d" * 32)
    shelf.add(file[:1_000])
    again = Shelf(tmp_path, hub.authority_file, "H1")
    assert again.beginning() == Begun(b"d" * 32, 1_000)
    again.add(file[1_000:])
    assert again.fetched() == file
    again.keep(NUMBER, file)
    assert again.beginning() == Begun()
    assert not (tmp_path / FOLDER / FETCHING).exists()


def test_another_beginning_takes_the_place_of_the_first_and_a_torn_one_is_none(shelf, tmp_path):
    shelf.begin(b"d" * 32)
    shelf.add(b"abc")
    shelf.begin(b"e" * 32)
    assert shelf.beginning() == Begun(b"e" * 32, 0)
    (tmp_path / FOLDER / FETCHING).write_bytes(b"short")
    assert shelf.beginning() == Begun()


def test_a_beginning_with_its_whole_head_says_of_which_body_it_is(shelf, hub):
    file = hub.bundle(NUMBER)
    head, body = bundles.opened(file)
    shelf.begin(b"d" * 32)
    shelf.add(file[:50])
    assert shelf.beginning() == Begun(b"d" * 32, 50)
    shelf.add(file[50:-1])
    begins = len(file) - len(body)
    assert shelf.beginning() == Begun(b"d" * 32, len(file) - 1, NUMBER, head.statement.digest, begins)
