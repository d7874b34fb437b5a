"""What the system is told."""

from __future__ import annotations

from edge.firmware.activation import STEPS, steps
from edge.firmware.render import render
from tests.edge.firmware import sites

QUIET = {
    "etc/hostname",
    "etc/hosts",
    "etc/modules-load.d/pishkhan.conf",
    "etc/apt/apt.conf.d/52pishkhan-upgrades",
    "etc/apt/sources.list.d/pishkhan.sources",
}
"""Read anew by whoever needs them."""


def test_every_file_that_somebody_keeps_in_memory_is_told_of() -> None:
    paths = {path for vpn in ({}, {"vpn": sites.OPENVPN}, {"vpn": sites.IPSEC}) for path in render(sites.site(**vpn))}
    assert {path for path in paths if not steps([path])} == QUIET


def test_no_step_waits_for_a_file_that_nobody_renders() -> None:
    paths = [path for vpn in ({}, {"vpn": sites.OPENVPN}, {"vpn": sites.IPSEC}) for path in render(sites.site(**vpn))]
    assert set(steps(paths)) == set(STEPS)


def test_the_firewall_stands_before_a_network_comes_up_and_each_command_is_given_once() -> None:
    found = [" ".join(step.command) for step in steps(render(sites.site()))]
    assert found.index("systemctl restart nftables.service") < found.index("systemctl restart systemd-networkd.service")
    assert len(found) == len(set(found))
    assert steps([]) == []
