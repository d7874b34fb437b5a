"""Bytes that change on the disk: the journal refuses to open, or its check finds it, or nothing that was told is touched. Never silently."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.errors import EdgeError
from edge.journal import Journal, frames, holes, slate
from tests.faults.lives import Lives
from tests.faults.shim import Shim
from tests.faults.work import FILE, Plan, Told

SECTOR_BYTES = 512
LOG_BYTES_ALL = 1 << 34
"""A log that is never written over from its beginning: else it depends on the moment how much of it is an older log's, where damage means nothing."""


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Told]:
    """A journal that was closed in good order: all is in its file."""
    return made(tmp_path_factory.mktemp("closed"), "close")


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Told]:
    """A journal whose edge was killed: what came last is on its slate alone."""
    return made(tmp_path_factory.mktemp("killed"), "kill")


@pytest.fixture(scope="module")
def folding(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Told]:
    """One that was killed after it had folded many times: much is in its log."""
    return made(tmp_path_factory.mktemp("folding"), "kill", gap_s=0.12)


def made(base: Path, ends: str, gap_s: float = 0.0) -> tuple[Path, Told]:
    folder, told = base / "disk", Told()
    folder.mkdir()
    with Shim(folder, base / "control", skip_sync=1) as shim, Lives(shim) as lives:
        told.hear(lives.live(Plan(0, callers=4, each=30, ends="close"))[0])
        last = Plan(1, callers=1, each=12, ends=ends, gap_s=gap_s, folds=bool(gap_s), log_bytes=LOG_BYTES_ALL)
        told.hear(lives.live(last)[0])
    return folder, told


def flip(content: bytearray, at: int, chance: random.Random) -> None:
    content[at] ^= 1 << chance.randrange(8)


def lose_a_sector(content: bytearray, at: int, chance: random.Random) -> None:
    begin = at // SECTOR_BYTES * SECTOR_BYTES
    content[begin : begin + SECTOR_BYTES] = bytes(min(SECTOR_BYTES, len(content) - begin))


def scramble_a_sector(content: bytearray, at: int, chance: random.Random) -> None:
    begin = at // SECTOR_BYTES * SECTOR_BYTES
    content[begin : begin + SECTOR_BYTES] = chance.randbytes(min(SECTOR_BYTES, len(content) - begin))


KINDS = (flip, lose_a_sector, scramble_a_sector)
Kind = Callable[[bytearray, int, random.Random], None]


async def verdict(folder: Path, told: Told) -> str:
    """``refused``, ``found``, ``harmless``, or what is silently wrong."""
    journal = Journal(folder / FILE)
    try:
        await journal.open()
    except EdgeError:
        return "refused"
    try:
        if await journal.check():
            return "found"
        for msgid, hid in told.kept.items():
            standing = await journal.find("H1", msgid)
            if standing is None:
                return f"{msgid} is silently lost"
            if (standing.hid or "-") != hid or (msgid in told.answered and standing.outcome != "final"):
                return f"{msgid} is silently another"
        return "harmless"
    except EdgeError:
        return "found"
    finally:
        await journal.close()


async def verdicts(
    source: tuple[Path, Told], name: str, tmp_path: Path, seed: int, count: int, end: int = 0
) -> Counter[str]:
    folder, told = source
    chance, found = random.Random(seed), Counter[str]()
    for number in range(count):
        place = tmp_path / str(number)
        shutil.copytree(folder, place)
        content = bytearray((place / name).read_bytes())
        KINDS[number % len(KINDS)](content, chance.randrange(end or len(content)), chance)
        (place / name).write_bytes(content)
        found[await verdict(place, told)] += 1
        shutil.rmtree(place)
    return found


async def test_damage_to_the_file_is_never_silent(closed: tuple[Path, Told], tmp_path: Path) -> None:
    found = await verdicts(closed, FILE, tmp_path, 1, 60)
    assert set(found) <= {"refused", "found", "harmless"}
    assert found["harmless"] < 60


