"""A town for end-to-end tests: a hub with a member, a hospital and its edge, as real processes with real mutual TLS."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pysqlite3 import dbapi2 as sqlite

from edge.journal import files, slate
from tests import programs

INSTITUTION = "H001"
NATIONAL_CODE = "0499370899"
NAME = "زهرا آزمایشی"
PERSON = {"kind": "ir_national_code", "number": NATIONAL_CODE}
COVER = {
    "layer": "base", "scheme": "ir_social_security", "contract": "c-1", "from_day": "2025-01-01", "to_day": None,
}  # fmt: skip
MEMBER = {
    "kind": "ir_national_code", "number": NATIONAL_CODE, "name": NAME, "birth_date": "1990-05-04", "sex": "female",
    "group": "insured", "region": "ir", "covers": [COVER],
}  # fmt: skip
VISIT = {"item": "V0001", "quantity": "1", "unit_price": "920000", "amount": 920000}
CALL_S_MAX = 60

BUSINESS = ("accumulator", "cover", "cycle", "fee_line", "hid_use", "member", "member_case", "settlement")
"""The hub's tables that say what has happened; the ledger besides them says what was asked."""

Answer = tuple[int, dict[str, Any]]


class Desk:
    """One hospital: its edge, and a clerk who calls it."""

    def __init__(self, folder: Path, institution: str) -> None:
        self.edge_folder = folder
        self.institution = institution
        self.context = {"institution": institution, "operator": "op-17", "workstation": "desk-1"}
        self.edge: programs.Program | None = None
        self.key = self.token = ""
        self._face = ""
        self._last = 0

    def enrol(self, url: str, code: str) -> None:
        """Become the edge of the hospital and admit one computer."""
        programs.edge_command(self.edge_folder, "enrol", url, code)
        self.key = programs.edge_command(self.edge_folder, "workstation", "add", "desk-1").stdout.strip()

    def start_edge(self) -> None:
        """Start the edge, at the address that it had before."""
        self.edge = programs.start_edge(self.edge_folder, **({"listen": self._face} if self._face else {}))
        self._face = urlsplit(self.edge.face).netloc

    # -- calls ----------------------------------------------------------------------------------------------------

    def post(self, path: str, body: bytes | dict[str, Any], **headers: str) -> Answer:
        """A POST as it stands."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.request("POST", f"/embed/v1/{path}", content, headers)

    def request(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        """Any HTTP request; status and the JSON of the body."""
        connection = http.client.HTTPConnection(urlsplit(self.edge.face).netloc, timeout=CALL_S_MAX)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def sign_in(self) -> dict[str, Any]:
        """Init; its token is used from then on."""
        status, body = self.post("init", {**self.context, "workstation_key": self.key})
        assert status == 200, body
        self.token = body["token"]
        return body

    def call(self, path: str, **fields: Any) -> Answer:
        """A POST with context and token."""
        return self.post(path, {"context": self.context, **fields}, Authorization=f"Bearer {self.token}")

    def handle(self, number: str, packet: Any, msgid: str = "", **fields: Any) -> dict[str, Any]:
        """A transaction, with a msgid of its own unless one is given; the body of its answer."""
        fields = {"deadline_ms": 30_000, **fields}
        status, body = self.call("handle", number=number, msgid=msgid or self.msgid(), packet=packet, **fields)
        assert status == 200, body
        return body

    def msgid(self) -> str:
        """A new msgid."""
        self._last += 1
        return f"t-{self._last}"

    # -- the usual way --------------------------------------------------------------------------------------------

    @property
    def today(self) -> str:
        """The hospital's civil day."""
        return datetime.now(ZoneInfo("Asia/Tehran")).date().isoformat()

    def registration(self) -> dict[str, Any]:
        """The packet of a 2201."""
        return {"person": PERSON, "service_date": self.today, "department": "internal"}

    def fees(self, hid: str, serial: str = "1") -> dict[str, Any]:
        """The packet of a 2204 with one line."""
        return {"hid": hid, "currency": "IRR", "lines": [{"serial": serial, "service_date": self.today, **VISIT}]}

    def case(self) -> str:
        """A new outpatient case with one line on its bill; its HID."""
        hid = self.handle("2201", self.registration())["answer"]["hid"]
        assert self.handle("2204", self.fees(hid))["outcome"] == "final"
        return hid

    def settled(self) -> tuple[str, str, dict[str, Any]]:
        """A new case that is settled: HID, the settlement's msgid, its answer."""
        hid, msgid = self.case(), self.msgid()
        body = self.handle("2207", settle(hid), msgid)
        assert body["outcome"] == "final", body
        return hid, msgid, body["answer"]

    def kept(self) -> int:
        """How many commits stand in the journal's log, in its file and on its slate: all that it has taken."""
        path = self.edge_folder / "journal.db"
        with files.reading(path) as connection:
            connection.execute("begin")
            written = slate.beside(connection, path)
            count, last = connection.execute("select count(*), max(first) from segment").fetchone()
        return int(count) + sum(row.first > last for row in written)


