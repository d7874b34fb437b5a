"""Compiles the audit rules into what the edge is shipped with, and writes them into their page: ``make rules``.

``central_sync/benefits/audit/rules.json`` is the bundle of ``central_sync/rulebook/rules/``; the two tables of ``docs/audit-rules.md`` stand
between their markers. A test fails when one of them no longer says what the rules say.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from central_sync.benefits import audit
from central_sync.benefits.audit.bundle import FILE, AuditBundle, unpacked
from central_sync.benefits.audit.vocabulary import OVERS, facts_of
from central_sync.rulebook.audit_rules import build
from tests.tidy.generate_docs import DOCS, table

BUNDLE = Path(audit.__file__).with_name(FILE)
PAGE = DOCS / "audit-rules.md"


def facts_table() -> str:
    """Every fact that a rule may ask for."""
    rows = [
        (f"`{fact.name}`", over, fact.kind.value, fact.text, fact.needs.value if fact.needs else "")
        for over, kind in OVERS.items()
        for fact in facts_of(kind).values()
    ]
    return table(("fact", "of the", "kind", "meaning", "needs"), rows)


def rules_table(bundle: AuditBundle) -> str:
    """Every wording of every rule."""
    rows = [
        (
            rule.rule,
            rule.text,
            rule.severity.value,
            f"`{rule.reason}`",
            f"{rule.from_day}{f' to {rule.to_day}' if rule.to_day else ''}",
            f"`{rule.source}`{' (figures invented)' if rule.illustrative else ''}",
            str(rule.openimis or ""),
        )
        for rule in sorted(bundle.rules.values(), key=lambda rule: (rule.rule, rule.from_day))
    ]
    return table(("rule", "what it finds", "severity", "reason", "in force", "source", "openIMIS"), rows)


def page(text: str, bundle: AuditBundle) -> str:
    """``text`` with both tables as they are now."""
    for name, made in (("facts", facts_table()), ("rules", rules_table(bundle))):
        pattern = re.compile(rf"(<!-- {name}: made by `make rules` -->\n).*?(<!-- end -->)", re.DOTALL)
        text = pattern.sub(lambda found, made=made: f"{found[1]}\n{made}\n{found[2]}", text)
    return text


def main() -> int:
    """Write both; returns the exit status."""
    body = build()
    BUNDLE.write_bytes(body + b"\n")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), unpacked(body)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
