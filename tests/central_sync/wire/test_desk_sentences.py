"""What the desk reads of a refusal, in every language."""

from __future__ import annotations

import re

import pytest

from central_sync.terms.languages import Language
from central_sync.wire.desk_sentences import DESK, desk_sentence
from central_sync.wire.refusals import REFUSALS

OTHERS = [language for language in Language if language is not Language.EN]
ENDS = {Language.FA: ".", Language.ZH: "。"}
OWN_LETTERS = {Language.FA: "[\u0600-\u06ff]", Language.ZH: "[\u4e00-\u9fff]"}


@pytest.mark.parametrize("language", OTHERS)
def test_no_refusal_is_missing_in_a_language_and_none_is_left_over(language: Language) -> None:
    assert set(DESK[language]) == set(REFUSALS), "add what is missing to central_sync/wire/desk_sentences.py"


@pytest.mark.parametrize("language", OTHERS)
def test_each_is_a_short_whole_sentence_in_its_own_letters(language: Language) -> None:
    for code, sentence in DESK[language].items():
        assert sentence.endswith(ENDS[language]), code
        assert re.search(OWN_LETTERS[language], sentence), code
        assert not re.search("[A-Za-z0-9]", sentence), code
        assert len(sentence) <= 100, "a clerk reads it while a patient waits"


@pytest.mark.parametrize("language", OTHERS)
def test_what_reads_alike_in_one_language_reads_alike_in_the_others(language: Language) -> None:
    told: dict[str, set[str]] = {}
    for code, row in REFUSALS.items():
        told.setdefault(row.desk, set()).add(DESK[language][code])
    assert not {desk: here for desk, here in told.items() if len(here) > 1}


def test_persian_is_written_with_persian_letters() -> None:
    assert not [code for code, sentence in DESK[Language.FA].items() if re.search("[يكى]", sentence)]


def test_a_code_that_nobody_knows_is_a_fault_of_the_hub() -> None:
    for language in Language:
        assert desk_sentence("from_a_newer_hub", language) == desk_sentence("hub_fault", language)
    assert desk_sentence("line_down", Language.EN) == REFUSALS["line_down"].desk
    assert desk_sentence("line_down", Language.FA).startswith("ارتباط با بیمه")
