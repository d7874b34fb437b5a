"""From one key at the hub's end to the next, on a folder that plays the root: what is done, what is left alone, and what is told of it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from central_sync.wire.tunnels import IN_PLACE, TRYING, TunnelFault, TunnelWord, key_name, packed
from edge import files, platform
from edge.firmware import FOLLOWING_FILE, STATE_FOLDER, TUNNEL_FILE, WORD_FILE
from edge.firmware import appliance as module
from edge.firmware.appliance import Appliance, site_in_place
from edge.firmware.deadline import Moment
from edge.firmware.notices import SiteState
from edge.firmware.noticing import noticed
from edge.firmware.sets import SetError
from edge.firmware.site import WireGuard
from edge.firmware.succession import Following, Succession, end_of, following_of, pause_s
from edge.firmware.tunnel import Leg, Report
from edge.firmware.wireguard import TunnelError
from tests.edge.firmware import sites
from tests.edge.firmware.test_appliance import NETDEV, OTHER_KEY, at, root

__all__ = ["root"]
PRESENT = sites.table()["vpn"]["public_key"]
WORD = TunnelWord(number=7, present=PRESENT, following=OTHER_KEY, endpoint="203.0.113.77", port=51899)


class Town:
    """The box, the drill's result, and the one who settles, who lives while the trial waits."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.clock = root, [100.0]
        self.drilled: list[tuple[str, str, int]] = []
        self.answers: bool | Exception = True
        self.leg: Leg | None = Leg.UP
        self.boot, self.day = "boot", datetime(2026, 11, 28, tzinfo=UTC)
        monkeypatch.setattr(module, "moment", lambda: Moment(self.boot, self.clock[0]))
        self.box = Appliance(root)
        if not self.box.sets.record().files:
            self.box.apply(at(root))
            self.box.confirm()

    def offers(self, word: TunnelWord | None) -> None:
        (self.root / WORD_FILE).parent.mkdir(parents=True, exist_ok=True)
        (self.root / WORD_FILE).write_bytes(packed(word) if word else b"")

    def go_on(self, meanwhile: Callable[[], None] = lambda: None) -> Following | None:
        return Succession(self.root, self.drill, lambda _: self.settles(meanwhile), lambda: self.day).go_on()

    def drill(self, present: WireGuard, following: WireGuard, root: Path) -> bool:
        assert NETDEV
        assert (present.public_key, root) == (PRESENT, self.root)
        assert PRESENT in (root / NETDEV).read_text(), "nothing is touched before it is proven"
        self.drilled.append((following.public_key, following.endpoint, following.port))
        if isinstance(self.answers, Exception):
            raise self.answers
        return self.answers

    def settles(self, meanwhile: Callable[[], None]) -> None:
        meanwhile()
        path = self.root / TUNNEL_FILE
        path.parent.mkdir(parents=True, exist_ok=True)

        def pause(seconds: float) -> None:
            self.clock[0] += seconds
            if self.leg is not None:
                path.write_bytes(msgspec.json.encode(Report(at=time.time(), leg=self.leg, answers=True)))

        self.box.settle(pause)


