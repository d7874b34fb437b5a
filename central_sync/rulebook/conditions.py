"""The conditions of audit rules as an officer writes them, and the cells of a decision table (JDM) that they become.

A flag is ``yes``. A number is ``5``, ``not 5``, ``above 5``, ``below 5``, ``at least 5``, ``at most 5`` or ``5 to 8`` (both included). A word is one word or
several with commas, ``drug, surgery``, or ``not drug, surgery``. An absent fact meets no condition, a ``not`` included: what is not
known fires no rule.
"""

from __future__ import annotations

import re

from central_sync.benefits.audit.vocabulary import Kind

_NUMBER = r"(-?[0-9]{1,12}(?:\.[0-9]{1,4})?)"
_SIGNS = {"above": ">", "below": "<", "at least": ">=", "at most": "<="}
_COMPARED = re.compile(rf"({'|'.join(_SIGNS)}) {_NUMBER}")
_PLAIN = re.compile(rf"(not )?{_NUMBER}")
_BETWEEN = re.compile(rf"{_NUMBER} to {_NUMBER}")
_WORDS = re.compile(r"(not )?([a-zA-Z][a-zA-Z0-9_]{0,39}(?:, [a-zA-Z][a-zA-Z0-9_]{0,39}){0,19})")


def cell(kind: Kind, condition: str) -> str:
    """The cell that tests what ``condition`` says of a fact of ``kind``.

    Raises:
        ValueError: it is no condition on such a fact; the message says what is.
    """
    if kind is Kind.FLAG:
        if condition != "yes":
            raise ValueError("a flag is asked with yes")
        return "true"
    return _word(condition) if kind is Kind.WORD else _number(condition)


def _number(condition: str) -> str:
    if found := _COMPARED.fullmatch(condition):
        return f"{_SIGNS[found[1]]} {found[2]}"
    if found := _PLAIN.fullmatch(condition):
        return f"$ != null and $ != {found[2]}" if found[1] else found[2]
    if found := _BETWEEN.fullmatch(condition):
        return f"[{found[1]}..{found[2]}]"
    raise ValueError("a number is asked with 5, not 5, above 5, below 5, at least 5, at most 5 or 5 to 8")


def _word(condition: str) -> str:
    found = _WORDS.fullmatch(condition)
    if not found:
        raise ValueError("a word is asked with words between commas, perhaps after not")
    words = ", ".join(f'"{word}"' for word in found[2].split(", "))
    return f"$ != null and not($ in [{words}])" if found[1] else words
