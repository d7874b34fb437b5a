"""The example in docs/writing-a-driver.md works as it is printed there."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

from edge.readers.cards.identity import CardIdentity
from tests.edge.readers.cards.asking import read_as
from tests.tidy import tree

PAGE = Path("docs/writing-a-driver.md")


def printed() -> list[ModuleType]:
    """The page's Python, each piece as a module."""
    modules = []
    for place, code in enumerate(re.findall(r"```python\n(.*?)```", tree.text(PAGE), re.DOTALL)):
        module = ModuleType(f"printed_{place}")
        exec(compile(code, f"{PAGE} {place}", "exec"), module.__dict__)
        modules.append(module)
    return modules


def test_the_printed_kind_reads_the_printed_card() -> None:
    card, kind = printed()
    played = card.Card()
    assert kind.KIND.suits(played.atr)
    assert read_as(kind.KIND, played) == CardIdentity(kind="th_pin", number=card.NUMBER, card="xx_national", name="ÅSA")
    assert len(played.log) == 2
