"""The bundle says how an edge is and names nobody, wherever names were planted."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import structlog

from edge import log
from edge.accounts import FILE as ACCOUNTS_FILE
from edge.accounts import Accounts, Role
from edge.agents import Agents
from edge.audit import Audit
from edge.config import Config, ReaderConfig
from edge.console.technician import Standing
from edge.diagnostics import Diagnostics
from edge.errors import EdgeError
from edge.health import Planned, Status
from edge.journal import Block, Journal
from edge.maintenance.calendar import Maintenance
from edge.readers.bindings import Binding, ReaderRow
from edge.workstations import Workstations
from tests.edge.console.test_views import WELL
from tests.edge.journal.drafts import applied, draft
from tests.edge.world import OTHER, registration

NOW = datetime(2026, 3, 20, 8, 0, tzinfo=UTC)
IDENTITIES = (
    "Azmayeshi",
    "azmayeshi",
    "زهرا",
    "0499370899",
    OTHER,
    "msg-of-zahra",
    "desk-of-zahra",
    "a small secret",
    "card-of-zahra",
)
CONFIG = Config(
    names=["azmayeshi.hospital"], origins=["https://azmayeshi.example"], backups="azmayeshi-backups",
    readers=[ReaderConfig(name="azmayeshi-1", driver="pcsc", address="card-of-zahra", desk="desk-of-zahra")],
)  # fmt: skip


def read(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


async def planted(folder: Path, journal: Journal, audit: Audit) -> None:
    """People in every place that could hold one."""
    await journal.add_block(Block(1, 50))
    packet = msgspec.msgpack.encode(registration() | {"department": "Azmayeshi"})
    more = {
        "hid": OTHER,
        "lane": OTHER,
        "operator": "Azmayeshi",
        "workstation": "desk-of-zahra",
        "card_read": "card-of-zahra",
    }
    appended = await journal.append(draft("msg-of-zahra", number="2201", packet=packet, **more))
    await journal.receive(applied(appended.standing.seq, "2201", packet), None, NOW)
    await journal.append(draft("0499370899", number="2201", packet=packet, **more))
    await journal.remember("notice", "Azmayeshi", "زهرا".encode())
    Accounts(folder / ACCOUNTS_FILE).put("azmayeshi", Role.TECHNICIAN, "a small secret of 0499370899", NOW)
    Workstations(folder / "workstations.json").add("desk-of-zahra", NOW)
    Agents(folder).invite("azmayeshi", Binding(desk="desk-of-zahra"), NOW, timedelta(hours=1))
    audit.note("signed_in", NOW, workstation="desk-of-zahra", operator="Azmayeshi")
    Maintenance(folder, audit, lambda: NOW).announce(
        NOW, NOW + timedelta(hours=1), "Azmayeshi 0499370899 زهرا", "azmayeshi"
    )
    (folder / "edge.toml").write_text('# زهرا 0499370899\nnames = ["azmayeshi.hospital"]\n')
    logger = structlog.get_logger("azmayeshi")
    try:
        raise ValueError("person 0499370899 Azmayeshi")
    except ValueError:
        logger.exception(
            "something failed for 0499370899 زهرا", person="Azmayeshi", msgid="msg-of-zahra", detail="0499370899 Azmayeshi",
            workstation="desk-of-zahra", reader="azmayeshi-1", agent="azmayeshi", address="card-of-zahra", device="azmayeshi", count=7,
            code="journal_full",
        )  # fmt: skip


async def standing() -> Standing:
    status = Status(
        return_code=0, institution="H1", name="بیمارستان Azmayeshi", version="1.2.3", now=NOW, line="up", line_trouble="", clock="right",
        clock_skew_s=0.01, hids_left=1_234, pending=5_678, awaited=1, entries={"final": 7}, certificate_days_left=300,
        warnings=["0499370899 Azmayeshi"], maintenance=Planned(on=True, begin=NOW, end=NOW, reason="Azmayeshi"),
    )  # fmt: skip
    reader = ReaderRow(name="azmayeshi-1", driver="pcsc", desk="desk-of-zahra", connected=True, card_present=True)
    return Standing(status, WELL, [reader])


@pytest.fixture
def quiet_log():
    stream = io.StringIO()
    log.configure("info", stream)
    log._kept.clear()
    yield stream
    log._kept.clear()
    structlog.reset_defaults()


@pytest.mark.parametrize("running", [True, False])
async def test_no_identity_is_in_it_wherever_one_was_planted(
    tmp_path: Path, quiet_log: io.StringIO, running: bool
) -> None:
    journal, audit = Journal(tmp_path / "journal.db"), Audit(tmp_path)
    await journal.open()
    audit.start()
    await planted(tmp_path, journal, audit)
    assert any(one in json.dumps([*log.recent()], ensure_ascii=False) for one in IDENTITIES), (
        "the log's detail holds some"
    )
    made = Diagnostics(tmp_path, CONFIG, "H1", journal, standing if running else None, audit, lambda: NOW)
    bundle = await made.make("azmayeshi")
    await journal.close()
    parts = read(bundle.content)
    whole = "\n".join([bundle.name, *parts, *parts.values()])
    assert not [one for one in IDENTITIES if one in whole or json.dumps(one)[1:-1] in whole]
    hashes = [row.password_hash for row in Accounts(tmp_path / ACCOUNTS_FILE).all()]
    assert not [one for one in hashes if one in whole]
    secrets = _secrets(tmp_path)
    assert secrets
    assert not [one for one in secrets if one.hex() in whole or one in bundle.content]
    assert ("health.json" in parts) is running
    told = {name: json.loads(text) for name, text in parts.items() if name.endswith(".json")}
    assert (told["journal.json"]["pending"], told["people.json"]["workstations"]) == (1, 1)
    assert told["people.json"]["accounts"] == {"technician": 1}
    assert told["settings.json"]["readers"] == {"pcsc": 1}
    (line,) = [json.loads(line) for line in parts["log.jsonl"].splitlines() if "something failed" in line]
    assert (line["count"], line["code"], line["fault"]) == (7, "journal_full", "ValueError")
    assert json.loads((tmp_path / "audit.jsonl").read_text().splitlines()[-1])["act"] == "diagnostics bundle made"


def _secrets(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.glob("*.key")]


def _mode(path: Path) -> int:
    return path.stat().st_mode


async def test_a_verb_writes_it_for_its_owner_alone_and_says_what_it_cannot(tmp_path: Path) -> None:
    journal, audit = Journal(tmp_path / "journal.db"), Audit(tmp_path)
    await journal.open()
    audit.start()
    made = Diagnostics(tmp_path, Config(), "H1", journal, standing, audit, lambda: NOW)
    done = await made.verb({"to": str(tmp_path), "by": "root"}, lambda *_: None)
    path = Path(str(done["path"]))
    assert path.name == "pishkhan-H1-20260320T080000Z.zip"
    assert _mode(path) & 0o077 == 0
    with pytest.raises(EdgeError, match="cannot be written"):
        await made.verb({"to": str(tmp_path)}, lambda *_: None)
    await journal.close()
    assert json.loads(read((await made.make("root")).content)["journal.json"]) == {"fault": "JournalUnavailable"}
