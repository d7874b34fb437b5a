"""``pishkhan-edge journal``: every verb, beside a running edge and without one, for the folder's owner alone."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from edge import identity
from edge import journal as kept_journal
from edge.__main__ import main
from edge.app import Edge
from edge.config import Config
from edge.journal import Journal, proof
from edge.journal.envelope import RECOVERY_FILE
from edge.verbs import journal as verbs
from tests.edge.journal.drafts import draft, folded
from tests.edge.journal.kept import answer, fill, in_days, sign_days
from tests.edge.journal.papers import Papers, enrolled, pem

PAPERS = Papers("H1")
Verb = Callable[..., Coroutine[Any, Any, Result]]


def _run(folder: Path, *arguments: str, **more: Any) -> Result:
    return CliRunner().invoke(main, ["--data", str(folder), "journal", *arguments], **more)


async def _past(folder: Path) -> None:
    journal = Journal(folder / "journal.db")
    await journal.open()
    await answer(journal, PAPERS, await fill(journal, [f"m{i}" for i in range(5)]))
    await sign_days(journal, PAPERS, in_days(1))
    await fill(journal, ["open"])
    await journal.append(draft("fence", number="2207"))
    await folded(journal)
    await journal.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An enrolled edge that does not run, with a past."""
    folder = enrolled(tmp_path / "edge", PAPERS)
    asyncio.run(_past(folder))
    return folder


@pytest.fixture(params=["alone", "beside a running edge"])
def verb(request: pytest.FixtureRequest, folder: Path) -> Callable[..., Result]:
    """Runs a verb, with an edge on the folder or without."""
    if request.param == "alone":
        return lambda *arguments: _run(folder, *arguments)

    async def beside(*arguments: str) -> Result:
        edge = Edge(folder, Config(listen="127.0.0.1:0"), identity.load(folder))
        await edge.start()
        try:
            return await asyncio.to_thread(_run, folder, *arguments)
        finally:
            await edge.stop()

    return lambda *arguments: asyncio.run(beside(*arguments))


def test_the_whole_chain_is_checked(verb: Callable[..., Result]) -> None:
    done = verb("verify")
    assert (done.exit_code, done.stdout[:6]) == (0, "sound:"), done.output
    told = json.loads(verb("verify", "--json").stdout)
    assert (told["wrong"], told["transactions"], told["days"]) == (0, 7, 1)


def test_without_a_line_a_comparison_says_so(verb: Callable[..., Result]) -> None:
    done = verb("compare", "--from", "2025-03-20", "--to", "2025-03-21T14:30+03:30")
    assert done.exit_code == 2
    assert "the hub could not be asked" in done.stderr


@pytest.mark.parametrize("option", ["--from", "--to"])
def test_a_time_that_is_none_is_refused_in_words(folder: Path, option: str) -> None:
    done = _run(folder, "compare", option, "yesterday")
    assert done.exit_code == 2
    assert "write it like" in done.stderr


def test_a_time_that_ends_before_it_begins_is_refused_in_words(folder: Path) -> None:
    done = _run(folder, "compare", "--from", "2025-03-21", "--to", "2025-03-20")
    assert done.exit_code == 2
    assert "is not later than" in done.stderr


def test_what_is_not_shown_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "counts all" not in _run(folder, "show").stderr
    for module in (kept_journal, verbs):
        monkeypatch.setattr(module, "OPEN_LIST_ROWS_MAX", 1)
    done = _run(folder, "show")
    assert (len(done.stdout.splitlines()), "the oldest 1;" in done.stderr) == (1, True), done.output


def test_a_journal_in_which_nothing_is_open_says_so(tmp_path: Path) -> None:
    new = enrolled(tmp_path / "new", PAPERS)

    async def begin() -> None:
        kept = Journal(new / "journal.db")
        await kept.open()
        await kept.close()

    asyncio.run(begin())
    assert [_run(new, "show", *more).stderr for more in ((), ("--latest", "5"))] == [
        "Nothing is open.\n",
        "The journal is empty.\n",
    ]


def test_a_transaction_is_parked_shown_and_let_go(verb: Callable[..., Result]) -> None:
    done = verb("park", "open")
    assert done.stdout.startswith("parked: open"), done.output
    shown = verb("show").stdout.splitlines()
    assert [line.endswith("Z parked_by_hand") for line in shown if " open" in line] == [True], "since when, and why"
    told = [json.loads(line) for line in verb("show", "--json").stdout.splitlines()]
    assert {row["msgid"]: (row["parking"] or {}).get("code") for row in told} == {
        "open": "parked_by_hand",
        "fence": None,
    }
    assert [(row["outcome"], row["seq"] > 0, "packet" in row) for row in told] == [
        ("provisional", True, False),
        ("in_doubt", True, False),
    ]
    assert verb("park", "m1").exit_code == 2, "it is decided"
    assert verb("release", "fence").exit_code == 2, "it is not parked"
    assert verb("release", "open").stdout.startswith("released: open")
    assert verb("park", "nobody").exit_code == 2


