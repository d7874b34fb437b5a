"""The tunnel, by each of its ways."""

from __future__ import annotations

from edge.firmware.render.vpn import FOLDER, far_networks, targets
from tests.edge.firmware import sites

NETDEV, NETWORK = f"{FOLDER}/30-pishkhan-hub0.netdev", f"{FOLDER}/30-pishkhan-hub0.network"


def test_wireguard_takes_its_keys_from_their_places() -> None:
    found = targets(sites.site(vpn__preshared_key="/etc/pishkhan/keys/psk"))
    text = found[NETDEV].text
    assert found["etc/modules-load.d/pishkhan.conf"].text.endswith("\nwireguard\n")
    for line in (
        "Kind=wireguard",
        "PrivateKeyFile=/etc/pishkhan/keys/vpn.key",
        "PresharedKeyFile=/etc/pishkhan/keys/psk",
        "Endpoint=203.0.113.10:51820",
        "AllowedIPs=10.99.0.0/24",
        "PersistentKeepalive=5",
    ):
        assert line in text
    assert "Address=10.99.0.2/24" in found[NETWORK].text


def test_openvpn_lets_the_server_decide_no_route_and_no_address() -> None:
    found = targets(sites.site(vpn=sites.OPENVPN))
    text = found["etc/openvpn/client/pishkhan.conf"].text
    for line in (
        "route-nopull",
        "remote-cert-tls server",
        "verify-x509-name vpn.example name",
        "ifconfig 10.99.0.2 255.255.255.0",
    ):
        assert line in text
    assert "tls-crypt /etc/pishkhan/keys/tls-crypt.key" in text
    assert NETDEV not in found


def test_ipsec_has_an_interface_of_its_own() -> None:
    found = targets(sites.site(vpn=sites.IPSEC))
    assert "Kind=xfrm" in found[NETDEV].text
    text = found["etc/swanctl/conf.d/pishkhan.conf"].text
    assert text.count("{") == text.count("}")
    for line in (
        "if_id_out = 42",
        "remote_addrs = 203.0.113.10",
        "id = vpn.example",
        "mobike = no",
    ):
        assert line in text
    assert "retransmit_tries = 4" in found["etc/strongswan.d/pishkhan.conf"].text


def test_what_is_reached_through_the_tunnel_is_its_network_and_the_hub() -> None:
    assert far_networks(sites.site()) == ["10.99.0.0/24"]
    assert far_networks(sites.site(vpn__address="10.99.0.2/32", updates__mirror="")) == ["10.99.0.1/32"]
    elsewhere = sites.site(hub__address="10.200.0.1", time__servers=["10.82.0.1"], updates__mirror="")
    assert far_networks(elsewhere) == ["10.99.0.0/24", "10.200.0.1/32"]
