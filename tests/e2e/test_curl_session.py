"""The session of docs/embed-api.md, run as it stands there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.e2e import session
from tests.e2e.town import Town


def test_every_command_of_the_page_gives_the_answer_that_stands_there(tmp_path: Path) -> None:
    assert shutil.which("curl"), "install curl"
    page = session.blocks(session.PAGE.read_text(encoding="utf-8"))
    assert len([block for block in page if block.answer]) >= 17
    with Town(tmp_path) as town:
        printed = session.run([block.commands for block in page], town.shell_environment(), tmp_path)
    known: dict[str, object] = {}
    wrong = []
    for block, said in zip(page, printed, strict=True):
        if block.answer is None:
            assert said == "", "an answer that the page does not show"
            continue
        wrong += [
            f"{block.commands.splitlines()[0][:80]}… {line}"
            for line in session.differences(json.loads(block.answer), json.loads(said), known)
        ]
    assert not wrong, "\n".join(wrong)
    assert known["<token>"]


def test_a_placeholder_must_stand_for_the_same_thing_everywhere() -> None:
    expected = {"a": "<hid>", "b": ["<hid>", "<any>"]}
    assert not session.differences(expected, {"a": "1", "b": ["1", 2]}, {})
    assert session.differences(expected, {"a": "1", "b": ["3", 2]}, {}) == ["$.b[0]: not <hid> as before"]
    assert session.differences({"a": 1}, {"a": True}, {})
    assert session.differences({"a": 1}, {"a": 1, "b": 2}, {})
