"""A command line: help that is anybody's, and what to type as another account."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from central_sync.programs.verbs import HELP_ASKED, Verbs, belongs_to


@pytest.mark.parametrize(("typed", "asked"), [(["go"], False), (["go", "--help"], True), (["go", "-h"], True)])
def test_it_is_noted_whether_only_help_is_asked_for(typed: list[str], asked: bool) -> None:
    seen: list[bool] = []

    @click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
    @click.pass_context
    def program(ctx: click.Context) -> None:
        seen.append(ctx.meta[HELP_ASKED])

    @program.command()
    def go() -> None:
        pass

    assert CliRunner().invoke(program, typed).exit_code == 0
    assert seen == [asked]


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-6", "utf-8"])
def test_what_a_terminal_has_no_letters_for_is_told_as_json_escapes_it(encoding: str) -> None:
    program = r"""if True:
        import click, json
        from central_sync.programs.verbs import Verbs
        main = click.command(cls=Verbs)(lambda: None)
        main.command("go")(lambda: print(json.dumps(["\u067e\u06cc", "\U00020000", "\udc80"], ensure_ascii=False)))
        main()"""
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    command = [sys.executable, "-c", program, "go"]
    told = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=30).stdout
    assert json.loads(told.decode(encoding)) == ["\u067e\u06cc", "\U00020000", "\udc80"]


def test_what_to_type_is_a_line_for_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/opt/pishkhan/bin/pishkhan-hub", "hospital", "add", "H 1", "$(id)"])
    line = belongs_to(Path("/data"), "pishkhan-hub").partition("account: ")[2]
    assert line == "runuser -u pishkhan-hub -- pishkhan-hub hospital add 'H 1' '$(id)'"
    line = belongs_to(Path("/data"), "#1234").partition("account: ")[2]
    echoed = subprocess.run(["/bin/sh", "-c", f"sudo() {{ printf '%s|' \"$@\"; }}; {line}"], capture_output=True, text=True, check=True, timeout=10)  # fmt: skip
    assert echoed.stdout == "-u|#1234|--|pishkhan-hub|hospital|add|H 1|$(id)|"
