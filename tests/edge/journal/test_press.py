"""The press against the scribe: the same frame to the byte, the same in memory, the same told; and what is not plain it leaves."""

from __future__ import annotations

import asyncio
import mmap
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import JournalUnavailable
from edge.journal import Block, Draft, Journal, commits, frames, operation, press, shapes
from edge.journal import records as r
from edge.journal.decisions import decided_of
from edge.journal.frames import Sealed
from edge.journal.known import Known
from edge.journal.operation import Operation, Result
from edge.journal.press import Press
from edge.journal.scribe import Scribe
from edge.journal.sealing import Vault
from edge.journal.state import State
from edge.journal.swift import Swift
from edge.journal.tail import TOMBSTONE, Tail
from edge.limits import SWIFT_BYTES_MAX
from edge.outcome import BORN
from tests.edge.journal.drafts import NOW, applied, draft, learned, own, together
from tests.patience import HUNG_S
from tests.programs import ROOT

SLATE = 2**62 + 5
HEAD = 41


TEXTS = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    ["", "a" * 31, "b" * 32, "c" * 255, "d" * 256, "é" * 33_000]
)
BYTES = st.binary(max_size=40) | st.sampled_from([b"", bytes(255), bytes(256), bytes(65_535), bytes(65_536)])
INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 -- hypothesis adds the zone
DRAFTS = st.builds(
    Draft, institution=TEXTS, msgid=TEXTS, number=st.sampled_from(sorted(BORN)), digest=BYTES, packet=BYTES, recorded_at=INSTANTS,
    business_day=st.dates(), hid=TEXTS, lane=TEXTS, operator=TEXTS, workstation=TEXTS, card_read=TEXTS,
)  # fmt: skip


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return Vault.open(tmp_path_factory.mktemp("vault"), create=True)


class Text(str):
    """What is more than text, the encoder refuses."""

    __slots__ = ()


