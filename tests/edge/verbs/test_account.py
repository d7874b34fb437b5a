"""``pishkhan-edge account`` as a technician types it."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from edge.__main__ import main

PASSWORD = "seven small stones\n"


def typed(folder: Path, *words: str, keys: str = "") -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["--data", str(folder), "account", *words], input=keys)
    return done.exit_code, done.stdout, done.stderr


def test_an_account_is_made_listed_and_taken_away(tmp_path: Path) -> None:
    status, out, err = typed(tmp_path / "edge", "put", "tech", keys=PASSWORD * 2)
    assert (status, out) == (0, "")
    assert "may sign in" in err
    status, out, _ = typed(tmp_path / "edge", "list")
    assert status == 0
    assert out.startswith("tech\ttechnician\t")
    assert typed(tmp_path / "edge", "remove", "tech")[0] == 0
    status, _, err = typed(tmp_path / "edge", "remove", "tech")
    assert status == 2
    assert "account list" in err


def test_a_short_password_is_refused_in_words(tmp_path: Path) -> None:
    status, _, err = typed(tmp_path, "put", "tech", keys="short\nshort\n")
    assert status == 2
    assert "10 to 200 characters" in err
