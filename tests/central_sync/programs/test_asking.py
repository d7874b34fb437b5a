"""What nobody may see: one line of standard input is enough, and none is told."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from central_sync.programs.asking import secret


@pytest.mark.parametrize(
    ("given", "status", "told"),
    [("seven small stones\n", 0, "seven small stones"), ("no end", 0, "no end"), ("\n", 0, ""), ("", 2, "")],
)
def test_the_first_line_of_standard_input_is_taken_once_and_as_it_is(given: str, status: int, told: str) -> None:
    heard: list[str] = []

    @click.command()
    def put() -> None:
        heard.append(secret("Password", twice=True))

    done = CliRunner().invoke(put, input=given)
    assert (done.exit_code, done.stdout, heard) == (status, "", [] if status else [told])
    assert ("Password: nothing came on standard input" in done.stderr) == bool(status)
