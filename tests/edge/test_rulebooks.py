"""An edge fetches what the hub puts in force, piece by piece, and uses it only when all of it is accepted."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import pytest

from central_sync.wire import bundles
from central_sync.wire import packets as p
from edge.audit import FILE as AUDIT_FILE
from edge.audit import Audit
from edge.forecast import Forecaster
from edge.rulebooks import Rulebooks
from edge.shelf import Shelf
from tests.edge.rulebook_hub import NUMBER, RulebookHub, whole, without
from tests.edge.test_forecast import NOW, draft
from tests.edge.world import Edge, until


@pytest.fixture(scope="module")
def publisher(tmp_path_factory) -> RulebookHub:
    return RulebookHub(tmp_path_factory.mktemp("publisher"))


class Place:
    """An edge's core with its rulebooks."""

    def __init__(self, folder, url, publisher) -> None:
        self.edge = Edge(folder, url, forecaster=Forecaster("Asia/Shanghai"))
        self.forecaster = Forecaster("Asia/Shanghai")
        self.audit = Audit(folder)
        self.taken = []
        self.rulebooks = Rulebooks(
            lambda: Shelf(folder, publisher.authority_file, "H1"),
            self.edge.line,
            self.audit,
            self.take,
            lambda: datetime.now(UTC),
        )
        self.edge.downlink._rulebooks = self.rulebooks
        self.rulebooks.look = self.edge.downlink.look

    def take(self, accepted) -> None:
        self.taken.append(accepted.told.number)
        self.forecaster.take_up(accepted.whole.audit)

    @property
    def number(self) -> int:
        return self.rulebooks.standing.number


@pytest.fixture
def placed(tmp_path, hub, publisher):
    @asynccontextmanager
    async def started() -> AsyncIterator[Place]:
        place = Place(tmp_path, hub.url, publisher)
        place.audit.start()
        async with place.edge:
            await place.rulebooks.start()
            try:
                yield place
            finally:
                await place.rulebooks.stop()

    return started


def audited(folder) -> list[tuple[str, str]]:
    lines = (folder / AUDIT_FILE).read_bytes().splitlines()
    return [(line["act"], line.get("code", "")) for line in map(msgspec.json.decode, lines)]


async def test_what_the_hub_puts_in_force_is_fetched_in_pieces_and_used_at_once(hub, placed, publisher, tmp_path):
    async with placed() as place:
        assert place.rulebooks.standing == ("", 0, None, "")
        await hub.put_in_force(NUMBER, publisher.bundle())
        await until(lambda: place.number == NUMBER)
        assert len(hub.offsets) > 3
        assert place.rulebooks.standing == (whole().version, NUMBER, 0, "")
        await hub.put_in_force(NUMBER + 1, publisher.bundle(NUMBER + 1, without("DRG-01")))
        await until(lambda: place.number == NUMBER + 1)
    assert [act for act, _ in audited(tmp_path)] == ["rulebook_taken", "rulebook_taken"]
    async with placed() as place:
        await until(lambda: place.number == NUMBER + 1)
        assert place.taken == [NUMBER + 1], "it is loaded from the disk, and not fetched again"


async def test_a_forecast_is_made_with_the_rules_in_force_also_when_others_were_in_use(hub, placed, publisher):
    typed = msgspec.convert(draft(), type=p.Forecast)
    async with placed() as place:
        before = place.forecaster.judge(typed, NOW)
        assert "DRG-01" in {finding.rule for finding in before.findings}
        await hub.put_in_force(NUMBER, publisher.bundle(NUMBER, without("DRG-01")))
        await until(lambda: place.number == NUMBER)
        after = place.forecaster.judge(typed, NOW)
        assert "DRG-01" not in {finding.rule for finding in after.findings}
        assert after.rules == without("DRG-01").audit.version != before.rules == whole().audit.version


async def test_a_line_that_is_cut_in_the_middle_goes_on_where_it_was(hub, placed, publisher):
    hub.parts_until_cut = 3
    async with placed() as place:
        await hub.put_in_force(NUMBER, publisher.bundle())
        await until(lambda: place.number == NUMBER, 20)
    assert hub.offsets[:5] == [0, 4_096, 8_192, 12_288, 12_288]