class Town(Desk):
    """A hub and its first hospital. Construct, enter (all is running, the desk has signed in), leave (all has ended)."""

    init_options: tuple[str, ...] = ()
    hub_options: tuple[str, ...] = ()
    law: Path | None = None
    """The folder of the rulebook that its hub publishes; none: the shipped one."""
    members: tuple[dict[str, Any], ...] = (MEMBER,)
    place = ("--region", "ir", "--tier", "public")
    """Where its hospitals are."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "edge", INSTITUTION)
        self.folder = folder
        self.hub_folder = folder / "hub"
        self.hub: programs.Program | None = None
        self.neighbours: list[Desk] = []
        self._sync = ""

    def __enter__(self) -> Town:
        self.hub_folder.mkdir(parents=True)
        members = self.folder / "members.jsonl"
        lines = [json.dumps(member, ensure_ascii=False) + "\n" for member in self.members]
        members.write_text("".join(lines), encoding="utf-8")
        programs.hub_command(self.hub_folder, "init", *self.init_options)
        if self.law is not None:
            programs.hub_command(self.hub_folder, "rulebook", "publish", str(self.law))
        code = self.invite(INSTITUTION)
        programs.hub_command(self.hub_folder, "members", "import", str(members))
        self.start_hub()
        self.enrol(self.hub.enrol, code)
        self.start_edge()
        return self

    def __exit__(self, *_: object) -> None:
        for program in (*(desk.edge for desk in self.neighbours), self.edge, self.hub):
            if program is not None:
                program.kill()

    def start_hub(self) -> None:
        """Start the hub, at the address that it had before."""
        self.hub = programs.start_hub(
            self.hub_folder, *self.hub_options, **({"sync": self._sync} if self._sync else {})
        )
        self._sync = urlsplit(self.hub.sync).netloc

    def invite(self, institution: str) -> str:
        """Add a hospital; the code for its edge."""
        where = ("--name", f"Hospital {institution}", *self.place)
        programs.hub_command(self.hub_folder, "hospital", "add", institution, *where)
        return programs.hub_command(self.hub_folder, "invite", institution).stdout.strip()

    def neighbour(self, institution: str) -> Desk:
        """Another hospital with an edge of its own, signed in."""
        desk = Desk(self.folder / f"edge-{institution}", institution)
        desk.enrol(self.hub.enrol, self.invite(institution))
        desk.start_edge()
        self.neighbours.append(desk)
        desk.sign_in()
        return desk

    def shell_environment(self) -> dict[str, str]:
        """What the session on the page expects to be set."""
        return {**os.environ, "FACE": self.edge.face, "KEY": self.key, "INSTITUTION": INSTITUTION}

    def done(self) -> str:
        """What has happened at the hub, as one digest of every row of every table of business."""
        digest = hashlib.sha256()
        with _reading(self.hub_folder / "hub.db") as connection:
            for name in BUSINESS:
                rows = sorted(repr(row) for row in connection.execute(f'select * from "{name}"'))
                digest.update("\n".join([name, *rows]).encode())
        return digest.hexdigest()

    def asked(self) -> int:
        """How many transactions the hub's ledger holds."""
        with _reading(self.hub_folder / "hub.db") as connection:
            return _count(connection, "ledger")

    def logs(self) -> str:
        """Every log of every program so far."""
        return "".join(
            path.read_text(encoding="utf-8", errors="replace") for path in sorted(self.folder.glob("*/*.log"))
        )


def settle(hid: str, total: int = 920_000) -> dict[str, Any]:
    """The packet of a 2207."""
    return {"hid": hid, "currency": "IRR", "total": total}


class _reading:  # noqa: N801 - used like a function
    def __init__(self, path: Path) -> None:
        self._connection = sqlite.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=30)

    def __enter__(self) -> Any:
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def _count(connection: Any, table: str) -> int:
    return connection.execute(f'select count(*) from "{table}"').fetchone()[0]
