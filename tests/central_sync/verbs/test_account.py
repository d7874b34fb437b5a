"""``account``: who may sign in at the hub's console."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from central_sync.__main__ import main
from central_sync.store import Store, migrate
from tests.central_sync.hospital import populate

PASSWORD = "seven small stones"


@pytest.fixture
def folder(tmp_path):
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    migrate(url)
    store = Store(url)
    store.open()
    populate(store)
    store.close()
    return tmp_path


def typed(folder, *words: str, typed_in: str = ""):
    return CliRunner().invoke(main, ["--data", str(folder), "account", *words], input=typed_in)


def test_an_account_is_put_listed_and_removed_and_its_password_is_never_a_word(folder) -> None:
    twice = f"{PASSWORD}\n{PASSWORD}\n"
    done = typed(folder, "put", "anna", "--role", "operator", "--hospital", "H1", typed_in=twice)
    assert done.exit_code == 0, done.output
    assert PASSWORD not in done.output
    rows = [json.loads(line) for line in typed(folder, "list", "--json").stdout.splitlines()]
    assert [(row["name"], row["role"], row["hospitals"], row["second_factor"]) for row in rows] == [
        ("anna", "operator", "H1", "no")
    ]
    assert typed(folder, "forget-second-factor", "anna").exit_code == 0
    assert typed(folder, "remove", "anna").exit_code == 0
    assert typed(folder, "list").stdout == ""
    assert "--password" not in typed(folder, "put", "--help").output


def test_what_cannot_be_done_is_said_in_a_sentence(folder) -> None:
    twice = f"{PASSWORD}\n{PASSWORD}\n"
    for words, said in (
        (("remove", "anna"), "there is no account anna"),
        (("put", "anna", "--role", "operator", "--hospital", "H9"), "there is no hospital H9"),
        (("put", "a b", "--role", "operator"), "letters"),
        (("put", "anna", "--role", "king"), "king"),
    ):
        done = typed(folder, *words, typed_in=twice)
        assert done.exit_code == 2
        assert said in done.output
    done = typed(folder, "put", "anna", "--role", "observer", typed_in="short\nshort\n")
    assert done.exit_code == 2
    assert "10 to 200" in done.output
