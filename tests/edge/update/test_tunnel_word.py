"""The word about the tunnel as it comes from the repository: believed with the repository, kept for another program, and gone when it is over."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import pytest

from central_sync.wire.tunnels import TunnelWord, packed, path_of
from edge.firmware.appliance import Appliance
from edge.update import tunnel_word
from edge.update.sources import FolderSource
from edge.update.state import root_version
from edge.update.work import Asked
from tests.edge.firmware import sites
from tests.edge.firmware.test_appliance import OTHER_KEY, at, root
from tests.edge.update.test_work import Site

__all__ = ["root"]
PRESENT = sites.table()["vpn"]["public_key"]
WORD = TunnelWord(number=7, present=PRESENT, following=OTHER_KEY)


@pytest.fixture
def site(root, tmp_path_factory):
    box = Appliance(root)
    box.apply(at(root))
    box.confirm()
    made = Site(tmp_path_factory.mktemp("updates"))
    made.centre.release("1.0")
    made.file = made.folder / tunnel_word.FILE
    made.heard = []
    made.work._tell = made.heard.append
    return made


def look(site, root) -> None:
    assert site.look(box=root).code == "nothing"


def test_a_word_that_is_offered_is_kept_again_and_again_until_it_is_over(site, root):
    look(site, root)
    assert not site.file.exists()
    site.centre.repository.tell(WORD, datetime.now(UTC))
    for _ in range(2):
        site.file.unlink(missing_ok=True)
        look(site, root)
        assert site.file.read_bytes() == packed(WORD)
        assert site.file.stat().st_mode & 0o777 == 0o644
    assert root_version(site.folder) == 1
    site.centre.repository.take_back(PRESENT, datetime.now(UTC))
    look(site, root)
    assert site.file.read_bytes() == b""


def test_a_word_for_another_tunnel_is_not_ours_and_a_machine_without_a_tunnel_asks_for_none(
    site, root, tmp_path_factory
):
    other = TunnelWord(number=7, present=OTHER_KEY, following=PRESENT)
    site.centre.repository.tell(other, datetime.now(UTC))
    look(site, root)
    look(site, tmp_path_factory.mktemp("bare"))
    site.look()
    assert not site.file.exists()


@pytest.mark.parametrize("body", [b"rubbish", packed(TunnelWord(number=7, present=OTHER_KEY, following=PRESENT))])
def test_what_is_signed_and_is_no_word_for_us_is_told_and_holds_up_no_release(site, root, body):
    repository = site.centre.repository
    rings = repository._rings(datetime.now(UTC))
    repository._point(rings.signed, path_of(PRESENT), body)
    repository._sign_rings(rings, datetime.now(UTC))
    repository._publish(datetime.now(UTC))
    look(site, root)
    assert "tunnel" in " ".join(site.heard)
    assert not site.file.exists()


def test_a_word_that_was_altered_is_not_believed(site, root):
    site.centre.repository.tell(WORD, datetime.now(UTC))
    [file] = (site.centre.folder / "targets/rings").glob("*tunnel*")
    file.write_bytes(file.read_bytes().replace(b'"number":7', b'"number":8'))
    look(site, root)
    assert site.heard
    assert not site.file.exists()


def test_a_stick_brings_a_word_too(site, root, tmp_path_factory):
    site.centre.repository.tell(WORD, datetime.now(UTC))
    stick = tmp_path_factory.mktemp("stick") / "copy"
    shutil.copytree(site.centre.folder, stick)
    site.work.look(FolderSource(stick), Asked("all", install=False, box=root))
    assert site.file.read_bytes() == packed(WORD)
