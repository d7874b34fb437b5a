"""A small file that the command line changes while the edge runs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import Struct

from edge.errors import EdgeError
from edge.kept_file import KeptFile

ADD = """
import sys
from pathlib import Path
from tests.edge.test_kept_file import Numbers, kept
for _ in range(20):
    file = kept(Path(sys.argv[1]))
    with file.changing() as numbers:
        file.write(Numbers([*numbers.numbers, int(sys.argv[2])]))
"""


class NumbersWrong(EdgeError):
    """What this test's file raises."""


class Numbers(Struct, frozen=True):
    numbers: list[int] = []


def kept(folder: Path) -> KeptFile[Numbers]:
    return KeptFile(folder / "numbers.json", Numbers, NumbersWrong)


def test_what_is_not_there_is_empty_and_what_is_written_is_read_by_others(tmp_path: Path) -> None:
    ours, theirs = kept(tmp_path), kept(tmp_path)
    assert ours.content() == Numbers()
    theirs.write(Numbers([1, 2]))
    first = ours.content()
    assert first == Numbers([1, 2])
    assert ours.content() is first
    (tmp_path / "numbers.json").unlink()
    assert ours.content() == Numbers()


def test_a_loop_looks_once_in_a_turn_and_sees_the_change_in_the_next(tmp_path: Path) -> None:
    ours, theirs = kept(tmp_path), kept(tmp_path)

    async def look() -> None:
        assert ours.content() == Numbers()
        theirs.write(Numbers([1]))
        assert ours.content() == Numbers(), "all of one turn see the same"
        await asyncio.sleep(0)
        assert ours.content() == Numbers([1])
        ours.write(Numbers([2]))
        assert ours.content() == Numbers([2]), "our own change is seen at once"

    asyncio.run(look())
    theirs.write(Numbers([3]))
    assert ours.content() == Numbers([3]), "no loop is left that would look again"


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    kept(tmp_path).write(Numbers([1]))
    assert (tmp_path / "numbers.json").stat().st_mode & 0o077 == 0


def test_programs_that_change_it_at_once_lose_nothing(tmp_path: Path) -> None:
    programs = [subprocess.Popen([sys.executable, "-c", ADD, str(tmp_path), str(number)]) for number in range(3)]
    assert [program.wait(60) for program in programs] == [0, 0, 0]
    assert sorted(kept(tmp_path).content().numbers) == sorted([*range(3)] * 20)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"numbers": ["x"]}', b"\xff"])
def test_a_damaged_file_is_told_each_time_and_not_believed(tmp_path: Path, content: bytes) -> None:
    file = kept(tmp_path)
    file.write(Numbers([1]))
    assert file.content() == Numbers([1])
    (tmp_path / "numbers.json").write_bytes(content)
    for _ in range(2):
        with pytest.raises(NumbersWrong, match="damaged"):
            file.content()
    with pytest.raises(NumbersWrong), file.changing():
        raise AssertionError("a damaged file was given to be changed")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    nowhere = kept(tmp_path / "nowhere")
    with pytest.raises(NumbersWrong, match="cannot be written"):
        nowhere.write(Numbers())
    with pytest.raises(NumbersWrong, match="cannot be written"), nowhere.changing():
        raise AssertionError("there is no such folder")
