"""The catalogues are complete: every message in every language, with the same values in it."""

from __future__ import annotations

import re

import pytest

from central_sync.terms.languages import Language
from tests.edge.console.messages import catalogue, every

OTHERS = [language.value for language in Language if language is not Language.EN]
VALUES = re.compile(r"%\((\w+)\)s|%(.)")
LATIN_WORD = re.compile(r"[A-Za-z]{3,}")
MAY_STAY = {"pishkhan", "edge", "account", "put", "NAME", "journal", "backup", "show", "workstation", "add", "VPN", "MiB", "pyscard", "python",
            "serial", "systemctl", "start", "pcscd", "Smart", "Card", "dialout", "udev", "agent", "Windows"}  # fmt: skip
"""Commands and names that are the same in every language."""


@pytest.mark.parametrize("language", OTHERS)
def test_no_message_is_missing_and_none_is_left_over(language: str) -> None:
    known = catalogue(language)
    assert set(known) == set(every())
    assert all(known.values()), [message for message, text in known.items() if not text]


@pytest.mark.parametrize("language", OTHERS)
def test_each_text_has_the_values_of_its_message(language: str) -> None:
    for message, text in catalogue(language).items():
        assert sorted(VALUES.findall(message)) == sorted(VALUES.findall(text)), message


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_is_left_in_a_text(language: str) -> None:
    for message, text in catalogue(language).items():
        bare = VALUES.sub("", text)
        assert not set(LATIN_WORD.findall(bare)) - MAY_STAY, message


def test_there_are_messages() -> None:
    assert len(every()) > 80
