"""The watch, with a tunnel that plays what happens."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from edge.firmware import watch as module
from edge.firmware.notify import Notify
from edge.firmware.tunnel import Leg
from edge.firmware.watch import ClientTunnel, Watch, leg_now, proven_now, report_of, tunnel_of
from edge.firmware.wireguard import TunnelError, WireGuardTunnel
from tests.edge.firmware import sites


class Played:
    """A tunnel whose path carries packets up to ``path_bytes`` while the hub is ``up``."""

    def __init__(self) -> None:
        self.up, self.device, self.path_bytes, self.age = True, True, 1500, 1.0
        self.done: list[str] = []
        self.refuses = False

    def there(self) -> bool:
        return self.device

    def handshake_age_s(self) -> float | None:
        return self.age

    def reset(self) -> None:
        self.done.append("reset")
        if self.refuses:
            raise TunnelError("no")

    def remake(self) -> None:
        self.done.append("remake")
        self.device = True

    def narrow(self, mtu_bytes: int) -> None:
        self.done.append(f"narrow {mtu_bytes}")

    def stop(self) -> None:
        self.done.append("stop")

    def ask(self, _host: str, _device: str, _timeout_s: float, packet_bytes: int) -> bool:
        return self.up and packet_bytes <= self.path_bytes


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(module, "_carrier", lambda _: True)
    return now


def watch(root: Path, played: Played) -> Watch:
    (root / "run/pishkhan").mkdir(parents=True)
    return Watch(sites.site(), played, root, Notify({}), played.ask)


def test_a_hub_that_is_silent_has_its_tunnel_reset_and_the_report_says_so(tmp_path: Path, clock: list[float]) -> None:
    played = Played()
    looking = watch(tmp_path, played)
    assert looking.look().leg is Leg.UP
    played.up = False
    for _ in range(4):
        clock[0] += 2
        report = looking.look()
    assert (report.leg, report.resets, played.done) == (Leg.SILENT, 1, ["reset"])
    assert leg_now(tmp_path) is Leg.SILENT


def test_a_reset_that_fails_ends_nothing(tmp_path: Path, clock: list[float]) -> None:
    played = Played()
    played.refuses = True
    looking = watch(tmp_path, played)
    looking.look()
    played.up = False
    for _ in range(10):
        clock[0] += 5
        looking.look()
    assert played.done.count("reset") > 2
    assert "remake" in played.done


def test_a_device_that_is_gone_is_made_again(tmp_path: Path, clock: list[float]) -> None:
    played = Played()
    looking = watch(tmp_path, played)
    looking.look()
    played.device = False
    for _ in range(4):
        clock[0] += 2
        looking.look()
    assert played.done == ["remake"]
    assert looking.look().leg is Leg.UP


def test_a_path_for_small_packets_alone_makes_the_tunnel_narrower_until_they_pass(
    tmp_path: Path, clock: list[float]
) -> None:
    played = Played()
    played.path_bytes = 1350
    looking = watch(tmp_path, played)
    report = looking.look()
    assert (report.leg, report.mtu_bytes, played.done) == (Leg.NARROW, 1320, ["narrow 1380", "narrow 1320"])
    clock[0] += 2
    assert looking.look().leg is Leg.NARROW
    assert played.done == ["narrow 1380", "narrow 1320"]


def test_it_runs_until_it_is_told_to_end_and_takes_its_report_with_it(tmp_path: Path, clock: list[float]) -> None:
    played = Played()
    looks = iter([True, True, False])
    looking = Watch(sites.site(), played, tmp_path, Notify({}), played.ask)
    looking.run(lambda: next(looks), lambda _: None)
    assert played.done == ["reset", "stop"], "the peer is set as the site says, at first"
    assert report_of(tmp_path) is None
    assert leg_now(tmp_path) is Leg.UNWATCHED


def test_what_the_hub_confirms_is_proven_by_its_answer_and_not_by_a_handshake(
    tmp_path: Path, clock: list[float]
) -> None:
    played = Played()
    found, played.up = watch(tmp_path, played), False
    found.look()
    assert (leg_now(tmp_path), proven_now(tmp_path)) == (Leg.UP, Leg.SILENT)
    played.up = True
    found.look()
    assert proven_now(tmp_path) is Leg.UP


def test_a_report_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    (tmp_path / "run/pishkhan").mkdir(parents=True)
    (tmp_path / "run/pishkhan/tunnel.json").write_text("{")
    assert report_of(tmp_path) is None


def test_a_client_heals_itself_and_wireguard_is_healed() -> None:
    assert isinstance(tunnel_of(sites.site(), Path("/")), WireGuardTunnel)
    client = tunnel_of(sites.site(vpn=sites.IPSEC), Path("/"))
    assert isinstance(client, ClientTunnel)
    client.reset()
    client.remake()
    client.narrow(1280)
    client.stop()
    assert client.handshake_age_s() is None


def test_a_cable_is_read_from_the_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEVICES", tmp_path)
    assert module._carrier("wan0") is None
    (tmp_path / "wan0").mkdir()
    assert module._carrier("wan0") is False
    (tmp_path / "wan0/carrier").write_text("1\n")
    assert module._carrier("wan0") is True
    assert time.monotonic() > 0
