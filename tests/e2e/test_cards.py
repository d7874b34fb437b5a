"""A whole run with cards on real processes: the technician beside the edge, presence as far as the hub, and nothing personal left behind."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests import programs
from tests.e2e.town import NAME, NATIONAL_CODE, PERSON, Town, _reading

CARD = json.dumps({"kind": "ir_national_code", "number": NATIONAL_CODE, "name": NAME}, ensure_ascii=False)
OTHER_NUMBER, OTHER_NAME = "1111111014", "امید آزمایشی"
OTHER_CARD = json.dumps({"kind": "ir_national_code", "number": OTHER_NUMBER, "name": OTHER_NAME}, ensure_ascii=False)
DAMAGED = json.dumps({"kind": "ir_national_code", "number": "0499370898", "name": NAME}, ensure_ascii=False)
SETTINGS = """
log_level = "debug"
[[readers]]
name = "desk-1"
driver = "simulated"
address = "reader"
desk = "desk-1"
card_must_stay = true
"""


class Place:
    """A town whose edge has a reader, and cards for it."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.reader = town.edge_folder / "reader"

    def put(self, card: str) -> None:
        unfinished = self.reader / "card.part"
        unfinished.write_text(card, encoding="utf-8")
        unfinished.rename(self.reader / "card.json")

    def take(self) -> None:
        (self.reader / "card.json").unlink()

    def cards(self, path: str, **fields: Any) -> dict[str, Any]:
        body = json.dumps({"context": self.town.context, **fields}).encode()
        _, told = self.town.request("POST", f"/cards/v1/{path}", body, {"Authorization": f"Bearer {self.town.token}"})
        return told

    def get(self, path: str, **query: str) -> dict[str, Any]:
        address = f"/cards/v1/{path}?{urlencode({**self.town.context, **query})}"
        _, told = self.town.request("GET", address, None, {"Authorization": f"Bearer {self.town.token}"})
        return told

    def command(self, *arguments: str) -> Any:
        return programs.edge_command(self.town.edge_folder, *arguments, check=False)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    town = Town(tmp_path)
    town.edge_folder.mkdir(parents=True)
    (town.edge_folder / "edge.toml").write_text(SETTINGS)
    (town.edge_folder / "reader").mkdir()
    with town:
        town.sign_in()
        yield Place(town)


def test_a_visit_begins_with_a_card_and_nothing_of_it_is_left_in_the_clear(place: Place) -> None:
    town = place.town
    asked = place.cards("request", prompt="The patient's card, please")
    place.put(CARD)
    answered = place.get(f"request/{asked['request_id']}", wait_ms="20000")
    read_id, person = answered["answer"]["read_id"], answered["answer"]["person"]
    assert (person, answered["answer"]["name"]) == (PERSON, NAME)
    assert town.handle("1101", {"person": person}, card_read=read_id)["answer"]["name"] == NAME
    assert town.handle("2201", town.registration(), "m-read", card_read=read_id)["outcome"] == "final"
    with _reading(town.hub_folder / "hub.db") as connection:
        kept = dict(connection.execute("select msgid, card_read from ledger where number = '2201'"))
    assert kept == {"m-read": read_id}

    wrong = {**town.registration(), "person": {"kind": "ir_national_code", "number": OTHER_NUMBER}}
    refused = town.handle("2201", wrong, card_read=read_id)
    assert refused["error"]["code"] == "card_read_of_another"
    said = [json.dumps(refused["error"], ensure_ascii=False)]
    place.take()
    while (gone := town.handle("2201", town.registration(), card_read=read_id))["outcome"] != "refused":
        pass
    assert gone["error"]["code"] == "card_removed"
    assert town.handle("2201", town.registration(), "m-read", card_read=read_id)["outcome"] == "final", "a resend"
    place.put(OTHER_CARD)
    assert place.cards("read")["answer"]["number"] == OTHER_NUMBER
    place.put(DAMAGED)
    unread = place.cards("read", deadline_ms=500)
    assert unread["error"]["code"] == "card_unreadable"
    said += [json.dumps(unread["error"], ensure_ascii=False), json.dumps(place.get("readers"), ensure_ascii=False)]
    assert place.command("read-card", "--json").returncode == 1
    town.edge.stop()

    town.edge_folder.joinpath("reader", "card.json").unlink()
    for secret in (NATIONAL_CODE, "0499370898", OTHER_NUMBER, NAME, NAME.split()[1], OTHER_NAME):
        told = [secret, json.dumps(secret)[1:-1]]
        assert not any(text in town.logs() for text in told), "a log names a person"
        assert not any(secret in text for text in said), "an error names a person"
        for path in (path for path in town.edge_folder.rglob("*") if path.is_file()):
            assert secret.encode() not in path.read_bytes(), f"{path.name} names a person"


def test_a_technician_sees_readers_and_cards_beside_the_edge_and_without_it(place: Place) -> None:
    for running in (True, False):
        told = json.loads(place.command("readers", "--json").stdout)
        assert told["running"] is running
        assert [(row["name"], row["desk"], row["what"]) for row in told["readers"]] == [
            ("desk-1", "desk-1", "Ready; no card lies on it.")
        ]
        absent = place.command("read-card", "--wait-s", "0.3")
        assert (absent.returncode, absent.stdout, "card_absent" in absent.stderr) == (1, "", True)
        place.put(CARD)
        shown = place.command("read-card")
        assert (shown.returncode, NATIONAL_CODE in shown.stdout, NAME in shown.stdout) == (0, True, True)
        assert shown.stderr == ""
        assert json.loads(place.command("read-card", "--json", "--reader", "desk-1").stdout)["number"] == NATIONAL_CODE
        if running:
            assert place.get("last")["answer"] is None, "what a technician reads is nobody's"
            place.town.edge.stop()
        place.take()
    shutil.rmtree(place.reader)
    lost = place.command("readers")
    assert (lost.returncode, "Plug it in" in lost.stdout) == (1, True)
