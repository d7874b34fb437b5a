"""What a rulebook says in other languages than English: gathered beside the values, by the rule that it is the text of."""

from __future__ import annotations

from central_sync.rulebook.documents import TextsFile
from central_sync.terms.languages import Language

Told = dict[Language, dict[str, str]]
"""Language → rule (or ``source.KEY``, ``region.CODE``, the code of a scheme) → text."""


def english(told: Told, key: str, wording: str | TextsFile) -> str:
    """The English of ``wording``; what it says in other languages is added to ``told`` under ``key``."""
    if isinstance(wording, str):
        return wording
    told.setdefault(Language.FA, {})[key] = wording.fa
    told.setdefault(Language.ZH, {})[key] = wording.zh
    return wording.en
