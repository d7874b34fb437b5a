"""One phrase is English; a map is every language."""

from __future__ import annotations

from central_sync.rulebook.documents import TextsFile
from central_sync.rulebook.texts import Told, english
from central_sync.terms.languages import Language


def test_a_plain_phrase_is_english_and_says_nothing_else() -> None:
    told: Told = {}

    assert english(told, "cn.pool", "Annual cap") == "Annual cap"
    assert not told


def test_a_map_is_kept_under_its_rule() -> None:
    told: Told = {}

    assert english(told, "cn.pool", TextsFile(en="Annual cap", fa="سقف سالانه", zh="年度封顶线")) == "Annual cap"
    assert told == {Language.FA: {"cn.pool": "سقف سالانه"}, Language.ZH: {"cn.pool": "年度封顶线"}}
