"""What is kept of a password."""

from __future__ import annotations

from central_sync.pages import passwords

PASSWORD = "seven small stones"


def test_a_password_fits_what_was_kept_of_it_alone() -> None:
    kept = passwords.hashed(PASSWORD)
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept
    assert passwords.fits(kept, PASSWORD)
    assert not passwords.fits(kept, PASSWORD + " ")
    assert not passwords.fits(None, PASSWORD)
    assert not passwords.fits("no hash at all", PASSWORD)
    assert not passwords.fits(kept, "x" * 100_000)


def test_length_decides_what_is_acceptable() -> None:
    assert not passwords.acceptable("x" * (passwords.CHARACTERS_MIN - 1))
    assert passwords.acceptable("x" * passwords.CHARACTERS_MIN)
    assert not passwords.acceptable("x" * (passwords.CHARACTERS_MAX + 1))
