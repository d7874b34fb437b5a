"""Whatever could name a person is taken out; counts, instants and versions stay."""

from __future__ import annotations

import pytest

from edge.scrub import GONE, scrubbed


@pytest.mark.parametrize(
    "planted",
    [
        "0499370899", "049-937-0899", "0499 370 899", "۰۴۹۹۳۷۰۸۹۹", "110101199003078515", "1234567890" * 5, "a1234567890", "0000000000000195", "زهرا", "王小明", "Zahrā",
        "z.azmayeshi@hospital.example", "09121234567", "+98 912 123 4567", "\u202e",
    ],
)  # fmt: skip
@pytest.mark.parametrize("around", ["{}", "before {} after", "person={};", "[{}]"])
def test_what_could_name_a_person_is_gone_wherever_it_stands(planted: str, around: str) -> None:
    text = around.format(planted)
    for value in (text, [text], {"a": {"b": text}}, {text: 1}):
        told = repr(scrubbed(value))
        assert planted not in told
        assert GONE in told


@pytest.mark.parametrize(
    "kept",
    ["2026-11-27T18:34:55Z", "2026-11-27T18:34:55.123456+00:00", "2026-11-27", "1.2.3", "127.0.0.1:7001", "192.168.100.200", "journal_full", "10d158db451c1234567d094614f21875e4249deab8e8a5d403c10", 1234567890123,
     1.5, None, True, ""],
)  # fmt: skip
def test_instants_versions_addresses_and_counts_stay(kept: object) -> None:
    assert scrubbed({"a": [kept]}) == {"a": [kept]}
