"""A parser with a fault that random bytes do not find: it shows that the fuzzer is led by what the code does."""

from __future__ import annotations

from tests.fuzz.targets import Target


def _run(data: bytes) -> None:
    if (
        len(data) > 4
        and data[0] == 0x5A
        and data[1] == 0x9F
        and data[2] == 0x38
        and data[3] == 0xC3
        and data[4] == 0x11
    ):
        raise IndexError("planted")


PLANTED = Target(_run, (b"Z",))
