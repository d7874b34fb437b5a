"""Whether a diagnosis code exists in a region's list.

``icd10_who`` is WHO ICD-10 (2019), categories and their subdivisions, with a point. ``icd10_cn`` is its Chinese extension: the WHO
code (``x`` in the place of a subdivision that the category does not have), two more characters and perhaps ``x`` with three
digits (``J18.900``, ``I10.x00``, ``I10.x00x002``); what stands before the extension must be a real WHO code. A dagger code may be
followed by its asterisk code (``A17.000+G01*``).

The list is held as one short line for each category (``icd10_2019.csv``: category, subdivisions); a test compares it with
the published classification.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_DATA = Path(__file__).with_name("icd10_2019.csv")
_CN = re.compile(r"([A-Z][0-9]{2})(?:\.(?:([0-9])|(X))(?:([0-9]{2})(?:X[0-9]{3})?)?)?")
_CODE_CHARACTERS_MAX = 32

LISTS = ("icd10_who", "icd10_cn")
"""The lists that a region may name."""


def exists(list_name: str, code: str) -> bool:
    """Whether ``code`` stands in the list, in upper or lower case.

    Raises:
        KeyError: there is no such list.
    """
    known = {"icd10_who": _exists_who, "icd10_cn": _exists_cn}[list_name]
    if not code.isascii() or len(code) > _CODE_CHARACTERS_MAX:
        return False
    dagger, plus, asterisk = code.upper().partition("+")
    if plus:
        return known(dagger) and asterisk.endswith("*") and known(asterisk.removesuffix("*"))
    return known(dagger.removesuffix("*"))


@cache
def codes(list_name: str) -> tuple[str, ...]:
    """The codes that a doctor would write (those without subdivisions), in order, in the list's own form.

    Raises:
        KeyError: there is no such list.
    """
    written = {"icd10_who": lambda code: code, "icd10_cn": _cn_form}[list_name]
    leaves: list[str] = []
    for category, subdivisions in _categories().items():
        if not subdivisions:
            leaves.append(category)
        leaves.extend(
            f"{category}.{s}"
            for s in sorted(subdivisions)
            if not any(other != s and other.startswith(s) for other in subdivisions)
        )
    return tuple(written(code) for code in leaves)


def _cn_form(code: str) -> str:
    category, _, subdivision = code.partition(".")
    return f"{category}.{(subdivision or 'x').ljust(3, '0')}"


def _exists_who(code: str) -> bool:
    category, point, subdivision = code.partition(".")
    known = _categories().get(category)
    return known is not None and (subdivision in known if point else True)


def _exists_cn(code: str) -> bool:
    found = _CN.fullmatch(code)
    if found is None:
        return _exists_who(code)
    category, digit, filler, _ = found.groups()
    known = _categories().get(category)
    if known is None:
        return False
    if filler:
        return not known
    return digit is None or digit in known


@cache
def _categories() -> dict[str, frozenset[str]]:
    """Category → what stands behind the point in its subdivisions."""
    rows = (line.split(",") for line in _DATA.read_text(encoding="ascii").splitlines())
    return {category: frozenset(rest.split()) for category, rest in rows}
