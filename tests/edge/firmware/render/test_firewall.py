"""The ruleset as text; that the kernel takes it and keeps it stands in the proofs."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings

from edge.firmware.parsing import parse
from edge.firmware.render.firewall import CONVERSATIONS, PATH, targets
from tests.edge.firmware import sites


def rules(**changes: Any) -> str:
    return targets(sites.site(**changes))[PATH].text


def chain(text: str, name: str) -> list[str]:
    found = re.search(rf"  chain {name} {{\n(.*?)\n  }}", text, re.DOTALL)
    assert found
    return [line.strip() for line in found[1].splitlines()]


def test_everything_is_dropped_that_no_line_names() -> None:
    text = rules()
    for name in ("incoming", "passing", "outgoing"):
        assert chain(text, name)[0].endswith("policy drop")
        assert chain(text, name)[-1] == "counter drop"
    assert "accept" not in " ".join(chain(text, "passing"))


def test_the_hospital_reaches_the_served_ports_from_its_subnets_and_no_more() -> None:
    lines = chain(rules(), "from_hospital")
    assert "ip saddr @his tcp dport { 7001, 7002 } accept" in lines
    assert "ip saddr @technicians tcp dport 22 accept" in lines
    closed = chain(rules(lan__agents_port=0, lan__technicians=[]), "from_hospital")
    assert [line for line in closed if "tcp" in line] == ["ip saddr @his tcp dport { 7001 } accept"]


def test_the_hub_may_ask_whether_we_live_and_nothing_else() -> None:
    assert [line for line in chain(rules(), "from_hub") if "accept" in line] == [
        "ip saddr 10.99.0.1 icmp type echo-request limit rate 10/second accept"
    ]


def test_each_address_is_heard_on_its_own_interface_before_anything_is_accepted() -> None:
    lines = chain(rules(), "incoming")
    first_accept = lines.index(CONVERSATIONS[0])
    for device, own in (("lan0", "10.81.0.2"), ("wan0", "10.82.0.2"), ("hub0", "10.99.0.2")):
        assert lines.index(f'iifname "{device}" ip daddr != {own} counter drop') < first_accept


def test_what_goes_out_goes_to_the_hub_the_tunnel_names_and_time() -> None:
    out = [line for line in chain(rules(), "outgoing") if line.endswith("accept")]
    assert out == [
        'oifname "lo" accept',
        *CONVERSATIONS,
        'oifname "wan0" ip daddr 203.0.113.10 udp dport 51820 accept',
        'oifname "wan0" ip daddr . udp dport @drilled accept',
        'oifname "hub0" ip daddr 10.99.0.1 tcp dport { 7443, 7444 } accept',
        'oifname "hub0" ip daddr 10.99.0.1 icmp type echo-request accept',
        'oifname "hub0" ip daddr 10.99.0.1 udp dport 123 accept',
        'oifname "wan0" ip daddr 10.82.0.1 udp dport 123 accept',
        'oifname "hub0" ip daddr 10.99.0.1 tcp dport 3142 accept',
    ]


def test_each_kind_of_tunnel_has_its_ports() -> None:
    assert "udp dport 1194 accept" in rules(vpn=sites.OPENVPN)
    assert "udp dport { 500, 4500 } accept" in rules(vpn=sites.IPSEC)


@given(sites.tables())
@settings(max_examples=25)
def test_of_any_site_every_accept_names_an_interface_or_hangs_behind_one(table: dict[str, Any]) -> None:
    text = targets(parse(sites.encoded(table), "h.toml"))[PATH].text
    for line in chain(text, "incoming") + chain(text, "outgoing"):
        assert "accept" not in line or "ifname" in line or line in CONVERSATIONS
    assert text == targets(parse(sites.encoded(table), "h.toml"))[PATH].text
