"""The doctor, on an edge that runs and on one that does not."""

from __future__ import annotations

import asyncio
import errno
import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge import doctor, identity
from edge.agents import Agents
from edge.app import Edge, clock
from edge.config import Config
from edge.readers.bindings import Binding
from edge.shelf import Shelf
from tests import programs
from tests.e2e.town import Town
from tests.edge.journal.papers import Papers, enrolled
from tests.edge.rulebook_hub import AT, NUMBER, RulebookHub, whole


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with Town(tmp_path_factory.mktemp("town")) as made:
        made.sign_in()
        made.case()
        yield made


def test_a_running_edge_is_well_and_says_how_it_stands(town: Town) -> None:
    wrong = [finding for finding in doctor.findings(town.edge_folder, clock()) if not finding.well]
    assert not wrong
    told = json.loads(programs.edge_command(town.edge_folder, "status", "--json").stdout)
    assert (told["running"], told["line"], told["pending"]) == (True, "up", 0)
    assert "institution" in programs.edge_command(town.edge_folder, "status").stdout
    stats = json.loads(programs.edge_command(town.edge_folder, "journal", "stats", "--json").stdout)
    assert stats["entries"] == {"final": 3}
    shown = programs.edge_command(town.edge_folder, "journal", "show", "--latest", "5").stdout
    assert [line.split()[2] for line in shown.splitlines()] == ["2204", "2201", "9001"]


def _speaks_ipv6() -> bool:
    with socket.socket(socket.AF_INET6) as trying:
        return trying.connect_ex(("::1", 1)) == errno.ECONNREFUSED


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", *(["[::1]", "[::]"] if _speaks_ipv6() else [])])
async def test_an_edge_is_asked_wherever_it_listens(tmp_path: Path, host: str) -> None:
    folder = enrolled(tmp_path / "edge", Papers("H1"))
    edge = Edge(folder, Config(listen=f"{host}:0", names=["edge.hospital"]), identity.load(folder))
    await edge.start()
    try:
        assert (await asyncio.to_thread(doctor.running_status, folder)).institution == "H1"
    finally:
        await edge.stop()


def test_computers_that_are_paired_and_have_no_port_to_call_are_found(tmp_path: Path) -> None:
    def told() -> doctor.Finding:
        return next(finding for finding in doctor.findings(tmp_path, clock()) if finding.part == "agents")

    assert told().well
    agents = Agents(tmp_path)
    agents.pair(agents.invite("pc-1", Binding(), clock(), timedelta(hours=1)), "k" * 43, clock())
    assert (told().well, "agents_listen" in told().sentence) == (False, True)
    (tmp_path / "edge.toml").write_text('agents_listen = "0.0.0.0:7002"')
    assert (told().well, "7002" in told().sentence) == (True, True)
    (tmp_path / "agents.json").write_text("{")
    assert not told().well


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('names = ["edge.hospital:7001"]', "host name"),
        ('names = ["https://edge.hospital"]', "host name"),
        ('origins = ["his.hospital"]', "https://his.hospital"),
        ('agents_listen = "7002"', "HOST:PORT"),
        ('[[readers]]\nname = "a"\ndriver = "pcs"\naddress = "*"', "no driver 'pcs'"),
        ('[[readers]]\nname = "a"\ndriver = "serial_line"\naddress = "COM3?kind=x"', "kind=scanner"),
    ],
)
def test_settings_with_which_the_edge_does_not_do_what_was_meant_are_found_before_it_runs(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "edge.toml").write_text(text)
    [found] = [one for one in doctor.findings(tmp_path, clock()) if one.part == "settings"]
    assert (found.well, said in found.sentence) == (False, True), found


def test_each_thing_that_is_wrong_is_found(town: Town) -> None:
    """Last: it stops the edge and damages its folder."""
    town.edge.stop()
    folder = town.edge_folder
    (folder / "workstations.json").write_text("{")
    (folder / "edge.toml").write_text('listen = "0.0.0.0:7001"')
    content = bytearray((folder / "journal.db").read_bytes())
    content[100:16384] = bytes(16284)
    (folder / "journal.db").write_bytes(content)
    (folder / "running.json").write_text('{"face": "http://127.0.0.1:1"}')
    unwell = {finding.part for finding in doctor.findings(folder, clock()) if not finding.well}
    assert unwell == {"settings", "journal", "workstations", "running"}
    done = programs.edge_command(folder, "run", check=False)
    assert done.returncode == 2
    assert "damaged" in done.stderr


def test_a_kept_rulebook_is_named_and_one_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    hub = RulebookHub(tmp_path / "hub")
    who = SimpleNamespace(evidence=hub.authority_file, institution="H1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("edge.doctor.identity.load", lambda _folder: who)
        assert "none from the hub yet" in doctor._rulebook(tmp_path, AT)
        shelf = Shelf(tmp_path, hub.authority_file, "H1")
        shelf.keep(NUMBER, hub.bundle())
        said = doctor._rulebook(tmp_path, AT + timedelta(days=3))
        assert f"version {whole().version[:12]}, number {NUMBER}, issued 3 days ago" in said
        shelf.keep(NUMBER + 1, b"PKRB")
        with pytest.raises(doctor.Unwell, match="bundle_cut_off"):
            doctor._rulebook(tmp_path, AT)