def test_what_is_old_and_signed_for_is_pruned(verb: Callable[..., Result]) -> None:
    told = json.loads(verb("prune", "--keep-days", "1", "--json").stdout)
    assert (told["transactions"], told["goal"]) == (0, 0), "it is of today"


def test_another_data_key_is_taken(verb: Callable[..., Result], folder: Path) -> None:
    done = verb("rotate")
    assert (done.exit_code, done.stdout[:15]) == (0, "sealed from now"), done.output
    assert verb("verify").exit_code == 0
    before = (folder / "device.key").read_bytes()
    assert verb("rotate", "--device-key").exit_code == 0
    assert (folder / "device.key").read_bytes() != before
    assert verb("verify").exit_code == 0


def test_a_backup_is_made_and_restored_on_a_new_box(verb: Callable[..., Result], folder: Path, tmp_path: Path) -> None:
    refused = verb("backup")
    assert (refused.exit_code, "recovery-key" in refused.stderr) == (2, True)
    secret = verb("recovery-key").stdout.strip()
    assert (folder / RECOVERY_FILE).exists()
    assert verb("recovery-key").exit_code == 2
    made = json.loads(verb("backup", "--to", str(tmp_path / "disk"), "--json").stdout)
    new = enrolled(tmp_path / "new", Papers("H1", PAPERS.authority))
    done = _run(new, "restore", made["path"], "--json", input=f"{secret}\n")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["asked"], told["sent"], told["transactions"]) == (["fence"], 1, 7)
    assert "journal compare --from" in done.stderr
    assert _run(new, "verify").exit_code == 0
    assert _run(new, "restore", made["path"], input=f"{secret}\n").exit_code == 2, "there is a journal now"
    other = enrolled(tmp_path / "other", Papers("H2", PAPERS.authority))
    assert "a backup of H1" in _run(other, "restore", made["path"], input=f"{secret}\n").stderr


def test_a_proof_is_exported_and_checked_without_a_journal(verb: Callable[..., Result], tmp_path: Path) -> None:
    done = verb("export", "m1")
    assert done.exit_code == 0, done.output
    file = tmp_path / "proof.json"
    file.write_text(done.stdout)
    [known] = proof.fingerprints_of(pem(PAPERS.authority.certificate))
    checked = _run(tmp_path / "nowhere", "check-proof", str(file), "--authority", known, "--json")
    told = json.loads(checked.stdout)
    assert (checked.exit_code, told["holds"], {part["well"] for part in told["parts"]}) == (0, True, {True})
    assert _run(tmp_path, "check-proof", str(file), "--authority", "00").exit_code == 1
    file.write_text(done.stdout.replace('"seq": ', '"seq": 1'))
    assert "FALSE" in _run(tmp_path, "check-proof", str(file)).stdout
    file.write_text("{}")
    assert _run(tmp_path, "check-proof", str(file)).exit_code == 2
    assert verb("export", "nobody").exit_code == 2


def test_what_was_altered_is_told_and_ends_with_one(folder: Path) -> None:
    from pysqlite3 import dbapi2 as sqlite

    with sqlite.connect(str(folder / "journal.db")) as c:
        c.execute("update segment set link = zeroblob(32) where first = 3")
    c.close()
    done = _run(folder, "verify")
    assert done.exit_code == 1
    assert "! the chain is broken at 3" in done.stdout
    assert "NOT sound" in done.stdout


@pytest.mark.parametrize("arguments", [("verify",), ("prune",), ("park", "m1"), ("stats",)])
def test_another_account_is_refused(folder: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    done = _run(folder, *arguments)
    assert done.exit_code == 2
    assert "belongs to account" in done.stderr
    assert _run(folder, *arguments, "--help").exit_code == 0, "help is anybody's"


@pytest.mark.parametrize(
    "arguments", [("verify",), ("prune",), ("rotate",), ("export", "m1"), ("backup",), ("compare",)]
)
def test_without_a_journal_every_verb_says_so(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = _run(enrolled(tmp_path / "edge", PAPERS), *arguments)
    assert done.exit_code == 2
    assert "is made by the first run" in done.stderr
    assert not (tmp_path / "edge" / "journal.db").exists()
