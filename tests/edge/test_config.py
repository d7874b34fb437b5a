"""The edge's settings file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge import config


def test_without_a_file_every_setting_has_its_default(tmp_path: Path) -> None:
    assert config.load(tmp_path) == config.Config()


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    (tmp_path / config.FILE).write_text(
        'listen = "10.0.0.5:7001"\nlisten_device = "lan0"\nnames = ["edge.hospital"]\n'
        '[[readers]]\nname = "desk-1"\ndriver = "simulated"\naddress = "readers/desk-1"\n'
    )
    found = config.load(tmp_path)
    assert (found.listen, found.listen_device, found.readers[0].name) == ("10.0.0.5:7001", "lan0", "desk-1")


@pytest.mark.parametrize(
    "text",
    [
        "listen = 7001",
        'lisen = "127.0.0.1:7001"',
        'listen_device = "an interface"',
        "listen = ",
        'log_level = "loud"',
        'sync_url = "http://hub:7443"',
        'sync_url = "hub:7443"',
        'sync_url = "https://hub:port"',
        'names = ["بیمارستان"]',
        "a = " + "[" * 5000,
        "card_kept_s = " + "9" * 5000,
        '[[readers]]\nname = "a"\ndriver = "x"\naddress = ""\n[[readers]]\nname = "a"\ndriver = "x"\naddress = ""',
        "#" * (config.FILE_BYTES_MAX + 1),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_and_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / config.FILE).write_text(text)
    with pytest.raises(config.ConfigError, match=r"edge\.toml"):
        config.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (r'appliance = "/srv\u0000"', "$.appliance"),
        (r'backups = "\u0000"', "$.backups"),
        (r'names = ["edge", "a\u0000"]', "$.names[1]"),
        ('[[readers]]\nname = "a"\ndriver = "pcsc"\n' + r'address = "A\u0000B"', "$.readers[0].address"),
    ],
)
def test_a_text_that_no_system_takes_is_refused_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / config.FILE).write_text(text)
    with pytest.raises(config.ConfigError, match=re.escape(f"a NUL stands in a text - at `{place}`")):
        config.load(tmp_path)


def test_a_file_as_an_editor_of_windows_saves_it_is_read(tmp_path: Path) -> None:
    (tmp_path / config.FILE).write_bytes(b'\xef\xbb\xbflisten = "127.0.0.1:7009"\r\n')
    assert config.load(tmp_path).listen == "127.0.0.1:7009"


def test_a_name_in_other_letters_is_told_as_it_goes_on_the_line(tmp_path: Path) -> None:
    (tmp_path / config.FILE).write_text('names = ["بیمارستان"]')
    with pytest.raises(config.ConfigError, match="write xn--mgbabj8am7jna31j for"):
        config.load(tmp_path)


def test_a_file_that_is_a_folder_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / config.FILE).mkdir()
    with pytest.raises(config.ConfigError, match="cannot be read"):
        config.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "host", "port", "loopback"),
    [
        ("127.0.0.1:7001", "127.0.0.1", 7001, True),
        ("127.9.9.9:0", "127.9.9.9", 0, True),
        ("[::1]:80", "::1", 80, True),
        ("0.0.0.0:7001", "0.0.0.0", 7001, False),
        ("edge.hospital:7001", "edge.hospital", 7001, False),
    ],
)
def test_an_address_is_read_and_known_as_loopback_or_not(text: str, host: str, port: int, loopback: bool) -> None:
    found = config.address(text)
    assert (found.host, found.port, found.loopback) == (host, port, loopback)


@pytest.mark.parametrize(
    "text", ["", "7001", "localhost", "localhost:", ":7001", "localhost:70000", "localhost:x", "h:٧"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(config.ConfigError):
        config.address(text)


def test_an_address_is_written_with_its_brackets() -> None:
    assert config.address("[::1]:80").url("http") == "http://[::1]:80"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("card_kept_s = 0", "card_kept_s"),
        ("card_kept_s = 3601", "card_kept_s"),
        ("card_read_good_s = 43201", "card_read_good_s"),
        ('photo = "yes"', "photo"),
        ('[[readers]]\nname = "r"\ndriver = "pcsc"\naddress = ""\ndesk = "a desk"', "desk"),
    ],
)
def test_what_is_kept_of_a_card_is_bounded(tmp_path: Path, text: str, field: str) -> None:
    (tmp_path / "edge.toml").write_text(text)
    with pytest.raises(config.ConfigError, match=field):
        config.load(tmp_path)


def test_photos_are_off_unless_it_is_set_otherwise(tmp_path: Path) -> None:
    assert config.load(tmp_path).photo is False
