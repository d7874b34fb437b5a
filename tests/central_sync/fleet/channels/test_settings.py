"""From settings to channels: what is missing, open to others, or contradicts itself ends the start with a sentence."""

import pytest

from central_sync.config import AlertSetting, ConfigInvalid, MailSetting, Reader, WebhookSetting, load
from central_sync.fleet.alerts import shipped
from central_sync.fleet.channels.settings import channels_of, rules_of
from tests.central_sync.fleet.test_lifecycle import NOW

MAIL = {"host": "mail.example", "sender": "hub@hub.example", "to": ("ops@hub.example",)}
HOOK = {"name": "desk", "url": "https://desk.example/told", "secret_file": "secret"}


def made(folder, mail=None, hooks=()):
    setting = AlertSetting(
        mail=MailSetting(**mail) if mail else None, webhooks=tuple(WebhookSetting(**hook) for hook in hooks)
    )
    return channels_of(setting, folder, lambda: NOW)


def secret(folder, name="secret", content=b"x" * 32 + b"\n", mode=0o600):
    (folder / name).write_bytes(content)
    (folder / name).chmod(mode)


def test_nobody_is_told_by_default(tmp_path):
    assert made(tmp_path) == {}
    assert rules_of(AlertSetting(), tmp_path) == shipped()


def test_mail_and_programs_are_named(tmp_path):
    secret(tmp_path)
    found = made(tmp_path, MAIL, [HOOK, {**HOOK, "name": "other"}])
    assert set(found) == {"mail", "desk", "other"}


@pytest.mark.parametrize(
    ("mail", "hooks", "says"),
    [
        ({**MAIL, "user": "hub"}, (), "belong together"),
        ({**MAIL, "password_file": "secret"}, (), "belong together"),
        ({**MAIL, "user": "hub", "password_file": "secret", "tls": "none"}, (), "nobody signs in"),
        ({**MAIL, "user": "hub", "password_file": "nothing"}, (), "cannot be read"),
        ({**MAIL, "authority": "nothing.pem"}, (), "not there"),
        (None, [{**HOOK, "secret_file": "nothing"}], "cannot be read"),
        (None, [{**HOOK, "secret_file": "open"}], "chmod 600"),
        (None, [{**HOOK, "secret_file": "short"}], "32 bytes"),
        (None, [HOOK, HOOK], "twice"),
        (MAIL, [{**HOOK, "name": "mail"}], "twice"),
        ({**MAIL, "to": ("ops@hub.example", Reader(address="ops@hub.example", language="fa"))}, (), "twice"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, mail, hooks, says):
    secret(tmp_path)
    secret(tmp_path, "open", mode=0o640)
    secret(tmp_path, "short", b"short")
    with pytest.raises(ConfigInvalid, match=says):
        made(tmp_path, mail, hooks)


@pytest.mark.parametrize(
    "text",
    [
        '[[alerts.webhooks]]\nname = "a"\nurl = "http://x.example"\nsecret_file = "s"',
        '[[alerts.webhooks]]\nname = "a"\nurl = "https://x y"\nsecret_file = "s"',
        '[alerts.mail]\nhost = "a b"\nsender = "a@b"\nto = ["a@b"]',
        '[alerts.mail]\nhost = "a"\nsender = "a@b\\r\\nBcc: x"\nto = ["a@b"]',
        '[alerts.mail]\nhost = "a"\nsender = "a@b"\nto = []',
        '[alerts.mail]\nhost = "a"\nsender = "a@b"\nto = ["a@b"]\npassword = "in the open"',
        '[alerts.mail]\nhost = "a"\nsender = "a@b"\nto = ["a@b"]\ntls = "sometimes"',
    ],
)
def test_settings_that_cannot_be_are_refused(tmp_path, text):
    (tmp_path / "hub.toml").write_text(text)
    with pytest.raises(ConfigInvalid):
        load(tmp_path)


def test_a_hubs_own_rules_are_laid_over_and_a_mistake_in_them_is_named(tmp_path):
    (tmp_path / "own.toml").write_text('[[rules]]\nname = "parked"\noff = true\n')
    assert len(rules_of(AlertSetting(rules="own.toml"), tmp_path)) == len(shipped()) - 1
    (tmp_path / "own.toml").write_text("rules = 3")
    for name in ("own.toml", "nothing.toml"):
        with pytest.raises(ConfigInvalid, match=name):
            rules_of(AlertSetting(rules=name), tmp_path)


def test_whoever_is_told_by_mail_has_a_language(tmp_path):
    (tmp_path / "hub.toml").write_text(
        '[alerts.mail]\nhost = "mail.example"\nsender = "hub@hub.example"\nlanguage = "zh"\n'
        'to = ["ops@hub.example", { address = "night@hub.example", language = "fa" }]\n'
    )
    mail = load(tmp_path).alerts.mail
    assert [mail.language, mail.to[0], mail.to[1].language] == ["zh", "ops@hub.example", "fa"]
    (tmp_path / "hub.toml").write_text(
        '[alerts.mail]\nhost = "mail.example"\nsender = "hub@hub.example"\nto = [{ address = "x", language = "de" }]\n'
    )
    with pytest.raises(ConfigInvalid):
        load(tmp_path)
