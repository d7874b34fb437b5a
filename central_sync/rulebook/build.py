"""Compiles a rulebook folder (schemes, rules, tariffs) into its body: the only form in which it leaves the hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from central_sync.benefits import compiled
from central_sync.benefits.compiled import Compiled
from central_sync.rulebook import audit_rules
from central_sync.rulebook.load import PACKAGED, load


def build(folder: Path = PACKAGED, step: Callable[[str], None] = lambda _what: None) -> Compiled:
    """The law and the audit's rules of ``folder``, compiled; ``step`` is told what comes next.

    Raises:
        RulebookError: something in it is wrong; names file, line and key.
    """
    step("schemes and tariffs")
    rulebook = load(folder)
    step("audit rules")
    return compiled.compiled(rulebook, audit_rules.compiled(folder, rulebook))
