"""The address of a serial reader: what it says, and what a wrong one is told."""

from __future__ import annotations

import pytest

from central_sync.terms.identifiers import KINDS
from edge.readers.serial_line.address import BadAddress, LineAddress, parse


def test_a_reader_of_chinese_cards_needs_only_its_port() -> None:
    assert parse("/dev/ttyUSB0?kind=sdt") == LineAddress("/dev/ttyUSB0", "sdt", 115_200)
    assert parse("COM3?kind=sdt&speed=9600&y2023=yes") == LineAddress("COM3", "sdt", 9600, y2023=True)


def test_a_scanner_says_what_it_expects_and_how_its_lines_end() -> None:
    plain = parse("/dev/ttyACM0?kind=scanner")
    assert (plain.speed, plain.expects, plain.pause_s, plain.kept_s) == (9600, tuple(KINDS), 0.5, 20)
    full = parse("/dev/serial/by-id/usb-M=1_S?kind=scanner&expects=ir_national_code,token&pause_ms=80&kept_s=5")
    assert full.port == "/dev/serial/by-id/usb-M=1_S"
    assert (full.expects, full.pause_s, full.kept_s) == (("ir_national_code", "token"), 0.08, 5)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "kind=sdt"),
        ("/dev/ttyUSB0", "kind=sdt"),
        ("?kind=sdt", "kind=sdt"),
        ("/dev/ttyUSB0?kind=fax", "kind=sdt"),
        ("/dev/ttyUSB0?kind=sdt&pause_ms=80", "no pause_ms"),
        ("/dev/ttyUSB0?kind=sdt&speed=12345", "115200"),
        ("/dev/ttyUSB0?kind=sdt&speed=fast", "a number from"),
        ("/dev/ttyUSB0?kind=sdt&speed=" + "9" * 5000, "a number from"),
        ("/dev/ttyUSB0?kind=sdt&y2023=1", "yes or no"),
        ("/dev/ttyUSB0?kind=scanner&expects=passport", "no passport"),
        ("/dev/ttyUSB0?kind=scanner&expects=", "expects"),
        ("/dev/ttyUSB0?kind=scanner&pause_ms=1", "from 20 to"),
        ("/dev/ttyUSB0?kind=scanner&kept_s=0", "from 1 to"),
    ],
)
def test_a_wrong_address_says_what_to_write(text: str, told: str) -> None:
    with pytest.raises(BadAddress, match=told):
        parse(text)
