"""The HID: the one number of a case (a visit or an admission), known before the hub has heard of it.

The hub leases blocks of serials to an edge; the edge forms the HID itself, line or no line. Sixteen digits: a serial of
fourteen and two check digits by ISO 7064 MOD 97-10, so that one mistyped or two swapped digits are caught at the desk.
"""

from __future__ import annotations

from functools import lru_cache

from stdnum.iso7064 import mod_97_10

SERIAL_MAX = 10**14 - 1
HID_DIGITS = 16


def from_serial(serial: int) -> str:
    """The HID of a leased ``serial``.

    Raises:
        ValueError: the serial is not in 1 … ``SERIAL_MAX``.
    """
    if not 1 <= serial <= SERIAL_MAX:
        raise ValueError(f"a HID serial lies in 1 … {SERIAL_MAX}")
    body = f"{serial:014d}"
    return body + mod_97_10.calc_check_digits(body)


@lru_cache(maxsize=4_096)
def serial_of(hid: str) -> int | None:
    """The serial inside ``hid``, or ``None`` if it is no HID (length, characters or check digits)."""
    if len(hid) != HID_DIGITS or not (hid.isascii() and hid.isdigit()):
        return None
    # The check digits are computed and compared: 00 and 01 would leave the same remainder as 97 and 98.
    if mod_97_10.calc_check_digits(hid[:-2]) != hid[-2:]:
        return None
    return int(hid[:-2]) or None
