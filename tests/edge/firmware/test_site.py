"""What may be written for a site, and how its addresses are read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.firmware.parsing import parse
from edge.firmware.site import Fault, SiteWrong, interface, network
from tests.edge.firmware import sites


def test_the_example_that_ships_is_a_site() -> None:
    found = sites.site()
    assert (found.name, found.vpn.endpoint, found.readers[1].usb) == ("example-hospital", "203.0.113.10", "0483:5740")


@given(st.text(max_size=60))
def test_no_text_in_place_of_a_value_gets_through_unless_it_is_narrow(value: str) -> None:
    """What could end a line or a quotation in a rendered file is refused."""
    for change in ("name", "vpn__private_key", "lan__mac", "hub__name"):
        changed: dict[str, Any] = {change: value}
        try:
            parse(sites.text(**changed), "h.toml")
        except SiteWrong:
            continue
        assert not set(value) & set("\n\r\t \"'`$;{}#\\"), change


@pytest.mark.parametrize(
    "text", ["10.81.0.2", "10.81.0.2/255.255.255.0", "10.81.0.2/33", "::1/64", "10.81.0.2/24\n", ""]
)
def test_a_network_says_how_long_its_prefix_is(text: str) -> None:
    for kind in (interface, network):
        with pytest.raises(ValueError):  # noqa: PT011 -- the text is refused by two of us, each in its own words
            kind(text)
    assert str(interface("10.81.0.2/24").network) == str(network("10.81.0.0/24")) == "10.81.0.0/24"


def test_faults_are_told_in_the_order_of_their_lines() -> None:
    wrong = SiteWrong("h.toml", [Fault(9, "wan.mac", "b"), Fault(2, "", "a"), Fault(0, "", "c")])
    assert str(wrong).splitlines() == ["h.toml: c", "h.toml:2: a", "h.toml:9: wan.mac: b"]