async def test_an_edge_that_was_stopped_in_the_middle_goes_on_after_its_next_start(hub, placed, publisher):
    hub.part_bytes = 500
    async with placed() as place:
        await hub.put_in_force(NUMBER, publisher.bundle())
        await until(lambda: len(hub.offsets) > 5)
    assert place.number == 0
    reached = max(hub.offsets)
    hub.offsets.clear()
    async with placed() as place:
        await until(lambda: place.number == NUMBER)
    assert reached <= hub.offsets[0] <= reached + 500


async def test_a_torn_beginning_is_fetched_anew_once(hub, placed, publisher, tmp_path):
    file = publisher.bundle()
    digest = hashlib.sha256(file).digest()
    shelf = Shelf(tmp_path, publisher.authority_file, "H1")
    shelf.begin(digest)
    shelf.add(bytes(5_000))
    async with placed() as place:
        await hub.put_in_force(NUMBER, file)
        await until(lambda: place.number == NUMBER)
        assert place.rulebooks.trouble == ""
    assert hub.offsets[0] == 5_000
    assert 0 in hub.offsets


@pytest.mark.parametrize("longer", [False, True])
async def test_pieces_of_processes_that_sign_differently_are_put_together(hub, placed, publisher, longer):
    """Every second piece is another signer's; the heads are of different lengths."""
    one, other = publisher.bundle(), publisher.another().bundle()
    assert one != other
    assert bundles.opened(one)[1] == bundles.opened(other)[1]
    hub.part_bytes = 3_000
    hub.twin = lengthened(other) if longer else other
    async with placed() as place:
        await hub.put_in_force(NUMBER, one if longer else lengthened(one))
        await until(lambda: place.number == NUMBER)
        assert place.rulebooks.trouble == ""
    assert hub.offsets.count(0) == 1, "nothing was fetched twice"
    assert len(hub.offsets) <= len(one) // 3_000 + 4


def lengthened(file: bytes) -> bytes:
    """The same bundle with a head that is longer: its certificate has a line more."""
    head, body = bundles.opened(file)
    return bundles.sealed(msgspec.structs.replace(head, certificate=b"# of this hub\n" + head.certificate), body)


async def test_an_older_hubs_pieces_of_two_signers_begin_anew_until_one_signer_gives_them_all(hub, placed, publisher):
    hub.tells_bodies = False
    hub.twin = publisher.another().bundle()
    async with placed() as place:
        await hub.put_in_force(NUMBER, publisher.bundle())
        await until(lambda: len(hub.offsets) > 6)
        assert place.number == 0
        hub.twin = None
        await until(lambda: place.number == NUMBER)


async def test_pieces_that_only_say_that_they_belong_together_are_fetched_anew(hub, placed, publisher):
    good = publisher.bundle()
    head, body = bundles.opened(good)
    hub.twin = bundles.sealed(head, bytes([body[0]]) + bytes(len(body) - 1))
    async with placed() as place:
        await hub.put_in_force(NUMBER, good)
        await until(lambda: len(hub.offsets) > 4)
        hub.twin = None
        await until(lambda: place.number == NUMBER)
        assert place.rulebooks.trouble == ""


async def test_another_file_in_the_middle_begins_anew(hub, placed, publisher):
    hub.part_bytes = 2_000
    async with placed() as place:
        await hub.put_in_force(NUMBER, publisher.bundle())
        await until(lambda: len(hub.offsets) > 2)
        await hub.put_in_force(NUMBER + 1, publisher.bundle(NUMBER + 1, without("DRG-01")))
        await until(lambda: place.number == NUMBER + 1)
    assert place.taken == [NUMBER + 1]


