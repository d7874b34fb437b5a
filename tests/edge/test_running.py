"""Parts go up in order and down in the other, and a file says where a program is."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.running import AGENT, EDGE, NotRunning, Parts, face_of, tell, withdraw


async def test_parts_go_down_the_other_way_round_and_one_that_fails_keeps_no_other() -> None:
    told: list[str] = []

    def step(word: str, fails: bool = False):
        async def do() -> None:
            told.append(word)
            if fails:
                raise OSError(word)

        return do

    parts = Parts()
    await parts.up(step("a"), step("-a"))
    await parts.up(step("b"), step("-b", fails=True))
    with pytest.raises(OSError, match="c"):
        await parts.up(step("c", fails=True), step("-c"))
    parts.then(step("-d"), step("-e"))
    await parts.down()
    await parts.down()
    assert told == ["a", "b", "c", "-e", "-d", "-b", "-a"]


def test_where_a_program_is_stands_in_its_own_file_while_it_runs(tmp_path: Path) -> None:
    with pytest.raises(NotRunning, match="agent run"):
        face_of(tmp_path, AGENT)
    tell(tmp_path, EDGE, "http://127.0.0.1:7001")
    assert face_of(tmp_path, EDGE) == "http://127.0.0.1:7001"
    with pytest.raises(NotRunning, match="No agent runs"):
        face_of(tmp_path, AGENT)
    withdraw(tmp_path, EDGE)
    withdraw(tmp_path, EDGE)
    with pytest.raises(NotRunning, match="No edge runs"):
        face_of(tmp_path, EDGE)
    (tmp_path / EDGE.file).write_text("{}")
    with pytest.raises(NotRunning, match="cannot be read"):
        face_of(tmp_path, EDGE)
    tell(tmp_path / "missing", EDGE, "http://127.0.0.1:7001")  # logged, and no more
