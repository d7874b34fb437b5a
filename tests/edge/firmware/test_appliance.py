"""Apply, confirm, roll back: in a folder that plays the root, with the keeper of the roll-back as a process of its own."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import msgspec
import pytest

from edge.firmware import TUNNEL_FILE, defaults
from edge.firmware import appliance as module
from edge.firmware.appliance import Appliance, site_in_place
from edge.firmware.deadline import Moment
from edge.firmware.sets import SetError
from edge.firmware.site import SiteWrong
from edge.firmware.tunnel import Leg, Report
from tests.edge.firmware import sites

TARGET = "etc/nftables.conf"
NETDEV = "etc/systemd/network/30-pishkhan-hub0.netdev"
OTHER_KEY = "b3RoZXIga2V5IG9mIHRoZSBodWIncyB0dW5uZWwgISE="


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(module.check.shutil, "which", lambda _: None)
    monkeypatch.setattr(Appliance, "_arm", lambda _: None)
    keys = tmp_path / "etc/pishkhan/keys"
    keys.mkdir(parents=True)
    (keys / "vpn.key").write_text("k")
    (keys / "vpn.key").chmod(0o600)
    shutil.copy(sites.EXAMPLE, tmp_path / "etc/pishkhan/site.toml")
    return tmp_path


def at(root: Path) -> Path:
    return root / "etc/pishkhan/site.toml"


def test_a_site_is_applied_and_confirmed(root: Path) -> None:
    box = Appliance(root)
    assert TARGET in {change.path for change in box.apply(at(root))}
    box.confirm()
    assert box.apply(at(root)) == []
    assert not box.settle()


def test_a_site_that_is_wrong_touches_nothing(root: Path) -> None:
    at(root).write_bytes(sites.text(lan__his=["0.0.0.0/0"]))
    with pytest.raises(SiteWrong):
        Appliance(root).apply(at(root))
    (root / "etc/pishkhan/keys/vpn.key").chmod(0o644)
    at(root).write_bytes(sites.text())
    with pytest.raises(SetError, match=r"nothing was touched: .*chmod"):
        Appliance(root).apply(at(root))
    assert not (root / TARGET).exists()
    assert Appliance(root).apply(at(root), anyway=True)


def test_without_a_confirmation_it_goes_back_after_its_time(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box, clock = Appliance(root), [100.0]
    monkeypatch.setattr(module, "moment", lambda: Moment("boot", clock[0]))
    box.apply(at(root), 120)

    def pause(seconds: float) -> None:
        clock[0] += seconds
        assert clock[0] < 220 or not (root / TARGET).exists() or clock[0] == 220

    assert box.settle(pause)
    assert clock[0] == 220
    assert not (root / TARGET).exists()


def test_a_confirmation_meanwhile_keeps_it(root: Path) -> None:
    box = Appliance(root)
    box.apply(at(root))
    assert not box.settle(lambda _: box.confirm())
    assert (root / TARGET).exists()


def told(root: Path, leg: Leg, *, answers: bool = True) -> None:
    """The watch of the tunnel says so now."""
    path = root / TUNNEL_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(Report(at=time.time(), leg=leg, answers=answers)))


def other_end(root: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Appliance, list[float]]:
    """A box whose site names another key of the hub's tunnel, put in place to be confirmed by the hub."""
    box, clock = Appliance(root), [100.0]
    monkeypatch.setattr(module, "moment", lambda: Moment("boot", clock[0]))
    box.apply(at(root))
    box.confirm()
    at(root).write_bytes(sites.text(vpn__public_key=OTHER_KEY))
    assert NETDEV in {change.path for change in box.apply(at(root), 120, by_tunnel=True)}
    assert OTHER_KEY in (root / NETDEV).read_text()
    return box, clock


