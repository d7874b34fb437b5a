"""A month of settled cases, made from a number: families whose members come several times; and a rulebook with a lower threshold."""

from __future__ import annotations

import json
import random
import shutil
from datetime import date, timedelta
from pathlib import Path

from central_sync.rulebook.load import load

COUNTRIES = Path(__file__).parents[2] / "rulebook_cases" / "countries" / "rulebook"
FIRST = date(2025, 6, 1)
GAP = "schemes/au_safety_net/gap.yaml"


def month(file: Path, cases: int, seed: int = 1) -> Path:
    """``file`` with that many visits of about a tenth as many families."""
    dice = random.Random(seed)
    lines = []
    for number in range(cases):
        family = dice.randrange(max(cases // 10, 1))
        day = (FIRST + timedelta(days=number * 30 // cases)).isoformat()
        common = {"contract": "K1", "group": "insured", "since": "2024-01-01", "family": f"f{family}"}
        covers = [
            {"layer": "base", "scheme": "au_medicare", **common},
            {"layer": "aid", "scheme": "au_safety_net", **common},
        ]
        lines.append(
            {
                "case": f"S{number}",
                "member": f"m{family}-{dice.randrange(3)}",
                "region": "au",
                "tier": "any",
                "care": "outpatient",
                "day": day,
                "born": "1980-01-01",
                "covers": covers,
                "bill": [{"item": "VISITF", "quantity": "20", "amount": dice.randrange(150_000), "on": day}],
            }
        )
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return file


def lower(folder: Path, threshold: str = "100", since: str = "2020-01-01") -> Path:
    """A copy of the countries' rulebook in which a family's first threshold is another one from a day on."""
    shutil.copytree(COUNTRIES, folder)
    text = (folder / GAP).read_text("utf-8")
    row = '    - {from: 2020-01-01, value: "500", reference: au_safety_net, illustrative: true}\n'
    assert row in text, "the scheme has changed: mend this test"
    new = row.replace('"500"', f'"{threshold}"').replace("2020-01-01", since)
    text = text.replace(row, new if since == "2020-01-01" else row + new)
    (folder / GAP).write_text(text, "utf-8")
    return folder


BOOK = load(COUNTRIES)
