"""The journal as a person looks through it: what is told of an entry, what is hidden, and that each look into a body is noted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from edge.audit import Audit
from edge.entries import HIDDEN, Entries, Wanted, hidden
from edge.journal import Block, Journal
from tests.edge.journal.drafts import NOW, applied, draft
from tests.edge.world import OTHER, PERSON, registration
from tests.wire_vectors.samples import REQUESTS


@dataclass
class Kept:
    folder: Path
    journal: Journal
    entries: Entries

    def audited(self) -> list[dict]:
        path = self.folder / "audit.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    journal = Journal(tmp_path / "journal.db")
    await journal.open()
    await journal.add_block(Block(1, 50))
    audit = Audit(tmp_path)
    audit.start()
    yield Kept(tmp_path, journal, Entries(journal, "H1", audit, lambda: NOW))
    await journal.close()


async def visit(kept: Kept, msgid: str, **more: object) -> int:
    packet = msgspec.msgpack.encode(registration())
    return (await kept.journal.append(draft(msgid, number="2201", packet=packet, **more))).standing.seq


async def test_an_entry_is_told_whole_but_for_its_body(kept: Kept) -> None:
    seq = await visit(kept, "m1", opens_case=True, workstation="desk-1", operator="Zahra", card_read="read-1")
    sheet = await kept.entries.sheet(seq)
    assert sheet is not None
    assert (sheet.row.msgid, sheet.row.number, sheet.row.outcome) == ("m1", "2201", "provisional")
    assert (sheet.workstation, sheet.card, sheet.size > 10) == ("desk-1", True, True)
    told = msgspec.json.encode(
        [sheet, await kept.entries.form_of_body(seq), await kept.entries.page(Wanted())]
    ).decode()
    assert PERSON["number"] not in told
    assert "Zahra" not in told
    assert "national" not in told
    assert await kept.entries.sheet(seq + 100) is None
    assert kept.audited() == []


async def test_a_body_is_told_to_whoever_is_noted(kept: Kept) -> None:
    seq = await visit(kept, "m1")
    answer = {"hid": "x", "opened_at": 1}
    await kept.journal.receive(applied(seq, "2201", msgspec.msgpack.encode(answer)), None, NOW)
    body = await kept.entries.body(seq, "tech.1")
    assert body is not None
    assert body.packet["person"]["number"] == PERSON["number"]
    assert body.answer["hid"] == "x"
    (line,) = kept.audited()
    assert (line["act"], line["record"], len(line["operator"])) == ("looked into an entry", seq, 12)
    assert await kept.entries.body(999, "tech.1") is None
    assert len(kept.audited()) == 1


async def test_a_name_is_a_msgid_first_then_a_case_then_a_record(kept: Kept) -> None:
    first = await visit(kept, "m1", hid=OTHER, lane=OTHER)
    second = await visit(kept, "7", hid=OTHER, lane=OTHER)
    assert await kept.entries.find("m1") == (first, "")
    assert await kept.entries.find(OTHER) == (second, OTHER)
    assert await kept.entries.find("7") == (second, ""), "a msgid that looks like a number of the journal"
    assert await kept.entries.find(str(first)) == (first, "")
    for nothing in ("nothing", "0", "9" * 40, "١", "'; drop table entry --", "\udc80"):
        assert await kept.entries.find(nothing) is None


@pytest.mark.parametrize("sample", sorted(REQUESTS))
def test_what_is_hidden_has_every_field_and_no_value(sample: str) -> None:
    for request in REQUESTS[sample].values():
        plain = msgspec.to_builtins(request)
        shown = json.dumps(hidden(plain), ensure_ascii=False).replace(HIDDEN, "")
        leaves = [str(leaf) for leaf in _leaves(plain) if len(str(leaf)) > 3]
        assert not [leaf for leaf in leaves if f'"{leaf}"' in shown]
        assert hidden(plain).keys() == plain.keys()


def test_the_names_of_a_free_map_are_hidden_too() -> None:
    free = {"packet": {"Zahra Azmayeshi": 1, "azmayeshi": 3, "0499370899": 2}, "hid": None}
    assert hidden(free) == {"packet": {HIDDEN: HIDDEN}, "hid": None}


def _leaves(value: object) -> list[object]:
    match value:
        case dict():
            return [leaf for part in value.values() for leaf in _leaves(part)]
        case list():
            return [leaf for part in value for leaf in _leaves(part)]
        case _:
            return [value]
