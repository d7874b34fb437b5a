"""Settings have defaults, and a typing error in them is named."""

import pytest

from central_sync.config import ConfigInvalid, Listener, address, load


def test_a_missing_file_is_all_defaults(tmp_path):
    config = load(tmp_path)
    assert config.database == f"sqlite:///{tmp_path}/hub.db"
    assert config.sync == Listener("127.0.0.1:7443")


def test_the_file_is_read(tmp_path):
    (tmp_path / "hub.toml").write_text(
        'database = "postgresql://hub@/hub"\nthreads = 4\n[sync]\nlisten = "10.0.0.1:7443"\ndevice = "wg0"\n'
    )
    config = load(tmp_path)
    assert (config.database, config.threads) == ("postgresql://hub@/hub", 4)
    assert config.sync == Listener("10.0.0.1:7443", "wg0")


@pytest.mark.parametrize(
    "text",
    [
        "theads = 4",
        "threads = '4'",
        "threads = 0",
        "[sync]\nlisten = 'x'",
        'log_level = "loud"',
        "\x00",
        "a =",
        "[fleet]\nlate_after_s = 200",
        '[console]\ncertificate = "a\\u0000b.pem"',
    ],
)
def test_a_wrong_setting_is_an_error_that_names_the_file(tmp_path, text):
    (tmp_path / "hub.toml").write_text(text)
    with pytest.raises(ConfigInvalid):
        load(tmp_path)


@pytest.mark.parametrize(
    ("text", "found"),
    [("127.0.0.1:7443", ("127.0.0.1", 7443)), ("[::1]:0", ("::1", 0)), ("hub.example:1", ("hub.example", 1))],
)
def test_an_address_is_host_and_port(text, found):
    assert address(text) == found


@pytest.mark.parametrize("text", ["", ":1", "host", "host:", "host:99999", "host:-1", "host:x"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ConfigInvalid):
        address(text)
