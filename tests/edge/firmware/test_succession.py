"""From one key at the hub's end to the next, on a folder that plays the root: what is done, what is left alone, and what is told of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from central_sync.wire.tunnels import IN_PLACE, TRYING, TunnelFault, TunnelWord, key_name, packed
from edge.firmware import FOLLOWING_FILE, TUNNEL_FILE, WORD_FILE
from edge.firmware import appliance as module
from edge.firmware.appliance import Appliance, site_in_place
from edge.firmware.deadline import Moment
from edge.firmware.notices import SiteState
from edge.firmware.noticing import noticed
from edge.firmware.sets import SetError
from edge.firmware.site import WireGuard
from edge.firmware.succession import Following, Succession, end_of, following_of
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
        monkeypatch.setattr(module, "moment", lambda: Moment("boot", self.clock[0]))
        self.box = Appliance(root)
        self.box.apply(at(root))
        self.box.confirm()

    def offers(self, word: TunnelWord | None) -> None:
        (self.root / WORD_FILE).parent.mkdir(parents=True, exist_ok=True)
        (self.root / WORD_FILE).write_bytes(packed(word) if word else b"")

    def go_on(self, meanwhile: Callable[[], None] = lambda: None) -> Following | None:
        return Succession(self.root, self.drill, lambda _: self.settles(meanwhile)).go_on()

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

    class PowerCut(Exception):
        pass

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


def test_a_try_that_broke_off_before_anything_was_put_in_place_is_made_once_more(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    town.offers(WORD)
    with monkeypatch.context() as disk:
        disk.setattr(Appliance, "apply", full)
        with pytest.raises(OSError, match="No space"):
            town.go_on()
        with pytest.raises(OSError, match="No space"):
            town.go_on()
    assert (told := town.go_on()) is not None
    assert told.result == TunnelFault.WENT_BACK, "once more, not for ever"
    town.offers(msgspec.structs.replace(WORD, number=8))
    with monkeypatch.context() as disk:
        disk.setattr(Appliance, "apply", full)
        with pytest.raises(OSError, match="No space"):
            town.go_on()
    assert (told := town.go_on()) is not None
    assert told.result == IN_PLACE, "it never was tried: the hub was not silent"


def test_a_box_that_was_never_applied_has_no_end_to_tell_of(tmp_path: Path) -> None:
    assert end_of(tmp_path) == ("", Following())