class Desk:
    """One state, and both who write over it; chance and clock stand still."""

    def __init__(self, vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
        self.vault = vault
        self.state = State()
        self.state.head, self.state.link = HEAD, random.Random(1).randbytes(r.LINK_BYTES)
        self.memory = mmap.mmap(-1, SWIFT_BYTES_MAX)
        self.refusal = ""
        told: Any = SimpleNamespace(
            state=self.state, vault=vault, slate=SimpleNamespace(id=SLATE), refuses=lambda: self.refusal
        )
        self.press = Press(told)
        assert self.press.native is not None, "press.c was not built: installers/set_up.sh test"
        monkeypatch.setattr(os, "urandom", lambda count: random.Random(count).randbytes(count))
        monkeypatch.setattr(time, "time_ns", lambda: 1_750_000_000_123_456_789)

    def pressed(self, begun: Sequence[Operation[Any]], new: set[int] | None = None) -> press.Framed | None:
        keys = {key for operation in begun for key in operation.keys} if new is None else new
        self.memory[:] = b"\xee" * len(self.memory)
        return self.press.of_plain(begun, keys, self.memory)

    def scribe_pressed(self, scribe: Scribe, results: list[Result]) -> press.Framed | None:
        self.memory[:] = b"\xee" * len(self.memory)
        return self.press.of_scribe(scribe, results, self.memory)

    def scribed(self, begun: Sequence[Operation[Any]]) -> tuple[Scribe, list[Any]]:
        found: dict[int, list[int]] = {key: [] for operation in begun for key in operation.keys}
        scribe = Scribe(None, self.vault, self.state, found, str)
        return scribe, [operation.done(scribe) for operation in begun]


@pytest.fixture
async def desk(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(vault, monkeypatch)


def append(one: Draft) -> Operation[shapes.Appended]:
    return operation.append(one, [r.msgid_key(one.msgid)], lambda _: None, lambda _: None, asyncio.get_running_loop())


def in_memory(tail: Tail) -> dict[str, Any]:
    kept = {name: value for name, value in vars(tail).items() if name != "verdicts"}
    return kept | {"verdicts": list(tail.verdicts)}


def same(desk: Desk, drafts: Sequence[Draft]) -> None:
    begun = [append(one) for one in drafts]
    scribe, told = desk.scribed(begun)
    results: list[Result] = [(one, appended, None) for one, appended in zip(begun, told, strict=True)]
    frame = framed_in_python(desk, scribe)
    framed = desk.pressed(begun)
    assert frame == (None if framed is None else (framed.segment, desk.memory[: framed.size]))
    written = desk.scribe_pressed(scribe, results)
    assert frame == (None if written is None else (written.segment, desk.memory[: written.size]))
    for one in (framed, written):
        if one is not None:
            assert desk.memory[one.size :].strip(b"\xee") == b"", "nothing behind the frame was touched"
            tail, kept = one.kept()
            assert in_memory(tail) == in_memory(scribe.tail)
            assert kept == results


def framed_in_python(desk: Desk, scribe: Scribe) -> tuple[Sealed, bytes] | None:
    segment = scribe.sealed()
    frame = frames.frame(SLATE, segment)
    return (segment, frame) if len(frame) <= len(desk.memory) else None


@pytest.fixture(scope="module")
def many() -> list[Draft]:
    chance = random.Random(7)
    return [
        draft(
            f"m{n}", number=chance.choice(sorted(BORN)), packet=chance.randbytes(chance.choice([0, 1, 300, 2_270, 70_000])),
            operator="پذیرش" * chance.randrange(20), recorded_at=NOW + timedelta(microseconds=chance.getrandbits(40)),
        )
        for n in range(400)
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 64, 128])
async def test_of_any_number_it_makes_what_the_scribe_makes(desk: Desk, many: list[Draft], count: int) -> None:
    same(desk, [one for one in many if len(one.packet) < 3_000][:count])


async def test_of_large_ones_too(desk: Desk, many: list[Draft]) -> None:
    same(desk, [one for one in many if len(one.packet) > 3_000][:5])


async def test_what_is_longer_than_the_memory_is_left(desk: Desk) -> None:
    overhead = desk.pressed([append(draft("m", packet=b""))])
    assert overhead is not None
    most = SWIFT_BYTES_MAX - frames.size_of(overhead.segment) - 6  # the longer heads of three byte strings
    for packet in (most - 16, most - 1, most, most + 1, most + 16, SWIFT_BYTES_MAX):
        same(desk, [draft("m", packet=bytes(packet))])


@given(drafts=st.lists(DRAFTS, min_size=1, max_size=5, unique_by=lambda one: one.msgid))
def test_whatever_a_draft_says(vault: Vault, drafts: list[Draft]) -> None:
    async def compared() -> None:
        with pytest.MonkeyPatch.context() as patch:
            same(Desk(vault, patch), drafts)

    asyncio.run(compared())


@pytest.mark.parametrize(
    "said",
    [
        {"recorded_at": NOW.astimezone(timezone(timedelta(hours=3, minutes=30)))},
        {"recorded_at": datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)},
        {"recorded_at": datetime(2025, 6, 1)},  # noqa: DTZ001 -- an instant of no zone is the case
        {"business_day": NOW},
        {"number": "9999"},
        {"operator": "\ud800"},
        {"operator": Text("o")},
        {"packet": bytearray(b"x")},
        {"lane": None},
    ],
)
async def test_what_is_not_plain_is_left_to_the_scribe(desk: Desk, said: dict[str, Any]) -> None:
    assert desk.pressed([append(draft("m")), append(draft("n", **said))]) is None
    same(desk, [draft("m")])


async def test_so_is_what_a_rule_has_a_word_on(desk: Desk) -> None:
    plain = append(draft("m"))
    for other in (
        append(draft("n", opens_case=True)),
        append(draft("n", follows="a")),
        append(draft("m", digest=bytes(32))),
        Operation(lambda _: None),
    ):
        assert desk.pressed([plain, other]) is None
    assert desk.pressed([plain], new=set()) is None, "the tables may know it"
    desk.refusal = "disk_full"
    assert desk.pressed([plain]) is None, "new work is not taken on now"
    desk.refusal = ""
    desk.state.facts[TOMBSTONE] = {"m": b"r"}
    assert desk.pressed([plain]) is None, "a reversal was first"
    assert desk.pressed([append(draft("n"))]) is not None


async def test_what_else_a_scribe_writes_is_framed_as_it_is_in_python(desk: Desk) -> None:
    scribe, _ = desk.scribed([append(draft("m"))])
    for count in (1, 300):
        scribe.receive(
            together([applied(HEAD + 1)] * count), decided_of(["2204"] * count, applied(1).answers * count), None, NOW
        )
    scribe.add(r.Fact(kind="k", key="پ", value=None))
    scribe.add_block(Block(1, 9))
    made = desk.scribe_pressed(scribe, [])
    assert made is not None
    assert (made.segment, desk.memory[: made.size]) == framed_in_python(desk, scribe)
    assert made.kept() == (scribe.tail, [])


