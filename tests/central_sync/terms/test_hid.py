"""The HID finds the slips of a hand."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from central_sync.terms.hid import HID_DIGITS, SERIAL_MAX, from_serial, serial_of

serials = st.integers(1, SERIAL_MAX)


@given(serials)
@example(1)
@example(SERIAL_MAX)
def test_a_hid_gives_its_serial_back(serial):
    hid = from_serial(serial)
    assert len(hid) == HID_DIGITS
    assert serial_of(hid) == serial


@given(serials, st.integers(0, HID_DIGITS - 1), st.integers(1, 9))
def test_one_mistyped_digit_is_found(serial, place, shift):
    hid = from_serial(serial)
    assert serial_of(hid[:place] + str((int(hid[place]) + shift) % 10) + hid[place + 1 :]) is None


@given(serials, st.integers(0, HID_DIGITS - 2))
def test_two_swapped_digits_are_found(serial, place):
    hid = from_serial(serial)
    assume(hid[place] != hid[place + 1])
    assert serial_of(hid[:place] + hid[place + 1] + hid[place] + hid[place + 2 :]) is None


@given(st.integers(0, 10**16 - 1))
def test_a_serial_has_one_hid_only(number):
    text = f"{number:016d}"
    serial = serial_of(text)
    assert serial is None or from_serial(serial) == text


def test_check_digits_that_leave_the_same_remainder_are_not_taken():
    hid = next(h for h in map(from_serial, range(1, 1000)) if h.endswith("97"))
    assert serial_of(hid[:-2] + "00") is None
    hid = next(h for h in map(from_serial, range(1, 1000)) if h.endswith("98"))
    assert serial_of(hid[:-2] + "01") is None


@pytest.mark.parametrize("serial", [0, -1, SERIAL_MAX + 1])
def test_a_serial_out_of_range_has_no_hid(serial):
    with pytest.raises(ValueError, match="serial"):
        from_serial(serial)


@given(st.text(max_size=20))
def test_no_text_makes_the_check_fall_over(text):
    assert serial_of(text) is None or len(text) == HID_DIGITS


@pytest.mark.parametrize("text", ["", "0" * 16, "۰" * 16, "0000000000000001", "000000000000010 ", "+" + "0" * 15])
def test_what_is_no_hid_has_no_serial(text):
    assert serial_of(text) is None