@pytest.mark.proof
@pytest.mark.timeout(300)
async def test_much_damage_to_the_file_is_never_silent(closed: tuple[Path, Told], tmp_path: Path) -> None:
    assert set(await verdicts(closed, FILE, tmp_path, 2, 900)) <= {"refused", "found", "harmless"}


def before_the_last_commits(folder: Path, commits: int) -> int:
    """Where in the log its last ``commits`` commits begin: what is damaged from there on looks like a power cut."""
    log = (folder / f"{FILE}-wal").read_bytes()
    step = holes.STEP_BYTES
    ends = [at for at in range(holes.HEADER.size, len(log), step) if holes.FRAME.unpack_from(log, at)[1]]
    return ends[-commits - 1] + step


def before_the_last_frame(folder: Path) -> int:
    """Where on the slate its last frame begins: damage to that looks like a power cut."""
    found = slate.content(folder / FILE)
    assert found is not None
    assert len(found.rows) > 10
    return next(side.end for side in found.sides if found.rows[-1] in side.rows) - frames.BLOCK_BYTES


async def test_damage_to_the_slate_is_never_silent(killed: tuple[Path, Told], tmp_path: Path) -> None:
    end = before_the_last_frame(killed[0])
    found = await verdicts(killed, f"{FILE}-slate", tmp_path, 5, 60, end)
    assert set(found) <= {"refused", "harmless"}
    assert found["refused"] > 8


@pytest.mark.proof
@pytest.mark.timeout(300)
async def test_much_damage_to_the_slate_is_never_silent(killed: tuple[Path, Told], tmp_path: Path) -> None:
    end = before_the_last_frame(killed[0])
    assert set(await verdicts(killed, f"{FILE}-slate", tmp_path, 6, 400, end)) <= {"refused", "harmless"}


async def test_a_slate_that_is_gone_or_another_journals_is_refused(
    killed: tuple[Path, Told], folding: tuple[Path, Told], tmp_path: Path
) -> None:
    for number, strange in enumerate((None, (folding[0] / f"{FILE}-slate").read_bytes())):
        place = tmp_path / str(number)
        shutil.copytree(killed[0], place)
        on_it = place / f"{FILE}-slate"
        on_it.unlink() if strange is None else on_it.write_bytes(strange)
        for _ in range(2):  # the first refusal has changed nothing
            assert await verdict(place, killed[1]) == "refused"
        shutil.copy(killed[0] / f"{FILE}-slate", on_it)
        assert await verdict(place, killed[1]) == "harmless"


async def test_damage_to_the_log_is_never_silent(folding: tuple[Path, Told], tmp_path: Path) -> None:
    end = before_the_last_commits(folding[0], 2)
    found = await verdicts(folding, f"{FILE}-wal", tmp_path, 3, 60, end)
    assert set(found) <= {"refused", "found", "harmless"}
    assert found["refused"] > 30


async def test_a_log_whose_header_was_being_written_anew_is_no_damage(
    closed: tuple[Path, Told], tmp_path: Path
) -> None:
    """What it held is in the file already: only what is nowhere else makes a broken header a loss."""
    folder, told = closed
    place = tmp_path / "place"
    shutil.copytree(folder, place)
    pages = (place / FILE).read_bytes()
    size = holes.STEP_BYTES - holes.FRAME.size
    frames = b"".join(
        holes.FRAME.pack(page, 9, 1, 2, 3, 4) + pages[(page - 1) * size : page * size] for page in (1, 2, 3)
    )
    (place / f"{FILE}-wal").write_bytes(b"half a header" + bytes(19) + frames)
    assert await verdict(place, told) == "harmless"
    (place / f"{FILE}-wal").write_bytes(b"half a header" + bytes(19) + frames[:-1] + b"x")
    assert await verdict(place, told) == "refused"


@pytest.mark.proof
@pytest.mark.timeout(300)
async def test_much_damage_to_the_log_is_never_silent(folding: tuple[Path, Told], tmp_path: Path) -> None:
    end = before_the_last_commits(folding[0], 2)
    assert set(await verdicts(folding, f"{FILE}-wal", tmp_path, 4, 600, end)) <= {"refused", "found", "harmless"}
