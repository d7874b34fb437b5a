"""What the site adds to the units."""

from __future__ import annotations

from edge.firmware.render.services import FOLDER, targets
from tests.edge.firmware import sites


def test_the_edge_speaks_with_the_hospital_and_the_hub_and_binds_its_ports_alone() -> None:
    text = targets(sites.site())[f"{FOLDER}/pishkhan-edge.service.d/50-site.conf"].text
    for line in (
        "IPAddressDeny=any",
        "IPAddressAllow=localhost 10.81.0.0/24 10.90.4.0/22 10.99.0.1",
        "SocketBindDeny=any",
        "SocketBindAllow=ipv4:tcp:7001",
        "SocketBindAllow=ipv4:tcp:7002",
    ):
        assert f"{line}\n" in text
    assert "RestrictNetworkInterfaces" not in text, "it would not follow a tunnel that is made anew"


def test_the_watch_of_the_tunnel_comes_after_the_client_of_its_kind() -> None:
    path = f"{FOLDER}/pishkhan-tunnel.service.d/50-site.conf"
    assert "openvpn-client@pishkhan.service" in targets(sites.site(vpn=sites.OPENVPN))[path].text
    assert "strongswan.service" in targets(sites.site(vpn=sites.IPSEC))[path].text
    assert "openvpn" not in targets(sites.site())[path].text


def test_updates_speak_with_the_hub_alone():
    text = targets(sites.site())[f"{FOLDER}/pishkhan-update.service.d/50-site.conf"].text
    assert text.splitlines()[-2:] == ["IPAddressAllow=", f"IPAddressAllow=localhost {sites.site().hub.address}"]
