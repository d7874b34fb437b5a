"""Reading a site file: what is right is taken, what is wrong is told with its file, line and key."""

from __future__ import annotations

import pytest

from edge.firmware.parsing import FILE_BYTES_MAX, line_of, parse
from edge.firmware.site import SiteWrong
from tests.edge.firmware import sites


def told(text: bytes | str) -> str:
    with pytest.raises(SiteWrong) as caught:
        parse(text.encode() if isinstance(text, str) else text, "h.toml")
    return str(caught.value)


def example(old: str = "", new: str = "") -> str:
    text = sites.EXAMPLE.read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new, 1) if old else text


@pytest.mark.parametrize(
    ("old", "new", "key", "word"),
    [
        ("face_port = 7001", "face_prot = 7001", "lan.face_prot", "not known"),
        ('name = "example-hospital"', 'nmae = "x"', "nmae", "not known"),
        ("face_port = 7001", 'face_port = "7001"', "lan.face_port", "Expected `int`"),
        ("face_port = 7001", "face_port = 70001", "lan.face_port", "65535"),
        ('name = "example-hospital"', 'name = "Example Hospital"', "name", "not written as it must be: small letters"),
        ('mac = "52:54:00:81:00:02"', 'mac = "52:54:00:81:00"', "lan.mac", "as 52:54:00:81:00:02"),
        ('address = "10.81.0.2/24"', 'address = "10.81.0.2"', "lan.address", "ADDRESS/PREFIX"),
        ('address = "10.81.0.2/24"', 'address = "10.81.0.300/24"', "lan.address", "ADDRESS/PREFIX"),
        ('"10.90.4.0/22"]', '"10.90.4.1/22"]', "lan.his[1]", "nothing set behind the prefix"),
        ('endpoint = "203.0.113.10"', 'endpoint = "vpn.example"', "vpn.endpoint", "not a name"),
        ('kind = "wireguard"', 'kind = "pptp"', "vpn.kind", "pptp"),
        ('driver = "pcsc"', 'driver = "magic"', "readers[0].driver", "magic"),
        ('usb = "0483:5740"', 'usb = "0483"', "readers[1].usb", "as 0483:5740"),
        ('private_key = "/etc/pishkhan/keys/vpn.key"', 'private_key = "vpn.key"', "vpn.private_key", "whole path"),
        ('languages = ["fa", "en", "zh"]', 'languages = ["de"]', "console.languages[0]", "de"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_key(old: str, new: str, key: str, word: str) -> None:
    text = example(old, new)
    line = next(number for number, line in enumerate(text.splitlines(), 1) if new in line)
    sentence = told(text)
    assert sentence.startswith(f"h.toml:{line}: {key}: ")
    assert word in sentence


def test_what_is_missing_is_told_with_its_table() -> None:
    text = example('mac = "52:54:00:82:00:02"\n')
    line = text.splitlines().index(next(line for line in text.splitlines() if line.startswith("[wan]"))) + 1
    assert told(text) == f"h.toml:{line}: wan.mac: this key is missing"


def test_all_that_is_wrong_is_told_at_once() -> None:
    text = example('"10.90.4.0/22"]', '"10.90.4.1/22"]').replace('gateway = "10.82.0.1"', 'gateway = "none"')
    assert len(told(text).splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[lan\n", "h.toml:1: it is not TOML"),
        ('name = "a"\nname = "b"\n', "h.toml:2: it is not TOML"),
        ("a = " + "[" * 30_000, "h.toml: it is not TOML"),
        ("a = " + "1" * 5_000, "h.toml: it is not TOML"),
        (b"\xff\xfe", "it is not UTF-8: save it"),
        (b"\xef\xbb\xbfname = 1", "without one"),
        (b"#" * (FILE_BYTES_MAX + 1), "larger than"),
        ("", "missing"),
        ("lan = 3", "h.toml:1: lan: Expected `object`"),
    ],
)
def test_what_is_no_site_file_at_all_is_told(text: str | bytes, word: str) -> None:
    assert word in told(text)


def test_the_line_of_a_key_that_is_nowhere_is_that_of_its_table() -> None:
    text = "[a]\nb = 1\n[[c]]\nd = 1\n[[c]]\ne.f = 2\n"
    found = [line_of(text, key) for key in ("a.b", "a.x", "c[1].d", "c[0].d", "c[1].e", "z.y")]
    assert found == [2, 1, 5, 4, 6, 0]
