"""Which commands the device is set with; that they work stands in the proof of the appliance."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from edge.firmware import wireguard
from edge.firmware.site import WireGuard
from edge.firmware.wireguard import TunnelError, WireGuardTunnel
from tests.edge.firmware import sites
from tests.patience import HUNG_S

SITE = sites.site()


class Commands:
    """Plays the system's commands: what they say, and which of them fail."""

    def __init__(self) -> None:
        self.given: list[str] = []
        self.says: dict[str, str] = {}
        self.fails: set[str] = set()

    def __call__(self, *command: str) -> str:
        line = " ".join(command)
        self.given.append(line)
        if any(line.startswith(start) for start in self.fails):
            raise TunnelError(line)
        return next((said for start, said in self.says.items() if line.startswith(start)), "")


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    made = Commands()
    monkeypatch.setattr(wireguard, "called", made)
    return made


def tunnel(root: Path) -> WireGuardTunnel:
    assert isinstance(SITE.vpn, WireGuard)
    return WireGuardTunnel(SITE, SITE.vpn, root)


def test_a_reset_forgets_the_peer_and_begins_anew_with_keys_from_their_places(
    commands: Commands, tmp_path: Path
) -> None:
    commands.says = {"wg show hub0 peers": "one=\nother=\n"}
    tunnel(tmp_path).reset()
    *removed, begun = commands.given[1:]
    assert removed == ["wg set hub0 peer one= remove", "wg set hub0 peer other= remove"]
    assert f"private-key {tmp_path}/etc/pishkhan/keys/vpn.key" in begun
    assert "endpoint 203.0.113.10:51820" in begun
    assert "allowed-ips 10.99.0.0/24" in begun


def test_a_device_is_made_anew_with_address_and_routes(commands: Commands, tmp_path: Path) -> None:
    tunnel(tmp_path).remake()
    assert commands.given[0] == "ip link add hub0 type wireguard"
    assert commands.given[2:] == [
        "ip address replace 10.99.0.2/24 dev hub0",
        "ip link set hub0 mtu 1420 up",
        "ip route replace 10.99.0.0/24 dev hub0",
    ]


def test_a_device_that_goes_by_itself_while_it_is_taken_away_is_made_anew(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands.fails = {"ip link delete"}
    there = [True, False]
    monkeypatch.setattr(wireguard.Device, "there", lambda _: there.pop(0))
    tunnel(tmp_path).remake()
    assert commands.given[:2] == ["ip link delete hub0", "ip link add hub0 type wireguard"]
    there += [True, True]
    with pytest.raises(TunnelError, match="ip link delete"):
        tunnel(tmp_path).remake()


def test_a_program_that_finds_the_name_of_the_device_still_held_is_started_again(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands.fails = {"ip link add"}
    (tmp_path / "devices").mkdir()
    daemon = tmp_path / "daemon"
    daemon.write_text(
        f"#!/bin/sh\n[ -e {tmp_path}/held ] || {{ touch {tmp_path}/held; exit 1; }}\n"
        f"touch {tmp_path}/hub0.sock {tmp_path}/devices/hub0\nexec sleep 600\n"
    )
    daemon.chmod(0o755)
    for name, value in (("SOCKETS", tmp_path), ("DEVICES", tmp_path / "devices"), ("DAEMON", str(daemon))):
        monkeypatch.setattr(wireguard, name, value)
    monkeypatch.setattr(wireguard, "DAEMON_START_S_MAX", HUNG_S)
    made = tunnel(tmp_path)
    made.remake()
    assert made.there()
    made.stop()


def test_where_the_kernel_makes_none_a_program_is_tried_and_its_failure_told(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands.fails = {"ip link add"}
    monkeypatch.setattr(wireguard, "SOCKETS", tmp_path)
    monkeypatch.setattr(wireguard, "DAEMON", "/no/such/program")
    with pytest.raises(TunnelError, match="cannot be started"):
        tunnel(tmp_path).remake()
    monkeypatch.setattr(wireguard, "DAEMON", "true")
    monkeypatch.setattr(wireguard, "DAEMON_START_S_MAX", 0)
    with pytest.raises(TunnelError, match="did not make the device"):
        tunnel(tmp_path).remake()


def test_the_last_handshake_is_that_of_our_peer(commands: Commands, tmp_path: Path) -> None:
    assert isinstance(SITE.vpn, WireGuard)
    commands.says = {"wg show": f"other=\t5\n{SITE.vpn.public_key}\t{int(time.time()) - 30}\n"}
    age = tunnel(tmp_path).handshake_age_s()
    assert age is not None
    assert 29 <= age <= 33
    commands.says = {"wg show": f"{SITE.vpn.public_key}\t0\n"}
    assert tunnel(tmp_path).handshake_age_s() is None
    commands.fails = {"wg show"}
    assert tunnel(tmp_path).handshake_age_s() is None


@pytest.mark.parametrize("command", [("false",), ("/no/such/program",), ("sleep", "9")])
def test_a_command_that_fails_or_hangs_is_told(command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wireguard, "COMMAND_S_MAX", 0.2)
    with pytest.raises(TunnelError):
        wireguard.called(*command)
