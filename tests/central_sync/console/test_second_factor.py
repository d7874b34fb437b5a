"""Codes of an app, recovery codes, and how secrets are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pyotp
import pytest

from central_sync.console import second_factor as factor

NOW = datetime(2026, 3, 20, 8, 0, 10, tzinfo=UTC)
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""The ASCII text 12345678901234567890 of RFC 6238, appendix B."""


@pytest.mark.parametrize(("second", "code"), [(59, "287082"), (1111111109, "081804"), (2000000000, "279037")])
def test_codes_are_those_of_the_standard(second: int, code: str) -> None:
    assert factor.step_of(RFC_SECRET, code, datetime.fromtimestamp(second, UTC)) == second // 30


def test_a_code_is_good_in_its_half_minute_and_the_two_beside_it() -> None:
    secret = factor.new_secret()
    code = pyotp.TOTP(secret).at(NOW)
    for seconds, good in ((0, True), (30, True), (-30, True), (61, False), (-61, False)):
        assert (factor.step_of(secret, code, NOW + timedelta(seconds=seconds)) is not None) is good
    assert factor.step_of(factor.new_secret(), code, NOW) is None
    for wrong in ("", "12345", code + "0", "\ud800", "x" * 10_000):
        assert factor.step_of(secret, wrong, NOW) is None


def test_a_code_may_be_typed_with_spaces_and_in_persian_digits() -> None:
    secret = factor.new_secret()
    code = pyotp.TOTP(secret).at(NOW)
    persian = code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    for typed in (f" {code[:3]} {code[3:]} ", persian):
        assert factor.step_of(secret, typed, NOW) is not None


def test_a_sealed_secret_opens_for_its_account_and_key_alone() -> None:
    sealer = factor.Sealer(b"k" * 32)
    secret = factor.new_secret()
    sealed = sealer.sealed(secret, "anna")
    assert secret.encode() not in sealed
    assert sealer.sealed(secret, "anna") != sealed
    assert sealer.opened(sealed, "anna") == secret
    for other, account, body in ((b"k" * 32, "bert", sealed), (b"x" * 32, "anna", sealed), (b"k" * 32, "anna", b"")):
        with pytest.raises(factor.Sealed):
            factor.Sealer(other).opened(body, account)


def test_recovery_codes_are_many_different_and_kept_as_digests() -> None:
    codes = factor.new_recovery_codes()
    assert len(set(codes)) == factor.RECOVERY_CODES
    assert all(len(code) == 19 for code in codes)
    assert factor.recovery_hash(codes[0].lower().replace("-", " ")) == factor.recovery_hash(codes[0])
    assert len({factor.recovery_hash(code) for code in codes}) == len(codes)


def test_the_picture_and_the_address_are_what_an_app_reads() -> None:
    address = factor.address(RFC_SECRET, "anna")
    found = pyotp.parse_uri(address)
    assert (found.secret, found.name, found.issuer) == (RFC_SECRET, "anna", factor.ISSUER)
    drawn = factor.picture(address)
    assert "style" not in drawn
    assert ET.fromstring(drawn).tag == "svg"