@pytest.fixture
def town(root: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    return Town(root, monkeypatch)


def test_the_next_key_is_drilled_then_tried_then_kept_and_stands_in_the_site_file(town: Town) -> None:
    town.offers(WORD)
    told = town.go_on()
    assert told is not None
    assert (told.result, told.following, told.number) == (IN_PLACE, key_name(OTHER_KEY), 7)
    assert town.drilled == [(OTHER_KEY, "203.0.113.77", 51899)]
    assert OTHER_KEY in (town.root / NETDEV).read_text()
    assert at(town.root).read_bytes() == site_in_place(town.root).read_bytes()
    assert b"#" in at(town.root).read_bytes(), "a technician's comments are there still"
    assert noticed(town.root).state is SiteState.IN_PLACE
    assert end_of(town.root) == (key_name(OTHER_KEY), told)
    assert town.go_on() is None, "the word is for those whose tunnel ends at the key before"


def test_a_key_that_nobody_proves_changes_nothing_and_is_tried_again(town: Town) -> None:
    before = sorted((path, path.read_bytes()) for path in (town.root / "etc").rglob("*") if path.is_file())
    town.offers(WORD)
    for answer, fault in ((False, TunnelFault.UNANSWERED), (TunnelError("nft failed"), TunnelFault.UNTRIED)):
        town.answers = answer
        told = town.go_on()
        assert told is not None
        assert told.result == fault
    assert before == sorted((path, path.read_bytes()) for path in (town.root / "etc").rglob("*") if path.is_file())
    town.answers = True
    assert (told := town.go_on()) is not None
    assert told.result == IN_PLACE


def test_a_key_through_which_the_hub_does_not_answer_goes_back_and_is_not_tried_again_until_it_is_said_anew(
    town: Town,
) -> None:
    town.offers(WORD)
    town.leg = Leg.SILENT
    written = at(town.root).read_bytes()
    for _ in range(2):
        told = town.go_on()
        assert told is not None
        assert told.result == TunnelFault.WENT_BACK
        assert PRESENT in (town.root / NETDEV).read_text()
        assert len(town.drilled) == 1
    assert at(town.root).read_bytes() == written
    town.leg = Leg.UP
    town.offers(msgspec.structs.replace(WORD, number=8))
    assert (told := town.go_on()) is not None
    assert told.result == IN_PLACE


def test_what_became_of_a_word_that_was_taken_back_is_told_no_more_but_remembered(town: Town) -> None:
    town.offers(WORD)
    town.leg = Leg.SILENT
    assert (told := town.go_on()) is not None
    assert end_of(town.root) == (key_name(PRESENT), told)
    town.offers(None)
    assert town.go_on() is None
    assert end_of(town.root) == (key_name(PRESENT), Following()), "nothing is wrong any more"
    town.offers(WORD)
    town.go_on()
    assert len(town.drilled) == 1, "the same word comes back, and is known"
    assert end_of(town.root).following.result == TunnelFault.WENT_BACK


def test_what_a_technician_wrote_and_did_not_apply_is_neither_applied_nor_lost(town: Town) -> None:
    text = at(town.root).read_text().replace('name = "', 'name = "other-', 1)
    at(town.root).write_text(text)
    town.offers(WORD)
    assert (told := town.go_on()) is not None
    assert told.result == IN_PLACE
    assert "other-" not in (town.root / "etc/hostname").read_text()
    assert "other-" in at(town.root).read_text()
    assert OTHER_KEY in at(town.root).read_text(), "his next apply does not undo what the hub confirmed"


def test_a_word_is_not_for_another_tunnel_nor_while_another_set_waits(town: Town) -> None:
    assert town.go_on() is None
    town.offers(None)
    assert town.go_on() is None
    (town.root / WORD_FILE).write_bytes(b"rubbish")
    assert town.go_on() is None
    town.offers(msgspec.structs.replace(WORD, present="A" * 43 + "="))
    assert town.go_on() is None
    at(town.root).write_bytes(sites.text(lan__face_port=7009))
    town.box.apply(at(town.root))
    town.offers(WORD)
    with pytest.raises(SetError, match="waits to be confirmed"):
        town.go_on()
    assert town.drilled == []


@pytest.mark.parametrize("endpoint", ["10.81.0.9", "127.0.0.1"])
def test_an_end_that_this_site_may_not_have_is_told_and_not_drilled(town: Town, endpoint: str) -> None:
    town.offers(msgspec.structs.replace(WORD, endpoint=endpoint))
    assert (told := town.go_on()) is not None
    assert told.result == TunnelFault.SITE
    assert town.drilled == []


def test_the_same_key_at_another_address_is_gone_over_to_once(town: Town) -> None:
    town.offers(msgspec.structs.replace(WORD, following=PRESENT))
    for _ in range(2):
        assert (told := town.go_on()) is not None
        assert told.result == IN_PLACE
    assert town.drilled == [(PRESENT, "203.0.113.77", 51899)]


def test_a_power_cut_in_the_middle_ends_as_whoever_looked_at_the_boot_has_ended_it(town: Town) -> None:
    town.offers(WORD)

    def cut() -> None:
        raise PowerCut

    with pytest.raises(PowerCut):
        town.go_on(cut)
    assert following_of(town.root).result == TRYING
    town.settles(lambda: None)
    town.offers(None)  # the updater has seen by now that the next key is the present one
    assert (told := town.go_on()) is not None
    assert told.result == IN_PLACE
    (town.root / FOLLOWING_FILE).write_bytes(b"rubbish")
    assert town.go_on() is None


def test_what_could_not_be_put_in_place_is_tried_again_after_ever_longer_pauses(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.offers(WORD)
    causes: list[Exception] = [
        OSError(28, "No space left on device"),
        SetError("taken back: networkd does not take it"),
    ]
    for tries in range(1, 5):
        with monkeypatch.context() as disk:
            disk.setattr(Appliance, "apply", refusing(causes[tries % 2]))
            for _ in range(2):
                assert (told := town.go_on()) is not None
                assert (told.result, told.tries) == (TunnelFault.NOT_TAKEN, tries), "and not again at once"
        assert end_of(town.root) == (key_name(PRESENT), told)
        assert len(town.drilled) == tries
        town.day += timedelta(seconds=pause_s(tries))
    assert (told := town.go_on()) is not None
    assert told.result == IN_PLACE, "the cause has passed"


def test_pauses_grow_to_a_day_and_no_further() -> None:
    assert [pause_s(tries) for tries in (1, 2, 3, 4, 5, 1000)] == [600, 2400, 9600, 38_400, 86_400, 86_400]


def test_a_clock_that_was_set_back_keeps_no_key_waiting(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.offers(WORD)
    with monkeypatch.context() as disk:
        disk.setattr(Appliance, "apply", refusing(SetError("not now")))
        assert (told := town.go_on()) is not None
        assert told.result == TunnelFault.NOT_TAKEN
    town.day -= timedelta(days=400)
    assert (told := town.go_on()) is not None
    assert told.result == IN_PLACE


def refusing(cause: Exception) -> Callable[..., None]:
    def apply(*_: object, **__: object) -> None:
        raise cause

    return apply


class PowerCut(BaseException):
    """From one moment to the next: nobody catches it."""


def cut_at(monkeypatch: pytest.MonkeyPatch, step: int) -> list[str]:
    """The power fails before the change of the disk with this number, counted from 0, and nothing is changed after it; what was done until then."""
    done: list[str] = []

    def until(change: Callable[..., Any], called: str) -> Callable[..., Any]:
        def cutting(*given: Any, **named: Any) -> Any:
            if len(done) >= step:
                raise PowerCut
            done.append(called)
            return change(*given, **named)

        return cutting

    for place, name in (
        (platform, "replace"),
        (files, "write_new"),
        (Path, "unlink"),
        (Path, "mkdir"),
        (shutil, "rmtree"),
    ):
        monkeypatch.setattr(place, name, until(getattr(place, name), name))
    return done


@pytest.mark.parametrize("hub_goes_on", [True, False], ids=["the hub answers", "the hub does not"])
def test_wherever_the_power_fails_the_site_file_names_the_old_key_or_one_that_the_hub_confirmed(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, hub_goes_on: bool
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # many disks, and none of them fails
    monkeypatch.setattr(module, "LOOK_EVERY_S", 5.0)
    Town(root, monkeypatch)
    steps = 0
    while True:
        box = tmp_path_factory.mktemp("cut") / "root"
        shutil.copytree(root, box)
        town = Town(box, monkeypatch)
        town.offers(WORD)
        with monkeypatch.context() as power:
            done = cut_at(power, steps)
            try:
                town.go_on()
            except PowerCut:
                pass
            else:
                break
        steps += 1
        confirmed = town.box.sets.record().confirmed and OTHER_KEY in site_in_place(box).read_text()
        assert OTHER_KEY not in at(box).read_text() or confirmed, done
        assert PRESENT in at(box).read_text() or confirmed, done
        whole = town.box.sets.whole(town.box.sets.record())
        (box / TUNNEL_FILE).unlink(missing_ok=True)
        town.clock[0], town.boot, town.leg = 5.0, "after", Leg.UP if hub_goes_on or not whole else Leg.SILENT
        town.settles(lambda: None)  # what the unit does at the boot
        assert not (box / STATE_FOLDER / "unconfirmed").exists(), done
        assert town.box.sets.record().confirmed, done
        written = [OTHER_KEY in path.read_text() for path in (at(box), box / NETDEV, site_in_place(box))]
        assert len(set(written)) == 1, f"all say the same: {written} {done}"
        assert written[0] in (False, confirmed or (whole and hub_goes_on)), done
        town.leg = Leg.UP
        for _ in range(2):  # what the updater's next looks do
            town.day += timedelta(days=2)
            told = town.go_on()
        assert OTHER_KEY in at(box).read_text() or (told is not None and told.result == TunnelFault.WENT_BACK), done
    assert steps > 20, "it was cut in many places"


def test_half_a_set_is_not_confirmed_by_the_tunnel_that_was_there_before(town: Town) -> None:
    town.offers(WORD)

    def half() -> None:
        (town.root / NETDEV).write_text((town.root / NETDEV).read_text().replace(OTHER_KEY, PRESENT))

    assert (told := town.go_on(half)) is not None
    assert told.result == TunnelFault.WENT_BACK, "the hub answers, but not through what was proven"
    assert PRESENT in at(town.root).read_text()


def test_a_set_that_nobody_told_the_system_of_is_not_confirmed_by_the_tunnel_that_still_runs(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.offers(WORD)

    def killed(*_: object, **__: object) -> None:
        raise PowerCut

    with monkeypatch.context() as kill:
        kill.setattr(Appliance, "_activate", killed)
        with pytest.raises(PowerCut):
            town.go_on()
    town.settles(lambda: None)
    assert PRESENT in (town.root / NETDEV).read_text(), "the same boot: the old tunnel carried the hub's answer"
    assert PRESENT in at(town.root).read_text()


def test_a_trial_that_a_technician_confirms_by_hand_stands_in_the_site_file_too(town: Town) -> None:
    town.offers(WORD)
    town.leg = None
    assert (told := town.go_on(town.box.confirm)) is not None
    assert told.result == IN_PLACE
    assert OTHER_KEY in at(town.root).read_text()


def test_a_full_disk_leaves_the_site_file_to_the_next_boot(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.offers(WORD)
    replace = files.replace

    def full(path: Path, *given: Any) -> None:
        if path == at(town.root):
            raise OSError(28, "No space left on device")
        replace(path, *given)

    with monkeypatch.context() as disk:
        disk.setattr(files, "replace", full)
        assert (told := town.go_on()) is not None
        assert told.result == IN_PLACE
    assert PRESENT in at(town.root).read_text()
    town.settles(lambda: None)
    assert OTHER_KEY in at(town.root).read_text()
    assert not (town.root / STATE_FOLDER / "unconfirmed").exists()


def test_a_box_that_was_never_applied_has_no_end_to_tell_of(tmp_path: Path) -> None:
    assert end_of(tmp_path) == ("", Following())
