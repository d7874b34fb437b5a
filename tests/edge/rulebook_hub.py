"""A hub that publishes rulebooks, without a network: its authority, its signer, and bundles as it seals them."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec

from central_sync.benefits import compiled
from central_sync.benefits.audit.bundle import versioned
from central_sync.benefits.compiled import Compiled
from central_sync.fleet import bundles as signed
from central_sync.fleet.authority import Authority
from central_sync.fleet.signer import Signer
from central_sync.publications import shipped
from central_sync.wire import bundles

NUMBER = 1_800_000_000
AT = datetime.now(UTC) - timedelta(minutes=1)


@cache
def whole() -> Compiled:
    return shipped()


@cache
def without(rule: str) -> Compiled:
    """The shipped rulebook without the wordings of one audit rule."""
    audit = whole().audit
    rules = {key: held for key, held in audit.rules.items() if held.rule != rule}
    tables = msgspec.json.decode(msgspec.json.encode(audit.model))
    for node in tables["nodes"]:
        rows = node.get("content", {}).get("rules") if isinstance(node.get("content"), dict) else None
        if rows is not None:
            node["content"]["rules"] = [row for row in rows if rule not in msgspec.json.encode(row).decode()]
    changed = msgspec.structs.replace(audit, rules=rules, model=tables)
    return compiled.compiled(whole().rulebook, versioned(changed))


class RulebookHub:
    """One hub. ``authority_file`` is what an edge knows of it."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder / "authority")
        self.authority.create(["hub"], AT)
        self.authority.open()
        self.signer = Signer(self.authority)
        self.signer.open(AT)

    @property
    def authority_file(self) -> Path:
        return self.authority.authority_certificate

    def another(self) -> RulebookHub:
        """The same hub, as far as an edge knows: a process of it with a folder, and so a signer, of its own."""
        other = copy.copy(self)
        (self.authority.folder / "signer.pem").unlink()
        other.signer = Signer(self.authority)
        other.signer.open(AT)
        assert other.signer.name != self.signer.name
        return other

    def bundle(
        self, number: int = NUMBER, of: Compiled | None = None, institution: str = "H1", region: str = "cn"
    ) -> bytes:
        """What the edge of ``institution`` gets."""
        own = compiled.cut(of or whole(), region, "tier_3" if region == "cn" else "public")
        body = bundles.squeezed(compiled.packed(own))
        return signed.sealed(self.signer, own, body, number, AT, region, institution)
