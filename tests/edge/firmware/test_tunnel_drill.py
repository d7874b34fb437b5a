"""The drill by its commands; that a handshake proves the key stands in the proof of the appliance."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edge.firmware import defaults, tunnel_drill, wireguard
from edge.firmware.site import WireGuard
from edge.firmware.wireguard import TunnelError
from tests.edge.firmware import sites
from tests.edge.firmware.test_wireguard import Commands, commands

__all__ = ["commands"]
VPN = sites.site().vpn
assert isinstance(VPN, WireGuard)
NEXT = msgspec.structs.replace(VPN, public_key="A" * 43 + "=", port=51999)


@pytest.fixture(autouse=True)
def _same(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnel_drill, "called", wireguard.called)


def test_a_handshake_with_that_key_passes_and_everything_is_gone_afterwards(commands: Commands, tmp_path: Path) -> None:
    commands.says = {"wg show hub1": f"{NEXT.public_key}\t1700000000\n"}
    assert tunnel_drill.answers(VPN, NEXT, tmp_path)
    assert commands.given[0].startswith("nft add element inet pishkhan drilled { 203.0.113.10 . 51999 timeout")
    assert commands.given[1] == "ip link add hub1 type wireguard"
    [given] = [line for line in commands.given if line.startswith("wg set hub1")]
    assert "allowed-ips" not in given, "nothing goes through it"
    assert "listen-port" not in given, "the port of the tunnel that works stays its own"
    assert commands.given[-1] == "ip link delete hub1"


def test_somebody_else_s_handshake_proves_nothing(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(defaults, "TUNNEL_DRILL_S", 0)
    commands.says = {"wg show hub1": f"{VPN.public_key}\t1700000000\n{NEXT.public_key}\t0\n"}
    assert not tunnel_drill.answers(VPN, NEXT, tmp_path, lambda _: None)
    assert commands.given[-1] == "ip link delete hub1"


def test_a_firewall_that_knows_no_drill_and_a_device_that_cannot_be_set_are_told(
    commands: Commands, tmp_path: Path
) -> None:
    commands.fails = {"nft add element"}
    with pytest.raises(TunnelError, match="nft"):
        tunnel_drill.answers(VPN, NEXT, tmp_path)
    commands.fails = {"wg set"}
    with pytest.raises(TunnelError, match="wg set"):
        tunnel_drill.answers(VPN, msgspec.structs.replace(NEXT, port=VPN.port), tmp_path)
    assert commands.given[-1] == "ip link delete hub1"
