"""Kernel, time, logs, SSH, updates, devices."""

from __future__ import annotations

from edge.firmware.render.system import targets
from tests.edge.firmware import sites


def test_the_kernel_forwards_nothing_and_answers_for_no_address_of_another_card() -> None:
    text = targets(sites.site())["etc/sysctl.d/90-pishkhan.conf"].text
    assert "net.ipv4.ip_forward = 0" in text
    for name in ("all", "default"):
        for setting in (
            "rp_filter = 1",
            "arp_ignore = 1",
            "arp_announce = 2",
            "accept_redirects = 0",
            "forwarding = 0",
        ):
            assert f"\nnet.ipv4.conf.{name}.{setting}\n" in text
    assert "\n-net.ipv4.conf.hub0.arp_ignore = 1\n" in text


def test_the_clock_asks_its_servers_and_serves_nobody() -> None:
    text = targets(sites.site())["etc/chrony/chrony.conf"].text
    assert "server 10.99.0.1 iburst\nserver 10.82.0.1 iburst\n" in text
    assert "port 0" in text


def test_logs_have_a_bound() -> None:
    assert "SystemMaxUse=512M" in targets(sites.site())["etc/systemd/journald.conf.d/pishkhan.conf"].text


def test_ssh_takes_keys_on_the_hospitals_side_if_there_are_technicians() -> None:
    text = targets(sites.site())["etc/ssh/sshd_config.d/10-pishkhan.conf"].text
    assert "ListenAddress 10.81.0.2\n" in text
    assert "PasswordAuthentication no\n" in text
    assert "PermitRootLogin no\n" in text
    without = targets(sites.site(lan__technicians=[]))["etc/ssh/sshd_config.d/10-pishkhan.conf"].text
    assert "ListenAddress 127.0.0.1\n" in without


def test_security_updates_come_through_the_tunnel_or_not_at_all() -> None:
    found = targets(sites.site())
    assert "URIs: http://10.99.0.1:3142/debian-security" in found["etc/apt/sources.list.d/pishkhan.sources"].text
    assert 'Unattended-Upgrade "1"' in found["etc/apt/apt.conf.d/52pishkhan-upgrades"].text
    none = targets(sites.site(updates__mirror=""))
    assert "etc/apt/sources.list.d/pishkhan.sources" not in none
    assert 'Unattended-Upgrade "0"' in none["etc/apt/apt.conf.d/52pishkhan-upgrades"].text


def test_a_reader_on_usb_belongs_to_the_edge_and_keeps_its_name() -> None:
    text = targets(sites.site())["etc/udev/rules.d/70-pishkhan-readers.rules"].text
    assert 'ATTRS{idVendor}=="0483", ATTRS{idProduct}=="5740", GROUP="pishkhan-edge"' in text
    assert 'SYMLINK+="pishkhan/cards-2"' in text
    assert 'ATTR{idVendor}=="072f", ATTR{idProduct}=="9000", GROUP="pcscd"' in text