async def test_it_keeps_nothing_and_loses_nothing(desk: Desk, many: list[Draft]) -> None:
    begun = [append(one) for one in many[:20]]

    def counted() -> list[int]:
        return [sys.getrefcount(value) for one in many[:20] for value in (one, one.packet, one.msgid, one.recorded_at)]

    bad = append(draft("n", operator="\ud800"))
    before = counted()
    for _ in range(50):
        framed = desk.pressed(begun)
        assert framed is not None
        framed.kept()
        assert desk.pressed([*begun, bad]) is None
    del framed
    assert counted() == before


@pytest.mark.parametrize(
    "given_",
    [
        {0: ()}, {0: [draft("m")]}, {0: None}, {1: -1}, {1: 2**64}, {1: "1"}, {2: None}, {3: 2**32}, {4: b"short"}, {4: "k" * 32}, {5: b""}, {6: 2**64}, {7: b"n" * 11},
        {7: b"n" * 27}, {7: None}, {8: b"read only" * 999}, {8: None}, {0: (object(),)}, {0: (None,)}, {0: (bytearray(b"r"),)},
    ],
)  # fmt: skip
def test_wrong_words_are_refused_and_write_nothing(given_: dict[int, Any]) -> None:
    native = press.built.Press(r.Entry, shapes.Standing, shapes.Appended, BORN)
    into = bytearray(8_192)
    words: list[Any] = [(draft("m"),), 1, 2, 3, bytes(32), bytes(32), 4, bytes(28), into]
    assert native.frame(*words) is not None
    clean, into[:] = bytes(into), bytes(8_192)
    for place, value in given_.items():
        words[place] = value
    with pytest.raises((ValueError, TypeError, OverflowError, AttributeError, BufferError)):
        native.frame(*words)
    assert bytes(into) == bytes(8_192) != clean
    for wrong in (
        (),
        ((draft("m"),),),
        ([draft("m")], 1),
        ((None,), 1),
        ((draft("m"),), -1),
        ((draft("m", number="9999"),), 1),
    ):
        with pytest.raises((ValueError, TypeError, OverflowError, AttributeError)):
            native.told(*wrong)
    with pytest.raises((ValueError, TypeError)):
        native.__init__(r.Entry, shapes.Standing, shapes.Appended, BORN)
    with pytest.raises(TypeError):
        press.built.Press(r.Entry, shapes.Standing, shapes.Appended, None)
    unmade: Any = press.built.Press.__new__(press.built.Press)
    with pytest.raises(ValueError, match="arguments"):
        unmade.frame(*words)
    with pytest.raises(ValueError, match="arguments"):
        unmade.told((draft("m"),), 1)


async def opened(folder: Path) -> Journal:
    journal = Journal(folder / "journal.db")
    await journal.open()
    await journal.add_block(Block(1, 100))
    await learned(journal)
    return journal


@pytest.mark.parametrize(("of", "work", "able"), [(Press, "_kept", True), (Known, "add", True), (Known, "add", False)])
async def test_what_it_cannot_keep_in_memory_is_not_kept_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: type, work: str, able: bool
) -> None:
    def wrong(*_: object) -> None:
        setattr(of, work, right)  # it fails once
        raise ZeroDivisionError

    monkeypatch.setattr(commits, "SWIFT_S_MAX", HUNG_S)  # whatever else this machine does, its disk is quick
    journal, right = await opened(tmp_path), getattr(of, work)
    with monkeypatch.context() as patch:
        patch.setattr(of, work, wrong)
        if not able:  # the thread is to write it
            patch.setattr(Swift, "able", False)
        with pytest.raises(JournalUnavailable):
            await journal.append(draft("m0"))
    assert (await journal.append(draft("m1"))).fresh
    await journal.close()
    await journal.open()
    assert [await journal.find("H1", name) is not None for name in ("m0", "m1")] == [False, True]
    await journal.close()


def test_where_openssl_does_not_do_it_the_scribe_makes_them_all(tmp_path: Path) -> None:
    """As where whoever administers the machine lets it do nothing that is not old."""
    (tmp_path / "openssl.cnf").write_text("openssl_conf = o\n[o]\nproviders = p\n[p]\nlegacy = l\n[l]\nactivate = 1\n")
    done = subprocess.run(
        [sys.executable, "-c", "from edge.journal import press; print(press.built is not None, press._native())"],
        env=os.environ | {"OPENSSL_CONF": str(tmp_path / "openssl.cnf")}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "True None", done.stderr


async def test_where_it_was_not_built_the_scribe_makes_them_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(press, "built", None)
    journal = await opened(tmp_path)
    assert own(journal)._press.native is None
    assert (await journal.append(draft("m0", business_day=date(2025, 6, 1)))).fresh
    await journal.close()
