"""A rulebook on its way: published at the hub, fetched by an edge that goes on working, over a line and past a power cut that end in the middle of it."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from central_sync.rulebook.load import PACKAGED
from simulator.line import Line
from simulator.world import LineFault
from tests import programs
from tests.e2e.town import Town
from tests.edge.rulebook_hub import RulebookHub

pytestmark = pytest.mark.proof

DONE_S_MAX = 60
ROWS = 30_000
SLOW_BYTES_S = 250_000
RULE = "severity: deduct\n    takes: all\n    reason: no_indication"
ITEM_LINE = "ZX{number:06d},2023-03-21,{name},drug,عدد,A,,12000,,,,,,,12000,illustrative_ir,true\n"


class RelayedTown(Town):
    """The hub's sync port is reached through a line that can be slow and cut."""

    line: Line
    loop: asyncio.AbstractEventLoop

    def enrol(self, url: str, code: str) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.line = Line(int(self._sync.rpartition(":")[2]))
        asyncio.run_coroutine_threadsafe(self.line.start(), self.loop).result(10)
        programs.edge_command(self.edge_folder, "enrol", url, code, "--sync-url", f"https://127.0.0.1:{self.line.port}")
        self.key = programs.edge_command(self.edge_folder, "workstation", "add", "desk-1").stdout.strip()

    def on_line(self, work: Callable[[], None]) -> None:
        """Do it to the line, in its own thread."""
        self.loop.call_soon_threadsafe(work)

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        asyncio.run_coroutine_threadsafe(self.line.stop(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)

    # -- rulebooks ------------------------------------------------------------------------------------------------

    def publish(self, folder: Path) -> str:
        """Put it in force; the beginning of its version."""
        return programs.hub_command(self.hub_folder, "rulebook", "publish", str(folder)).stdout.split()[-1]

    def status(self) -> dict[str, Any]:
        return json.loads(programs.edge_command(self.edge_folder, "status", "--json").stdout)

    def uses(self, version: str) -> bool:
        return self.status()["rulebook"].startswith(version)

    def fetched_bytes(self) -> int:
        file = self.edge_folder / "rulebooks" / "fetching"
        try:
            return file.stat().st_size
        except FileNotFoundError:
            return 0

    def forecast(self) -> dict[str, Any]:
        line = {"serial": "1", "item": "T0003", "quantity": "1", "unit_price": "1", "amount": 1}
        draft = {
            "care": "outpatient", "currency": "IRR", "tier": "public", "from_day": self.today,
            "lines": [{**line, "service_date": self.today}],
        }  # fmt: skip
        return self.handle("3101", draft)["answer"]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayedTown]:
    with RelayedTown(tmp_path_factory.mktemp("town")) as made:
        made.sign_in()
        yield made


@pytest.fixture
def book(tmp_path: Path) -> Callable[[str, int], Path]:
    """Makes a rulebook folder in which one rule reads ``severity``, with so many more items."""

    def made(severity: str, rows: int = 0) -> Path:
        folder = tmp_path / f"{severity}-{rows}"
        for part in ("schemes", "regions", "tariffs", "rules"):
            shutil.copytree(PACKAGED / part, folder / part)
        shutil.copy(PACKAGED / "sources.yaml", folder)
        file = folder / "rules" / "drugs.yaml"
        text = file.read_text(encoding="utf-8")
        assert RULE in text
        takes = "" if severity == "warn" else "\n    takes: all"
        file.write_text(text.replace(RULE, f"severity: {severity}{takes}\n    reason: no_indication", 1), "utf-8")
        chance = random.Random(rows)
        with (folder / "tariffs" / "ir.csv").open("a", encoding="utf-8") as tariffs:
            for number in range(rows):
                tariffs.write(ITEM_LINE.format(number=number, name=f"{chance.getrandbits(128):032x}"))
        return folder

    return made


def eventually(look: Callable[[], Any], what: str) -> Any:
    ends = time.monotonic() + DONE_S_MAX
    while time.monotonic() < ends:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(what)


def test_an_edge_forecasts_with_what_was_published_without_a_restart(town: RelayedTown, book: Any) -> None:
    eventually(lambda: town.status()["rulebook"], "the shipped rulebook did not arrive")
    before = town.forecast()["rules"]
    hid = town.case()
    version = town.publish(book("warn"))
    eventually(lambda: town.uses(version), "the published rulebook did not arrive")
    after = town.forecast()["rules"]
    assert after != before
    assert town.handle("2207", {"hid": hid, "currency": "IRR", "total": 920_000})["outcome"] == "final"
    found = town.status()
    assert (found["rulebook_days"], found["rulebook_trouble"]) == (0, "")
    programs.hub_command(town.hub_folder, "rulebook", "use", "shipped")
    eventually(lambda: town.forecast()["rules"] == before, "going back did not arrive")
    assert town.status()["rulebook_number"] > found["rulebook_number"]


