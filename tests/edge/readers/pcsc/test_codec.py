"""The service's numbers and names in our words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_sync.wire.refusals import REFUSALS
from edge.readers import READ_REFUSALS
from edge.readers.pcsc import codec
from edge.readers.pcsc.codec import Sight, as_sent, chosen, refusal, sight, slug, trouble
from edge.readers.troubles import TROUBLES

ACS, OMNIKEY, SECOND = "ACS ACR39U 00 00", "OMNIKEY 3x21 (7F01) 00 00", "OMNIKEY 3x21 (7F02) 01 00"
READERS = [SECOND, ACS, OMNIKEY]


@given(st.integers(0, 2**32 - 1))
def test_every_code_and_every_state_means_something(number: int) -> None:
    assert refusal(number) in READ_REFUSALS
    assert refusal(number) in REFUSALS
    assert trouble(number) in TROUBLES
    assert sight(number).connected or not sight(number).present


def test_the_codes_of_the_specification_mean_what_a_desk_can_act_upon() -> None:
    assert [refusal(code) for code in (0x8010000C, 0x80100069)] == ["card_removed"] * 2
    assert [refusal(code) for code in (0x80100009, 0x8010002E)] == ["reader_lost"] * 2
    assert [refusal(code) for code in (0x8010000B, 0x8010000A)] == ["reader_busy", "card_slow"]
    assert [refusal(code) for code in (0x80100066, 0x80100010)] == ["card_mute"] * 2
    assert refusal(0x8010001D) == "reader_failed"
    assert (trouble(0x8010001D), trouble(0x8010006A)) == ("service_down", "reader_forbidden")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (0x0000_0012, Sight(connected=True)),
        (0x0003_0122, Sight(connected=True, present=True, used=True, nth=3)),
        (0xFFFF_02A2, Sight(connected=True, present=True, mute=True, exclusive=True, nth=0xFFFF)),
        (0x0001_002E, Sight(connected=False)),
        (0x0000_0006, Sight(connected=False)),
    ],
)
def test_a_state_is_read_bit_by_bit(state: int, expected: Sight) -> None:
    assert sight(state) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", [ACS, OMNIKEY, SECOND]),
        ("*", [ACS, OMNIKEY, SECOND]),
        (ACS, [ACS]),
        ("ACS ACR39U", [ACS]),
        ("OMNIKEY", [OMNIKEY, SECOND]),
        ("OMNIKEY * (7F02)*", [SECOND]),
        ("*(7F0?) * 00", [OMNIKEY, SECOND]),
        ("acs", []),
        ("Gemalto", []),
    ],
)
def test_an_address_is_a_name_a_beginning_or_a_pattern(address: str, expected: list[str]) -> None:
    assert chosen(address, READERS) == expected


def test_a_whole_name_is_not_taken_for_the_beginning_of_another() -> None:
    assert chosen("ACS 00 0", ["ACS 00 00", "ACS 00 0"]) == ["ACS 00 0"]


def test_a_slug_is_short_plain_and_nobody_elses() -> None:
    assert slug("Virtual PCD 00 01") == "virtual-pcd-00-01"
    assert slug("A (1)", {"a-1", "a-1-2"}) == "a-1-3"
    assert slug("读卡器") == "reader"
    assert len(slug("x" * 500)) == codec.NAMES_CHARACTERS_MAX


@pytest.mark.parametrize(
    ("command", "over_t0"),
    [
        ("00A40400023F0000", "00A40400023F00"),
        ("00A40400023F00", "00A40400023F00"),
        ("00B0000000", "00B0000000"),
        ("00A4000C", "00A4000C"),
        ("80B0000402000D", "80B0000402000D"),
    ],
)
def test_over_t0_a_command_with_data_has_no_expected_length(command: str, over_t0: str) -> None:
    assert as_sent(bytes.fromhex(command), 1) == bytes.fromhex(over_t0)
    assert as_sent(bytes.fromhex(command), 2) == bytes.fromhex(command)
