"""A town for end-to-end tests: a hub with a few members, one hospital, and its edge, as real processes with real mutual TLS."""

from __future__ import annotations

import http.client
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pysqlite3 import dbapi2 as sqlite

from tests import programs

INSTITUTION = "H001"
NATIONAL_CODE = "0499370899"
NAME = "زهرا آزمایشی"
CONTEXT = {"institution": INSTITUTION, "operator": "op-17", "workstation": "desk-1"}
PERSON = {"kind": "ir_national_code", "number": NATIONAL_CODE}
COVER = {
    "layer": "base", "scheme": "ir_social_security", "contract": "c-1", "from_day": "2025-01-01", "to_day": None,
}  # fmt: skip
MEMBER = {
    "kind": "ir_national_code", "number": NATIONAL_CODE, "name": NAME, "birth_date": "1990-05-04", "sex": "female",
    "group": "insured", "region": "ir", "covers": [COVER],
}  # fmt: skip
CALL_S_MAX = 30

Answer = tuple[int, dict[str, Any]]


class Town:
    """Construct, enter (all is running, the desk has signed in), leave (all has ended)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hub_folder, self.edge_folder = folder / "hub", folder / "edge"
        self.hub: programs.Program | None = None
        self.edge: programs.Program | None = None
        self.key = self.token = ""
        self._sync = self._face = ""
        self._last = 0

    def __enter__(self) -> Town:
        self.hub_folder.mkdir(parents=True)
        (self.folder / "members.jsonl").write_text(json.dumps(MEMBER, ensure_ascii=False) + "\n", encoding="utf-8")
        for command in (
            ("init",),
            ("hospital", "add", INSTITUTION, "--name", "Town hospital", "--region", "ir", "--tier", "public"),
            ("members", "import", str(self.folder / "members.jsonl")),
        ):
            programs.hub_command(self.hub_folder, *command)
        code = programs.hub_command(self.hub_folder, "invite", INSTITUTION).stdout.strip()
        self.start_hub()
        programs.edge_command(self.edge_folder, "enrol", self.hub.enrol, code)
        self.key = programs.edge_command(self.edge_folder, "workstation", "add", "desk-1").stdout.strip()
        self.start_edge()
        return self

    def __exit__(self, *_: object) -> None:
        for program in (self.edge, self.hub):
            if program is not None:
                program.kill()

    def start_hub(self) -> None:
        """Start the hub, at the address that it had before."""
        self.hub = programs.start_hub(self.hub_folder, **({"sync": self._sync} if self._sync else {}))
        self._sync = urlsplit(self.hub.sync).netloc

    def start_edge(self, *options: str) -> None:
        """Start the edge, at the address that it had before."""
        self.edge = programs.start_edge(self.edge_folder, *options, **({"listen": self._face} if self._face else {}))
        self._face = urlsplit(self.edge.face).netloc

    def shell_environment(self) -> dict[str, str]:
        """What the session on the page expects to be set."""
        return {**os.environ, "FACE": self.edge.face, "KEY": self.key, "INSTITUTION": INSTITUTION}

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

    def sign_in(self) -> None:
        """Init; its token is used from then on."""
        status, body = self.post("init", {**CONTEXT, "workstation_key": self.key})
        assert status == 200, body
        self.token = body["token"]

    def call(self, path: str, **fields: Any) -> Answer:
        """A POST with context and token."""
        return self.post(path, {"context": CONTEXT, **fields}, Authorization=f"Bearer {self.token}")

    def handle(self, number: str, packet: Any, msgid: str = "", **fields: Any) -> dict[str, Any]:
        """A transaction with a msgid of its own; the body of its answer."""
        status, body = self.call("handle", number=number, msgid=msgid or self.msgid(), packet=packet, **fields)
        assert status == 200, body
        return body

    def msgid(self) -> str:
        """A new msgid."""
        self._last += 1
        return f"t-{self._last}"

    # -- what has happened ----------------------------------------------------------------------------------------

    @property
    def today(self) -> str:
        """The hospital's civil day."""
        return datetime.now(ZoneInfo("Asia/Tehran")).date().isoformat()

    def counts(self) -> dict[str, int]:
        """How many rows stand in every table that a transaction could change, at the edge and at the hub."""
        return {
            **_rows(self.edge_folder / "journal.db", {"fact", "sqlite_sequence"}),
            **_rows(self.hub_folder / "hub.db", NOISE),
        }

    def logs(self) -> str:
        """Every log of every program so far."""
        return "".join(
            path.read_text(encoding="utf-8", errors="replace") for path in sorted(self.folder.glob("*/*.log"))
        )


NOISE = {"audit", "audit_trail", "edge_contact", "alembic_version", "sqlite_sequence", "feed", "pulse"}
"""Hub tables that move without any transaction."""


def _rows(path: Path, besides: set[str]) -> dict[str, int]:
    connection = sqlite.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)
    try:
        tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        return {
            f"{path.stem}.{name}": connection.execute(f'select count(*) from "{name}"').fetchone()[0]
            for name in tables
            if name not in besides
        }
    finally:
        connection.close()
