"""Which clerks' PCs may connect their readers: ``DIR/agents.json``.

A technician invites a PC under a name; the invitation's secret is used once, within its time. The PC makes its own key and tells it together with
the secret; the file keeps the SHA-256 of both only: they are random, so that a plain hash cannot be searched. The command line writes the
file while the edge runs; each change is made under a lock, and the edge reads the file again when it has changed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from msgspec import Struct, structs

from central_sync.wire.enrolment import SECRET_BYTES
from edge.errors import EdgeError, NotTaken
from edge.kept_file import KeptFile
from edge.log import located
from edge.readers.bindings import Binding, Bound
from edge.workstations import NAME as DESK

FILE = "agents.json"
AGENTS_MAX = 500
INVITATIONS_MAX = 50
INVITATION_MINUTES_MAX = 7 * 24 * 60

log = structlog.get_logger()

_NAME = re.compile(r"^[A-Za-z0-9_-]{1,40}$")


class AgentError(NotTaken):
    """The list cannot be read or changed as asked; the text says why."""


class PairingRefused(EdgeError):
    """The secret is of no invitation, or of one that is over or used; which of them is told to nobody."""


class Paired(Struct, frozen=True, kw_only=True):
    """One PC: its name, whose its readers are, and what proves its key.

    ``secret_sha256`` is of the invitation that it came by, so that a PC that did not hear the answer may ask again.
    """

    name: str
    binding: Binding
    key_sha256: str
    secret_sha256: str
    paired_at: datetime


class Invitation(Struct, frozen=True, kw_only=True):
    """One PC that may come until ``ends_at``."""

    name: str
    binding: Binding
    secret_sha256: str
    ends_at: datetime


class _File(Struct, frozen=True):
    agents: list[Paired] = []
    invitations: list[Invitation] = []


class Agents:
    """The list in one file, with its changes noticed. Not for several threads at once."""

    def __init__(self, folder: Path) -> None:
        self._file = KeptFile(folder / FILE, _File, AgentError)
        self._read: _File | None = None
        self._by_name: dict[str, Paired] = {}

    def all(self) -> list[Paired]:
        """The paired PCs by name.

        Raises:
            AgentError: the file is unreadable or damaged.
        """
        self._refresh()
        return list(self._by_name.values())

    def invitations(self, now: datetime) -> list[Invitation]:
        """The invitations that can still be used."""
        return [one for one in self._file.content().invitations if one.ends_at > now]

    def invite(self, name: str, binding: Binding, now: datetime, lasts: timedelta) -> bytes:
        """The secret of a new invitation for ``name``, instead of an earlier one.

        Raises:
            AgentError: the name has other characters than letters, digits, ``_-``, the desk is none that a workstation could be called, there are too
                many, or the file fails.
        """
        if not _NAME.match(name):
            raise AgentError("an agent's name has 1 to 40 letters, digits, dashes or underscores", "agent_name")
        if binding.desk and not DESK.match(binding.desk):
            raise AgentError("a desk's name has 1 to 40 letters, digits, dots, dashes or underscores", "desk_name")
        secret = secrets.token_bytes(SECRET_BYTES)
        with self._file.changing() as kept:
            others = [one for one in kept.invitations if one.name != name and one.ends_at > now]
            if len(others) >= INVITATIONS_MAX:
                raise AgentError(f"there are already {INVITATIONS_MAX} open invitations", "full")
            if len(kept.agents) >= AGENTS_MAX:
                raise AgentError(f"there are already {AGENTS_MAX} agents", "full")
            made = Invitation(name=name, binding=binding, secret_sha256=_hashed(secret), ends_at=now + lasts)
            self._file.write(structs.replace(kept, invitations=[*others, made]))
        return secret

    def pair(self, secret: bytes, key: str, now: datetime) -> Paired:
        """Take a PC in by its invitation, which is then used. An agent of that name that was there is replaced. The same PC with the same
        key may ask again.

        Raises:
            PairingRefused: the secret is of no invitation that is open.
            AgentError: the file fails.
        """
        proof, key_sha256 = _hashed(secret), _hashed(key.encode())
        with self._file.changing() as kept:
            for known in kept.agents:
                if hmac.compare_digest(known.secret_sha256, proof) and hmac.compare_digest(
                    known.key_sha256, key_sha256
                ):
                    return known
            found = [one for one in kept.invitations if hmac.compare_digest(one.secret_sha256, proof)]
            if not found or found[0].ends_at <= now:
                raise PairingRefused("no open invitation")
            invited = found[0]
            fresh = Paired(
                name=invited.name, binding=invited.binding, key_sha256=key_sha256, secret_sha256=proof, paired_at=now
            )
            agents = [one for one in kept.agents if one.name != invited.name]
            open_now = [one for one in kept.invitations if one is not invited and one.ends_at > now]
            self._file.write(_File([*agents, fresh], open_now))
        return fresh

    def remove(self, name: str) -> bool:
        """Withdraw ``name`` and its open invitation; ``False`` if there was neither. Its connection ends at once."""
        with self._file.changing() as kept:
            rest = _File(
                [one for one in kept.agents if one.name != name],
                [one for one in kept.invitations if one.name != name],
            )
            if rest == kept:
                return False
            self._file.write(rest)
        return True

    def admitted(self, name: str, key: str) -> Paired | None:
        """The agent ``name`` if ``key`` is its key; takes the same time for a name that is unknown."""
        self._refresh()
        row = self._by_name.get(name)
        same = hmac.compare_digest(
            row.key_sha256 if row else _hashed(b""), _hashed(key.encode("utf-8", "surrogatepass"))
        )
        return row if same else None

    def names(self) -> list[str]:
        """The paired PCs by name; none while the file cannot be read, so that the readers of the edge itself go on."""
        try:
            self._refresh()
        except AgentError as error:
            log.error("the list of agents cannot be read", **located(error))
            return []
        return list(self._by_name)

    def _lists(self, name: str) -> bool:
        """Like ``name in self.names()``, at the cost of one look at the file."""
        try:
            self._refresh()
        except AgentError:
            return name in self.names()
        return name in self._by_name

    def still(self, paired: Paired) -> bool:
        """Whether it is still in the list with the same key; not while the list cannot be read."""
        row = self._by_name.get(paired.name) if self._lists(paired.name) else None
        return row is not None and hmac.compare_digest(row.key_sha256, paired.key_sha256)

    def bound(self, rows: Bound) -> Bound:
        """Whose a reader is: an agent's readers belong to the desk that it was invited for, all others as ``rows`` says."""

        def of(reader: str) -> Binding:
            agent, slash, _ = reader.partition("/")
            return self._by_name[agent].binding if slash and self._lists(agent) else rows(reader)

        return of

    def _refresh(self) -> None:
        kept = self._file.content()
        if kept is not self._read:
            self._read, self._by_name = kept, {row.name: row for row in sorted(kept.agents, key=lambda row: row.name)}


def _hashed(secret: bytes) -> str:
    return hashlib.sha256(secret).hexdigest()