@pytest.mark.parametrize("kind", ["bundle_stranger", "bundle_damaged", "bundle_elsewhere", "bundle_older"])
async def test_what_is_refused_changes_nothing_and_is_told(hub, placed, publisher, tmp_path, tmp_path_factory, kind):
    good = publisher.bundle()
    wrong = {
        "bundle_stranger": lambda: RulebookHub(tmp_path_factory.mktemp("stranger")).bundle(NUMBER + 1),
        "bundle_damaged": lambda: good[:-1] + bytes([good[-1] ^ 1]),
        "bundle_elsewhere": lambda: publisher.bundle(NUMBER + 1, institution="H2"),
        "bundle_older": lambda: publisher.bundle(NUMBER - 1),
    }[kind]()
    async with placed() as place:
        await hub.put_in_force(NUMBER, good)
        await until(lambda: place.number == NUMBER)
        await hub.put_in_force(NUMBER + 1, wrong)
        await until(lambda: hub.bundle_troubles)
        await asyncio.sleep(0.2)
        assert hub.bundle_troubles == [kind], "it is told once"
        assert place.rulebooks.standing == (whole().version, NUMBER, 0, kind)
        fetched = len(hub.offsets)
        place.edge.downlink.look()
        await asyncio.sleep(0.3)
        assert len(hub.offsets) == fetched, "it is not fetched again"
        assert audited(tmp_path)[-1] == ("rulebook_refused", kind)
        await hub.put_in_force(NUMBER + 2, publisher.bundle(NUMBER + 2))
        await until(lambda: place.number == NUMBER + 2)
        assert place.rulebooks.trouble == ""
    assert place.taken == [NUMBER, NUMBER + 2]


async def test_a_kept_file_that_is_damaged_is_passed_over_and_fetched_again(hub, placed, publisher, tmp_path):
    await hub.put_in_force(NUMBER + 1, publisher.bundle(NUMBER + 1))
    shelf = Shelf(tmp_path, publisher.authority_file, "H1")
    shelf.keep(NUMBER, publisher.bundle())
    shelf.keep(NUMBER + 1, b"PKRB")
    async with placed() as place:
        await until(lambda: place.number == NUMBER + 1)
        assert place.taken == [NUMBER, NUMBER + 1]
        assert place.rulebooks.trouble == ""


async def test_a_disk_that_does_not_take_it_is_told_and_tried_again(hub, placed, publisher, tmp_path, monkeypatch):
    monkeypatch.setattr("edge.rulebooks.RETRY_CAP_S", 0.1)
    (tmp_path / "rulebooks").write_bytes(b"in the way")
    async with placed() as place:
        await hub.put_in_force(NUMBER, publisher.bundle())
        await until(lambda: place.rulebooks.trouble == "disk")
        (tmp_path / "rulebooks").unlink()
        await until(lambda: place.number == NUMBER)
        assert place.rulebooks.trouble == ""


async def test_what_says_that_it_is_too_large_is_not_begun(hub, placed, publisher, tmp_path, monkeypatch):
    monkeypatch.setattr("edge.rulebooks.FILE_BYTES_MAX", 1_000)
    async with placed():
        await hub.put_in_force(NUMBER, publisher.bundle())
        await until(lambda: hub.bundle_troubles)
        assert hub.bundle_troubles == ["bundle_damaged"]
        assert hub.offsets == [0]
    assert not (tmp_path / "rulebooks" / "fetching").exists()


async def test_a_fault_of_ours_does_not_end_the_fetching(hub, placed, publisher, monkeypatch):
    monkeypatch.setattr("edge.rulebooks.RETRY_CAP_S", 0.1)
    async with placed() as place:
        await until(lambda: place.edge.uplink.up)
        faults = [KeyError("once")]
        take = place.take

        def taken(accepted) -> None:
            if faults:
                raise faults.pop()
            take(accepted)

        place.rulebooks._taken = taken
        await hub.put_in_force(NUMBER, publisher.bundle())
        await until(lambda: place.number == NUMBER)
        assert place.rulebooks.trouble == ""


async def test_a_hub_that_tells_of_none_is_asked_for_none(hub, placed):
    async with placed() as place:
        await until(lambda: place.edge.uplink.up)
        await asyncio.sleep(0.2)
    assert hub.offsets == []


def test_every_refusal_has_its_sentence():
    assert set(bundles.WHY) == set(bundles.Fault)
