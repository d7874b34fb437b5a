"""Readers on the clerks' PCs with the real programs: a hub, an edge, and an agent as its own process, over TLS."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests import programs
from tests.e2e.town import NATIONAL_CODE, Town
from tests.patience import HUNG_S

PC = "desk-1"
CARD = json.dumps({"kind": "ir_national_code", "number": NATIONAL_CODE}).encode()
SEEN_S_MAX = 60.0
AWAY_KNOWN_S_MAX = 40.0


class Place(Town):
    """A town whose edge takes agents, with one PC."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.pc = folder / "pc"
        self.pc_key = ""
        self.agent: programs.Program | None = None

    @property
    def reader(self) -> Path:
        return self.pc / "reader"

    def start_edge(self) -> None:
        port = urlsplit(self.edge.agents).port if self.edge else 0
        self.edge_folder.mkdir(parents=True, exist_ok=True)
        (self.edge_folder / "edge.toml").write_text(f'agents_listen = "127.0.0.1:{port}"\n')
        super().start_edge()

    def command(self, *arguments: str, check: bool = True) -> Any:
        return programs.edge_command(self.edge_folder, "agent", *arguments, check=check)

    def pair(self, folder: Path, code: str, check: bool = True) -> Any:
        return programs.edge_command(folder, "agent", "pair", self.edge.agents, typed=code, check=check)

    def settings(self, **more: str) -> None:
        rows = '[[readers]]\nname = "card"\ndriver = "simulated"\naddress = "reader"\n'
        (self.pc / "agent.toml").write_text("".join(f'{name} = "{value}"\n' for name, value in more.items()) + rows)

    def start_agent(self) -> None:
        listen = urlsplit(self.agent.face).netloc if self.agent else "127.0.0.1:0"
        self.agent = programs.start_agent(self.pc, listen)

    def put(self) -> None:
        (self.pc / "card.json").write_bytes(CARD)
        (self.pc / "card.json").rename(self.reader / "card.json")

    def take(self) -> None:
        (self.reader / "card.json").unlink(missing_ok=True)

    def query(self) -> str:
        return urlencode(self.context)

    def row(self) -> dict[str, Any]:
        """The PC's reader as the edge shows it; empty if it does not."""
        bearer = {"Authorization": f"Bearer {self.token}"}
        _, body = self.request("GET", f"/cards/v1/readers?{self.query()}", None, bearer)
        return next((row for row in body["readers"] if row["name"] == f"{PC}/card"), {})

    def until(self, **wanted: object) -> float:
        """Wait until the reader's row is as ``wanted``; how long that took."""
        began = time.monotonic()
        while not wanted.items() <= self.row().items():
            assert time.monotonic() - began < SEEN_S_MAX, (wanted, self.row(), self.agent.log[-2000:])
            time.sleep(0.05)
        return time.monotonic() - began

    def read(self, deadline_ms: int = 15_000) -> dict[str, Any]:
        """The card, read through the edge."""
        body = json.dumps({"context": self.context, "deadline_ms": deadline_ms}).encode()
        return self.request("POST", "/cards/v1/read", body, {"Authorization": f"Bearer {self.token}"})[1]

    def read_at_the_pc(self) -> dict[str, Any]:
        connection = http.client.HTTPConnection(urlsplit(self.agent.face).netloc, timeout=SEEN_S_MAX)
        body = json.dumps({"context": self.context, "deadline_ms": 5_000})
        headers = {"Authorization": f"Bearer {self.pc_key}", "Content-Type": "application/json"}
        connection.request("POST", "/cards/v1/read", body, headers)
        return json.loads(connection.getresponse().read())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """All is running, the PC is paired, its reader is empty."""
    with Place(tmp_path_factory.mktemp("place")) as made:
        made.sign_in()
        made.reader.mkdir(parents=True)
        made.settings()
        made.pair(made.pc, made.command("invite", PC).stdout)
        made.pc_key = programs.edge_command(made.pc, "workstation", "add", PC).stdout.strip()
        made.start_agent()
        yield made
        made.agent.kill()


@pytest.fixture(autouse=True)
def _empty(place: Place) -> None:
    """Every test begins with the PC there and no card on its reader."""
    place.take()
    place.until(connected=True, card_present=False, trouble="")


class Stream:
    """The edge's stream of card events, as lines come."""

    def __init__(self, place: Place) -> None:
        parts = urlsplit(place.edge.face)
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=SEEN_S_MAX)
        request = f"GET /cards/v1/events?{place.query()} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {place.token}\r\n\r\n"
        self._socket.sendall(request.encode())
        self._lines = self._socket.makefile("rb")
        while self._lines.readline().strip():
            pass

    def next(self) -> str:
        while not (line := self._lines.readline()).startswith(b"event:"):
            assert line, "the stream ended"
        return line.partition(b":")[2].strip().decode()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()


