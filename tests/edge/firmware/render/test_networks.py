"""The two cards and their networks."""

from __future__ import annotations

from edge.firmware.render.networks import FOLDER, targets
from tests.edge.firmware import sites


def test_each_card_has_its_name_by_its_address() -> None:
    found = targets(sites.site(lan__mac="52:54:00:AB:CD:EF"))
    assert (
        "MACAddress=52:54:00:ab:cd:ef\nType=ether\n\n[Link]\nName=lan0\n"
        in found[f"{FOLDER}/10-pishkhan-lan0.link"].text
    )
    assert "Name=wan0" in found[f"{FOLDER}/10-pishkhan-wan0.link"].text


def test_the_hospitals_side_has_routes_to_its_subnets_and_no_default() -> None:
    text = targets(sites.site())[f"{FOLDER}/20-pishkhan-lan0.network"].text
    assert text.count("[Route]") == 1
    assert "Destination=10.90.4.0/22\nGateway=10.81.0.1" in text


def test_the_default_leads_to_the_provider_alone() -> None:
    text = targets(sites.site())[f"{FOLDER}/20-pishkhan-wan0.network"].text
    assert "[Route]\nGateway=10.82.0.1" in text
    assert "Destination" not in text


def test_no_network_forwards_masquerades_or_speaks_ipv6() -> None:
    for path, target in targets(sites.site()).items():
        if path.endswith(".network"):
            for line in ("IPForward=no", "IPMasquerade=no", "LinkLocalAddressing=no", "IPv6AcceptRA=no", "LLMNR=no"):
                assert line in target.text


def test_a_resolver_is_asked_on_its_own_side() -> None:
    found = targets(sites.site(dns__servers=["10.81.0.9", "10.82.0.9"]))
    assert "DNS=10.81.0.9" in found[f"{FOLDER}/20-pishkhan-lan0.network"].text
    assert "DNS=10.82.0.9" in found[f"{FOLDER}/20-pishkhan-wan0.network"].text


def test_the_hubs_name_needs_no_resolver() -> None:
    assert "10.99.0.1 hub.example\n" in targets(sites.site())["etc/hosts"].text
    assert "10.99.0.1" not in targets(sites.site(hub__name=""))["etc/hosts"].text
