"""The site file with another end of the tunnel: what a technician wrote stays, and what cannot be changed surely is not changed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from edge.firmware.parsing import parse
from edge.firmware.rewriting import NotRewritten, with_end
from edge.firmware.site import SiteWrong, WireGuard
from tests.edge.firmware import sites

KEY = "b3RoZXIga2V5IG9mIHRoZSBodWIncyB0dW5uZWwgISE="


def test_comments_and_everything_else_of_the_file_stay() -> None:
    text = sites.EXAMPLE.read_bytes()
    fresh, site = with_end(text, "site.toml", KEY, "203.0.113.77", 51821)
    assert isinstance(site.vpn, WireGuard)
    assert (site.vpn.public_key, site.vpn.endpoint, site.vpn.port) == (KEY, "203.0.113.77", 51821)
    old, new = text.decode().splitlines(), fresh.decode().splitlines()
    assert len(set(new) - set(old)) == 3
    assert [line for line in old if line.lstrip().startswith("#")] == [
        line for line in new if line.lstrip().startswith("#")
    ]
    assert with_end(fresh, "site.toml", KEY, "203.0.113.77", 51821) == (fresh, site)


def test_a_comment_behind_the_value_and_the_file_s_ends_of_line_stay() -> None:
    text = sites.text().replace(b"port = 51820\n", b"").replace(b"\n", b"\r\n")
    [line] = [line for line in text.split(b"\r\n") if line.startswith(b"public_key")]
    text = text.replace(line, b"  'public_key'  =" + line.split(b"=", 1)[1] + b"  # since May")
    fresh, _ = with_end(text, "site.toml", KEY, "203.0.113.10", 51821)
    assert f"  'public_key'  =\"{KEY}\"  # since May\r\n".encode() in fresh.replace(b'= "', b'="')
    assert b"[vpn]\r\nport = 51821\r\n" in fresh


@settings(max_examples=25, deadline=None)
@given(sites.tables())
def test_any_site_with_wireguard_is_the_same_but_for_its_end(table: dict[str, Any]) -> None:
    text = sites.encoded(table)
    before = parse(text, "site.toml")
    if not isinstance(before.vpn, WireGuard):
        with pytest.raises(NotRewritten, match="no WireGuard"):
            with_end(text, "site.toml", KEY, before.vpn.endpoint, 1)
        return
    fresh, after = with_end(text, "site.toml", KEY, before.vpn.endpoint, 1)
    assert parse(fresh, "site.toml") == after
    assert msgspec.structs.replace(after, vpn=before.vpn) == before


@pytest.mark.parametrize("end", ["10.81.0.9", "127.0.0.1", "nowhere", '1.2.3.4"\nport = 1'])
def test_an_end_that_no_site_may_have_is_refused(end: str) -> None:
    with pytest.raises((SiteWrong, NotRewritten)):
        with_end(sites.EXAMPLE.read_bytes(), "site.toml", KEY, end, 51820)


def test_a_file_that_is_written_in_another_way_is_left_alone() -> None:
    table = sites.table()
    vpn = ", ".join(f'{key} = "{value}"' for key, value in table.pop("vpn").items() if isinstance(value, str))
    text = f"vpn = {{ {vpn} }}\n".encode() + sites.encoded(table)
    parse(text, "site.toml")
    with pytest.raises(NotRewritten, match="one key a line"):
        with_end(text, "site.toml", KEY, "203.0.113.10", 51820)
