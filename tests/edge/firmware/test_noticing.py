"""A changed site file is noticed by the file system's own word, looked at, and never applied."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.firmware.appliance import Appliance
from edge.firmware.notices import Notice, SiteState
from edge.firmware.noticing import Noticing, noticed
from tests.edge.firmware import sites
from tests.patience import HUNG_S


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("edge.firmware.check.shutil.which", lambda _: None)
    monkeypatch.setattr(Appliance, "_arm", lambda _: None)
    (tmp_path / "etc/pishkhan").mkdir(parents=True)
    site(tmp_path).write_bytes(sites.text())
    Appliance(tmp_path).apply(site(tmp_path), anyway=True)
    Appliance(tmp_path).confirm()
    return tmp_path


def site(root: Path) -> Path:
    return root / "etc/pishkhan/site.toml"


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(HUNG_S):
        while not what():  # noqa: ASYNC110 -- another thread makes it so
            await asyncio.sleep(0.01)


async def test_a_change_is_noticed_shown_and_left_alone(root: Path) -> None:
    noticing = Noticing(root)
    await noticing.start()
    try:
        assert (noticing.appliance, noticing.notice) == (True, Notice())
        before = (root / "etc/nftables.conf").read_text()
        site(root).write_bytes(sites.text(lan__face_port=7005))
        await until(lambda: noticing.notice.state is SiteState.CHANGED)
        assert "etc/nftables.conf" in noticing.notice.files
        assert "etc/chrony/chrony.conf" not in noticing.notice.files
        assert (root / "etc/nftables.conf").read_text() == before
        fresh = root / "etc/pishkhan/site.new"
        fresh.write_bytes(sites.text(lan__face_port=22))
        fresh.rename(site(root))
        await until(lambda: noticing.notice.state is SiteState.WRONG)
        assert "lan.face_port" in noticing.notice.fault
        site(root).write_bytes(sites.text())
        await until(lambda: noticing.notice == Notice())
    finally:
        await noticing.stop()
    site(root).write_text("x")
    await asyncio.sleep(0.05)
    assert noticing.notice == Notice(), "after the stop nobody looks"


async def test_what_waits_for_its_confirmation_is_noticed(root: Path) -> None:
    noticing = Noticing(root)
    await noticing.start()
    try:
        site(root).write_bytes(sites.text(lan__face_port=7005))
        Appliance(root).apply(site(root), anyway=True)
        await until(lambda: noticing.notice.state is SiteState.UNCONFIRMED)
        Appliance(root).confirm()
        await until(lambda: noticing.notice == Notice())
    finally:
        await noticing.stop()


async def test_where_there_is_no_appliance_there_is_nothing_to_say(tmp_path: Path) -> None:
    noticing = Noticing(tmp_path)
    await noticing.start()
    await noticing.stop()
    assert (noticing.appliance, noticing.notice) == (False, Notice())


def test_a_comment_changes_nothing_and_a_file_that_cannot_be_read_is_told(root: Path) -> None:
    site(root).write_bytes(b"# a comment\n" + sites.text())
    assert noticed(root) == Notice()
    site(root).unlink()
    site(root).mkdir()
    assert noticed(root).state is SiteState.WRONG