def test_another_key_of_the_tunnel_is_confirmed_by_the_hub_that_answers_through_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, clock = other_end(root, monkeypatch)

    def pause(seconds: float) -> None:
        clock[0] += seconds
        told(root, Leg.UP if clock[0] >= 140 else Leg.HANDSHAKE)

    assert not box.settle(pause)
    assert 140 + defaults.CONFIRM_UP_S <= clock[0] < 142 + defaults.CONFIRM_UP_S
    assert OTHER_KEY in (root / NETDEV).read_text()


@pytest.mark.parametrize("leg", [Leg.HANDSHAKE, Leg.SILENT, Leg.DEVICE, None])
def test_a_key_through_which_the_hub_does_not_answer_goes_back(
    root: Path, monkeypatch: pytest.MonkeyPatch, leg: Leg | None
) -> None:
    box, clock = other_end(root, monkeypatch)

    def pause(seconds: float) -> None:
        clock[0] += seconds
        if leg is not None:
            told(root, leg if int(clock[0]) % 9 else Leg.UP)  # now and then it looks well

    assert OTHER_KEY in site_in_place(root).read_text()
    assert box.settle(pause)
    assert clock[0] == 220
    assert OTHER_KEY not in (root / NETDEV).read_text()
    assert OTHER_KEY not in site_in_place(root).read_text(), "the watch goes by what is in place"
    assert OTHER_KEY in at(root).read_text(), "the technician's own file is left alone"


def test_a_handshake_of_the_tunnel_through_which_the_hub_never_answered_confirms_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, clock = other_end(root, monkeypatch)

    def pause(seconds: float) -> None:
        clock[0] += seconds
        told(root, Leg.UP, answers=False)

    assert box.settle(pause)
    assert OTHER_KEY not in (root / NETDEV).read_text()


def test_after_a_reboot_it_waits_once_more_and_goes_back(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box, clock = Appliance(root), [9000.0]
    monkeypatch.setattr(module, "moment", lambda: Moment("before", clock[0]))
    box.apply(at(root), 120)
    clock[0] = 20.0
    monkeypatch.setattr(module, "moment", lambda: Moment("after", clock[0]))
    assert Appliance(root).settle(lambda seconds: clock.__setitem__(0, clock[0] + seconds))
    assert clock[0] == 120
    assert not (root / TARGET).exists()


def test_a_write_that_fails_takes_the_whole_set_back(root: Path) -> None:
    (root / "etc/ssh").write_text("a file where a folder must be")
    with pytest.raises(SetError, match="taken back"):
        Appliance(root).apply(at(root))
    assert not (root / TARGET).exists()
    assert Appliance(root).sets.record().confirmed


def test_a_system_that_does_not_take_the_set_gets_the_old_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    def refuse(command: tuple[str, ...]) -> None:
        called.append(" ".join(command))
        if command[-1] == "nftables.service":
            raise SetError("nft does not like it")

    monkeypatch.setattr(module, "SYSTEMD_RUNS", root)
    monkeypatch.setattr(module, "_called", refuse)
    box = Appliance(root)
    box._real = True
    with pytest.raises(SetError, match="nft does not like it"):
        box.apply(at(root))
    assert not (root / TARGET).exists()
    assert called.count("systemctl restart nftables.service") == 2
    assert "systemctl try-restart pishkhan-edge.service" in called, "going back, every service is told, whatever fails"


def test_going_back_by_hand_works_after_the_confirmation_too(root: Path) -> None:
    box = Appliance(root)
    box.apply(at(root))
    box.confirm()
    assert TARGET in box.rollback()
    assert not (root / TARGET).exists()


@pytest.mark.parametrize("command", [("false",), ("/no/such/program",)])
def test_a_command_that_fails_is_told(command: tuple[str, ...]) -> None:
    with pytest.raises(SetError):
        module._called(command)


def test_this_boot_is_known_by_its_clock() -> None:
    one = module.moment()
    time.sleep(0.01)
    other = module.moment()
    assert (one.boot, one.seconds < other.seconds) == (other.boot, True)
