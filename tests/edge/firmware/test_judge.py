"""What is wrong with a site whose values are all of the right type."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from edge.firmware import judge
from edge.firmware.parsing import parse
from edge.firmware.site import SiteWrong
from tests.edge.firmware import sites


@pytest.mark.parametrize(
    ("changes", "key", "word"),
    [
        ({"wan__mac": "52:54:00:81:00:02"}, "wan.mac", "two cards are needed"),
        ({"lan__mac": "53:54:00:81:00:02"}, "lan.mac", "no address of one card"),
        ({"lan__mac": "00:00:00:00:00:00"}, "lan.mac", "no address of one card"),
        ({"wan__address": "10.81.0.77/24", "wan__gateway": ""}, "wan.address", "overlaps"),
        ({"vpn__address": "10.82.0.130/25"}, "vpn.address", "overlaps"),
        ({"lan__his": ["10.81.0.0/24", "10.81.0.128/25"]}, "lan.his[1]", "overlaps 10.81.0.0/24 of the same list"),
        ({"lan__his": ["10.82.0.0/16"]}, "lan.his[0]", "must never touch"),
        ({"lan__his": ["203.0.113.0/24"]}, "lan.his[0]", "never on the hospital's side"),
        ({"lan__his": ["0.0.0.0/0"]}, "lan.his[0]", "too wide"),
        ({"lan__his": ["127.0.0.0/8"]}, "lan.his[0]", "no network of machines"),
        ({"lan__technicians": ["10.99.0.0/28"]}, "lan.technicians[0]", "must never touch"),
        ({"lan__address": "10.81.0.0/24"}, "lan.address", "no address of a machine"),
        ({"lan__address": "10.81.0.255/24"}, "lan.address", "no address of a machine"),
        ({"lan__address": "10.81.0.2/31"}, "lan.address", "prefix"),
        ({"lan__gateway": "10.81.1.1"}, "lan.gateway", "no other machine"),
        ({"lan__gateway": "10.81.0.2"}, "lan.gateway", "no other machine"),
        ({"lan__gateway": ""}, "lan.gateway", "10.90.4.0/22 does not lie in"),
        ({"wan__gateway": "", "time__servers": ["10.99.0.1"]}, "wan.gateway", "203.0.113.10 does not lie in"),
        ({"vpn__endpoint": "10.99.0.9"}, "vpn.endpoint", "outside the tunnel"),
        ({"vpn__endpoint": "10.82.0.2"}, "vpn.endpoint", "our own"),
        ({"hub__address": "10.82.0.9"}, "hub.address", "inside the tunnel"),
        ({"hub__address": "10.99.0.2"}, "hub.address", "our own"),
        ({"hub__address": "224.0.0.1"}, "hub.address", "no address of a machine"),
        ({"time__servers": ["10.99.0.1", "10.99.0.1"]}, "time.servers[1]", "twice"),
        ({"dns__servers": ["10.81.0.2"]}, "dns.servers[0]", "our own"),
        ({"updates__mirror": "http://198.51.100.1"}, "updates.mirror", "through the tunnel"),
        ({"updates__mirror": "http://10.99.0.1:99999"}, "updates.mirror", "no port 99999"),
        ({"lan__agents_port": 7001}, "lan.agents_port", "face's port"),
        ({"lan__face_port": 443}, "lan.face_port", "kept for the system"),
        ({"hub__enrol_port": 7443}, "hub.enrol_port", "port of sync"),
        ({"console__languages": ["fa", "fa"]}, "console.languages[1]", "twice"),
        ({"lan__names": ["a.b", "A.B"]}, "lan.names[1]", "twice"),
    ],
)
def test_what_contradicts_itself_is_refused(changes: dict[str, Any], key: str, word: str) -> None:
    with pytest.raises(SiteWrong) as caught:
        parse(sites.text(**changes), "h.toml")
    assert (key, True) in [(fault.key, word in fault.sentence) for fault in caught.value.faults], str(caught.value)


def test_two_readers_of_one_name_are_refused() -> None:
    row = {"name": "desk-1", "driver": "pcsc", "address": "*"}
    with pytest.raises(SiteWrong, match=r"readers\[1\]\.name: desk-1 stands here twice"):
        parse(sites.text(readers=[row, row]), "h.toml")


def test_each_server_is_reached_by_one_side() -> None:
    found = sites.site()
    sides = [judge.side_of(found, one) for one in ("10.81.0.9", "10.90.5.1", "10.99.0.1", "10.82.0.9", "198.51.100.1")]
    assert sides == ["lan", "lan", "tunnel", "wan", "wan"]
    assert judge.mirror(found) == ("10.99.0.1", 3142)


@given(sites.tables())
@settings(max_examples=25)
def test_any_site_whose_networks_do_not_meet_is_taken(table: dict[str, Any]) -> None:
    assert parse(sites.encoded(table), "h.toml").name == table["name"]