def test_a_line_cut_in_the_middle_of_a_fetch_costs_a_piece(town: RelayedTown, book: Any) -> None:
    before = town.status()["rulebook"]
    town.on_line(lambda: setattr(town.line, "rate_bytes_s", SLOW_BYTES_S))
    version = town.publish(book("warn", ROWS))
    reached = eventually(lambda: (n := town.fetched_bytes()) > 200_000 and n, "the fetch did not begin")
    town.on_line(lambda: town.line.break_down(LineFault.CUT))
    time.sleep(2)
    reached = max(reached, town.fetched_bytes())
    assert town.status()["rulebook"] == before
    town.on_line(lambda: setattr(town.line, "answer_bytes", 0))
    town.on_line(town.line.heal)
    eventually(lambda: town.uses(version), "the fetch did not go on")
    whole = max(path.stat().st_size for path in (town.edge_folder / "rulebooks").glob("*.bundle"))
    assert whole > 600_000
    assert town.line.answer_bytes < whole - reached + 300_000, "what was there was fetched again"
    town.on_line(lambda: setattr(town.line, "rate_bytes_s", 0.0))


@pytest.mark.parametrize("moment", ["first bytes", "middle", "written", "at once after"])
def test_a_power_cut_leaves_the_old_rulebook_or_the_new_one(town: RelayedTown, book: Any, moment: str) -> None:
    rulebooks = town.edge_folder / "rulebooks"
    before = {path.name for path in rulebooks.glob("*.bundle")}
    old = town.status()["rulebook"]
    town.on_line(lambda: setattr(town.line, "rate_bytes_s", SLOW_BYTES_S * 2))
    version = town.publish(book("warn", ROWS + len(moment)))
    reached = {
        "first bytes": lambda: town.fetched_bytes() > 0,
        "middle": lambda: town.fetched_bytes() > 300_000,
        "written": lambda: any(rulebooks.glob(".*.bundle.*")) or {p.name for p in rulebooks.glob("*.bundle")} - before,
        "at once after": lambda: {path.name for path in rulebooks.glob("*.bundle")} - before,
    }[moment]
    ends = time.monotonic() + DONE_S_MAX
    while not reached():
        assert time.monotonic() < ends
        time.sleep(0.001)
    town.edge.kill()
    told = programs.edge_command(town.edge_folder, "doctor", "--json", check=False).stdout
    parts = {line["part"]: line for line in map(json.loads, told.splitlines())}
    assert parts["rulebook"]["well"], parts["rulebook"]
    assert old[:12] in parts["rulebook"]["sentence"] or version in parts["rulebook"]["sentence"]
    town.start_edge()
    town.sign_in()
    assert town.forecast()["rules"]
    eventually(lambda: town.uses(version), "it was not fetched after the power cut")
    town.on_line(lambda: setattr(town.line, "rate_bytes_s", 0.0))


@pytest.mark.parametrize(
    ("kind", "fault"),
    [("strange", "bundle_stranger"), ("changed", "bundle_damaged"), ("another's", "bundle_elsewhere")],
)
def test_what_was_put_into_the_folder_by_somebody_else_is_passed_over_and_told(
    town: RelayedTown, tmp_path: Path, kind: str, fault: str
) -> None:
    good = eventually(lambda: town.status()["rulebook"], "there is none")
    town.edge.stop()
    rulebooks = town.edge_folder / "rulebooks"
    newest = max(rulebooks.glob("*.bundle"), key=lambda path: int(path.stem))
    planted = rulebooks / f"{int(newest.stem) + 1_000}.bundle"
    content = newest.read_bytes()
    if kind == "strange":
        content = RulebookHub(tmp_path).bundle(int(planted.stem), institution=town.institution, region="ir")
    elif kind == "changed":
        content = content[:-1] + bytes([content[-1] ^ 1])
    else:
        neighbour = programs.hub_command(town.hub_folder, "rulebook", "build", "--out", str(tmp_path / "hubs.bundle"))
        assert neighbour.returncode == 0
        content = (tmp_path / "hubs.bundle").read_bytes()
    planted.write_bytes(content)
    town.start_edge()
    town.sign_in()
    found = eventually(lambda: (s := town.status())["rulebook"] and s, "nothing was loaded")
    assert (found["rulebook"], found["rulebook_trouble"]) == (good, fault)
    assert any(fault in warning for warning in found["warnings"])
    assert town.forecast()["rules"]
    audit = (town.edge_folder / "audit.jsonl").read_text()
    assert json.dumps(fault) in audit
    planted.unlink()


def test_a_hub_that_was_set_back_does_not_set_its_edges_back(town: RelayedTown, book: Any, tmp_path: Path) -> None:
    town.hub.stop()
    shutil.copy(town.hub_folder / "hub.db", tmp_path / "hub.db")
    version = town.publish(book("warn", 7))
    town.start_hub()
    eventually(lambda: town.uses(version), "the published rulebook did not arrive")
    number = town.status()["rulebook_number"]
    town.hub.stop()
    for left in town.hub_folder.glob("hub.db*"):
        left.unlink()
    shutil.copy(tmp_path / "hub.db", town.hub_folder / "hub.db")
    town.start_hub()
    eventually(lambda: town.status()["line"] == "up", "the line did not come back")
    time.sleep(3)
    assert town.status()["rulebook_number"] == number
    again = town.publish(book("deduct", 8))
    eventually(lambda: town.uses(again), "what was published after it did not arrive")
    assert town.status()["rulebook_number"] > number
