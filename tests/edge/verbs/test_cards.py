"""The technician's look at readers and cards, without a running edge; beside one, see ``tests/e2e/test_cards.py``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from central_sync.wire.refusals import Refused
from edge import drivers
from edge.__main__ import main
from edge.readers import ReaderState, Wanted
from edge.readers.cards.identity import CardIdentity
from edge.readers.troubles import TROUBLES
from edge.verbs import cards as card_verbs

CARD = '{"kind": "ir_national_code", "number": "0499370899", "name": "زهرا", "birth_date": "1990-05-04"}'
READER = '[[readers]]\nname = "desk-1"\ndriver = "simulated"\naddress = "reader"\ndesk = "ws-1"\n'
OTHER = '[[readers]]\nname = "desk-2"\ndriver = "simulated"\naddress = "reader-2"\n'


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    """A command sends the log to its own standard error, which ends with it."""
    yield
    structlog.reset_defaults()


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--data", str(folder), *arguments])


def put(folder: Path, text: str = CARD, name: str = "reader") -> None:
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "card.json").write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "edge.toml").write_text(READER)
    return tmp_path


@pytest.mark.parametrize("verb", [["readers"], ["readers", "--json"], ["read-card"]])
def test_where_no_reader_is_set_up_it_says_how(
    tmp_path: Path, verb: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(drivers.DRIVERS, "pcsc", raising=False)
    done = run(tmp_path, *verb)
    assert done.exit_code == (2 if verb == ["read-card"] else 1)
    assert "Traceback" not in done.output
    if verb == ["readers", "--json"]:
        assert json.loads(done.stdout) == {"running": False, "readers": []}
    else:
        assert "[[readers]]" in done.output


def test_a_card_is_shown_to_a_person_and_as_json(folder: Path) -> None:
    put(folder)
    shown = run(folder, "read-card")
    assert shown.exit_code == 0
    rows = dict(line.strip().split(maxsplit=1) for line in shown.stdout.splitlines())
    assert (rows["reader"], rows["number"], rows["name"]) == ("desk-1", "0499370899", "زهرا")
    assert "birth date" in shown.stdout
    told = json.loads(run(folder, "read-card", "--json", "--reader", "desk-1").stdout)
    assert (told["reader"], told["number"], told["birth_date"]) == ("desk-1", "0499370899", "1990-05-04")


def test_a_card_that_does_not_come_is_refused_in_a_sentence(folder: Path) -> None:
    (folder / "reader").mkdir()
    done = run(folder, "read-card", "--wait-s", "0.2")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "card_absent: Put the card on the reader." in done.stderr
    told = json.loads(run(folder, "read-card", "--wait-s", "0.2", "--json").stdout)
    assert (told["code"], told["readers"]) == ("card_absent", [])


def test_a_reader_in_trouble_is_told_with_what_to_do(folder: Path) -> None:
    done = run(folder, "read-card", "--wait-s", "0.2")
    assert done.exit_code == 1
    assert TROUBLES["reader_absent"].what in done.stderr
    assert TROUBLES["reader_absent"].do in done.stderr


def test_one_of_several_readers_is_named(folder: Path) -> None:
    (folder / "edge.toml").write_text(READER + OTHER)
    put(folder, name="reader-2")
    done = run(folder, "read-card")
    assert (done.exit_code, "desk-1, desk-2" in done.stderr) == (2, True)
    assert json.loads(run(folder, "read-card", "--reader", "desk-2", "--json").stdout)["reader"] == "desk-2"
    done = run(folder, "read-card", "--reader", "none")
    assert (done.exit_code, "there is no reader none" in done.stderr) == (2, True)


def test_the_readers_are_listed_with_what_is_wrong_and_what_to_do(folder: Path) -> None:
    (folder / "edge.toml").write_text(READER + OTHER)
    (folder / "reader-2").mkdir()
    done = run(folder, "readers", "--json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert told["running"] is False
    lost, ready = told["readers"]
    assert (lost["name"], lost["desk"], lost["trouble"]) == ("desk-1", "ws-1", "reader_absent")
    assert (lost["what"], lost["do"]) == TROUBLES["reader_absent"]
    assert (ready["what"], ready["do"]) == ("Ready; no card lies on it.", "")
    put(folder)
    shown = run(folder, "readers")
    assert shown.exit_code == 0
    assert "A card lies on it." in shown.stdout
    assert "0499370899" not in shown.output


class Troubled:
    """A driver of one reader that has each trouble in turn."""

    def __init__(self, trouble: str) -> None:
        self.trouble = trouble

    async def start(self) -> None:
        """Nothing to start."""

    async def stop(self) -> None:
        """Nothing to stop."""

    def states(self) -> list[ReaderState]:
        there = self.trouble in ("card_mute", "reader_busy")
        return [ReaderState(name="r", driver="x", connected=there, card_present=there, trouble=self.trouble)]

    async def read(self, _reader: str, _deadline_s: float, _wanted: Wanted) -> CardIdentity:
        raise AssertionError("nobody reads")


@pytest.mark.parametrize("trouble", sorted(TROUBLES))
def test_every_trouble_has_its_diagnosis(tmp_path: Path, trouble: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "edge.toml").write_text(READER)
    monkeypatch.setitem(drivers.DRIVERS, "simulated", lambda *_: Troubled(trouble))
    done = run(tmp_path, "readers")
    assert done.exit_code == 1
    text = " ".join(done.stdout.split())
    for word in (*TROUBLES[trouble].what.split()[:2], TROUBLES[trouble].do.split()[0]):
        assert word in text


def test_a_watch_reads_each_card_once_and_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(folder)
    looks = 0
    present = card_verbs._present

    async def looked(found: card_verbs.Source, name: str) -> bool:
        nonlocal looks
        looks += 1
        if looks == 5:
            put(folder, "{")
        if looks == 10:
            raise KeyboardInterrupt
        if looks in (3, 4, 8):
            return False
        return await present(found, name)

    monkeypatch.setattr(card_verbs, "_present", looked)
    done = run(folder, "read-card", "--watch", "--json")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one.get("number", one.get("code")) for one in told][:2] == ["0499370899", "0499370899"]
    assert "card_unreadable" in [one.get("code") for one in told]
    assert "Watching desk-1" in done.stderr


def test_a_watch_tells_once_that_a_reader_is_in_trouble_and_then_reads_the_card(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    async def read(_: card_verbs.Source, name: str, wait_s: float) -> tuple[str, CardIdentity]:
        nonlocal asked
        asked += 1
        if asked == 9:
            raise KeyboardInterrupt
        if asked == 7:
            return name, CardIdentity(kind="", number="", card="played", name="A")
        raise Refused("card_absent" if asked == 6 else "reader_lost", "reader_absent")

    monkeypatch.setattr(card_verbs, "WATCH_TROUBLE_S", 0.01)
    monkeypatch.setattr(card_verbs.Alone, "read", read)
    told = [json.loads(line) for line in run(folder, "read-card", "--watch", "--json").stdout.splitlines()]
    assert [one.get("card", one.get("code")) for one in told] == ["reader_lost", "played", "reader_lost"]


def test_on_a_clerks_pc_the_readers_of_its_agent_are_meant(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text('[[readers]]\nname = "card"\ndriver = "simulated"\naddress = "reader"\n')
    put(tmp_path)
    told = json.loads(run(tmp_path, "read-card", "--json").stdout)
    assert (told["reader"], told["number"]) == ("card", "0499370899")
