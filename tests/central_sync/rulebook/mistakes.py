"""A copy of the shipped rulebook to spoil, and the one thing that every spoiled copy must show."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from central_sync.rulebook.load import PACKAGED, load
from central_sync.rulebook.strict import RulebookError

EMPLOYEE = "schemes/cn_employee/scheme.yaml"
STAY = "schemes/cn_employee/inpatient.yaml"
VISIT = "schemes/cn_employee/outpatient.yaml"
ILLNESS = "schemes/cn_critical_illness/every_care.yaml"
TARIFF = "tariffs/cn.csv"


class Mistake(NamedTuple):
    """In ``file``, ``old`` becomes ``new``; the error names ``key``, and the file (``blamed`` if it is another)."""

    file: str
    old: str
    new: str
    key: str
    blamed: str = ""


def copied(folder: Path) -> Path:
    for name in ("regions", "schemes", "tariffs"):
        shutil.copytree(PACKAGED / name, folder / name)
    shutil.copy(PACKAGED / "sources.yaml", folder)
    return folder


def change(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text, f"{file} has changed: mend this test"
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def refused(folder: Path, mistake: Mistake) -> None:
    change(copied(folder), mistake.file, mistake.old, mistake.new)
    with pytest.raises(RulebookError) as caught:
        load(folder)
    assert caught.value.file == (mistake.blamed or mistake.file)
    assert mistake.key in caught.value.key or mistake.key in caught.value.problem
    assert str(folder) not in str(caught.value)
    if (folder / caught.value.file).exists():
        assert f"{caught.value.file}:{caught.value.line}: " in str(caught.value)
        assert caught.value.line >= 1