def test_a_card_at_the_pc_is_told_and_read_through_the_edge(place: Place) -> None:
    with Stream(place) as events:
        place.put()
        assert events.next() == "inserted"
        body = place.read()
        assert (body["outcome"], body["answer"]["reader"], body["answer"]["desk"]) == ("final", f"{PC}/card", PC)
        assert body["answer"]["number"] == NATIONAL_CODE
        assert events.next() == "read"
        place.take()
        assert events.next() == "removed"
    assert NATIONAL_CODE not in place.logs() + place.agent.log


def test_a_read_made_at_the_pc_proves_to_the_edge_that_the_person_is_there(place: Place) -> None:
    place.put()
    read_id = place.read_at_the_pc()["answer"]["read_id"]
    assert place.handle("2201", place.registration(), card_read=read_id)["outcome"] == "final"
    body = place.handle("2201", place.registration(), card_read="x" * 22)
    assert body["error"]["code"] == "card_read_unknown"


def test_the_edge_lists_the_pc(place: Place) -> None:
    (row,) = [json.loads(line) for line in place.command("list", "--json").stdout.splitlines()]
    assert (row["name"], row["desk"], row["state"]) == (PC, PC, "here")


def test_an_agent_that_is_killed_comes_back_when_it_is_started(place: Place) -> None:
    place.put()
    place.until(card_present=True)
    with Stream(place) as events:
        place.agent.kill()
        assert [events.next(), events.next()] == ["removed", "reader_lost"]
        assert place.row()["trouble"] == "agent_away"
        began = time.monotonic()
        assert place.read(1_000)["error"]["code"] == "reader_lost"
        assert time.monotonic() - began < HUNG_S
        place.start_agent()
        assert [events.next(), events.next()] == ["reader_back", "inserted"]
    assert place.read()["answer"]["number"] == NATIONAL_CODE


def test_an_edge_that_is_killed_has_its_pc_back_by_itself(place: Place) -> None:
    place.put()
    place.edge.kill()
    place.start_edge()
    place.until(connected=True, card_present=True)
    assert place.read()["answer"]["number"] == NATIONAL_CODE


def test_a_pc_whose_address_changed_is_the_same_pc(place: Place) -> None:
    place.put()
    place.agent.stop()
    place.until(trouble="agent_away")
    place.settings(connect_from="127.0.0.3")
    place.start_agent()
    place.until(connected=True, card_present=True)
    assert place.read()["answer"]["number"] == NATIONAL_CODE


@pytest.mark.proof
def test_a_pc_that_sleeps_keeps_nobody_waiting_and_is_back_when_it_wakes(place: Place) -> None:
    place.put()
    place.until(card_present=True)
    os.kill(place.agent.process.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert place.read(2_000)["error"]["code"] == "reader_lost"
        assert 2.0 <= time.monotonic() - began < HUNG_S
        place.until(connected=False, trouble="agent_away")
        assert time.monotonic() - began < AWAY_KNOWN_S_MAX
        began = time.monotonic()
        assert place.call("query", original_msgid="nobody-knows-this")[0] == 200
        assert time.monotonic() - began < HUNG_S
        waiting: list[dict[str, Any]] = []
        reading = threading.Thread(target=lambda: waiting.append(place.read(30_000)))
        reading.start()
    finally:
        os.kill(place.agent.process.pid, signal.SIGCONT)
    reading.join()
    assert waiting[0]["answer"]["number"] == NATIONAL_CODE


def test_a_wrong_and_a_used_code_pair_nobody(place: Place, tmp_path: Path) -> None:
    code = place.command("invite", "pc-2").stdout
    place.pair(tmp_path / "pc-2", code)
    for typed in (code, f"{code[:5]}{'0' if code[6] != '0' else '1'}{code[7:]}", "12345"):
        done = place.pair(tmp_path / "pc-3", typed, check=False)
        assert (done.returncode, done.stderr.count("Error: "), "Traceback" in done.stderr) == (2, 1, False)
    assert not (tmp_path / "pc-3" / "agent.json").exists()
    place.command("remove", "pc-2")


def test_a_removed_pc_is_gone_at_once_and_may_be_paired_again_while_it_runs(place: Place) -> None:
    place.put()
    place.until(card_present=True)
    with Stream(place) as events:
        place.command("remove", PC)
        assert [events.next(), events.next()] == ["removed", "reader_lost"]
    assert place.row() == {}
    assert place.command("list").stdout == ""
    place.pair(place.pc, place.command("invite", PC).stdout)
    place.until(connected=True, card_present=True)
