"""The catalogues are complete: every message in every language, with the same values in it."""

from __future__ import annotations

import pytest

from tests.central_sync.pages.messages import OTHERS, check_complete, check_translated, check_values
from tests.edge.console.messages import FOLDER, catalogue, every

MAY_STAY = {"pishkhan", "edge", "account", "put", "NAME", "journal", "backup", "show", "workstation", "add", "VPN", "MiB", "msgid", "DNS", "MTU", "TLS", "toml", "sync_device", "sync_url", "sync", "device", "url", "pyscard", "python",
            "serial", "systemctl", "start", "pcscd", "Smart", "Card", "dialout", "udev", "agent", "Windows", "wan", "hub", "tunnel", "UDP", "firmware",
            "diff", "apply", "check", "confirm", "audit", "jsonl"}  # fmt: skip
"""Commands and names that are the same in every language."""


@pytest.mark.parametrize("language", OTHERS)
def test_no_message_is_missing_and_none_is_left_over(language: str) -> None:
    check_complete(FOLDER, language, every())


@pytest.mark.parametrize("language", OTHERS)
def test_each_text_has_the_values_of_its_message(language: str) -> None:
    check_values(FOLDER, language)


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_is_left_in_a_text(language: str) -> None:
    check_translated(FOLDER, language, MAY_STAY)


def test_there_are_messages() -> None:
    assert len(every()) > 80


@pytest.mark.parametrize("language", ["en", "fa", "zh"])
def test_what_a_technician_types_is_marked_as_a_command_in_every_sentence(language: str) -> None:
    told = catalogue(language) if language != "en" else {message: message for message in every()}
    for message, words in told.items():
        assert words.count("`") == message.count("`"), message
        around = "".join(words.split("`")[::2])
        assert "pishkhan-" not in around, message
        assert "systemctl" not in around, message
