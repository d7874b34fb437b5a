"""Who did what at this edge: ``DIR/audit.jsonl``, one line an act, kept apart from the logs and readable by its owner only.

An operator stands there as a short hash under a secret of this edge (``DIR/audit.key``): the same person is the same mark, and who it is can
be found by asking whether a given name has that mark, but not read off. No patient, card or case is ever named.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from edge import files, platform
from edge.log import located

FILE = "audit.jsonl"
KEY_FILE = "audit.key"
FILE_BYTES_MAX = 16 * 1024 * 1024
OLD_FILES_MAX = 4
MARK_CHARACTERS = 12

log = structlog.get_logger()


class Audit:
    """The audit file of one data directory."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._key_path = folder / KEY_FILE
        self._key = b""

    def start(self) -> None:
        """Have a secret.

        Raises:
            OSError: it can be neither read nor made.
        """
        try:
            self._key = self._key_path.read_bytes()
        except FileNotFoundError:
            self._key = secrets.token_bytes(32)
            files.replace(self._key_path, self._key)

    def note(
        self, act: str, now: datetime, *, workstation: str = "", operator: str = "", code: str = "", record: int = 0
    ) -> None:
        """Write down an act; ``record``: the number in the journal of the entry that it was done to. A disk that does not take it stops nobody's
        work, but is logged.
        """
        line: dict[str, object] = {"at": now, "act": act}
        line |= {
            key: value for key, value in (("workstation", workstation), ("code", code), ("record", record)) if value
        }
        if operator:
            line["operator"] = self.mark(operator)
        try:
            self._write(msgspec.json.encode(line) + b"\n")
        except OSError as error:
            log.error("the audit file cannot be written", **located(error))

    def mark(self, operator: str) -> str:
        """What stands for ``operator`` in the file."""
        text = operator.encode("utf-8", "surrogatepass")
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()[:MARK_CHARACTERS]

    def _write(self, line: bytes) -> None:
        if self._path.exists() and self._path.stat().st_size + len(line) > FILE_BYTES_MAX:
            self._turn_over()
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | platform.OPENED, files.OWNER_ONLY)
        with os.fdopen(handle, "ab") as file:
            file.write(line)

    def _turn_over(self) -> None:
        for age in range(OLD_FILES_MAX, 0, -1):
            older = self._path.with_suffix(f".{age}.jsonl")
            newer = self._path.with_suffix(f".{age - 1}.jsonl") if age > 1 else self._path
            if newer.exists():
                platform.replace(newer, older)
