"""``alerts try``: whoever sets a channel up sees whether it is taken."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from central_sync.__main__ import main
from tests.central_sync.fleet.channels.listeners import Hook, Post

SETTINGS = """
[alerts]
hub = "hub.test"
[alerts.mail]
host = "127.0.0.1"
port = {port}
tls = "none"
sender = "hub@hub.test"
to = ["ops@hub.test", {{ address = "shab@hub.test", language = "fa" }}]
[[alerts.webhooks]]
name = "duty"
url = "{url}"
secret_file = "duty.secret"
authority = "{authority}"
"""


@pytest.fixture
def told(tmp_path):
    hook, post = Hook(tmp_path / "hook"), Post(tmp_path / "post")
    (tmp_path / "duty.secret").touch(mode=0o600)
    (tmp_path / "duty.secret").write_text("x" * 40)
    (tmp_path / "hub.toml").write_text(
        SETTINGS.format(port=post.port, url=hook.url, authority=hook.authority), encoding="utf-8"
    )
    yield tmp_path, hook, post
    hook.stop()
    post.stop()


def tried(folder, *words: str):
    return CliRunner().invoke(main, ["--data", str(folder), "alerts", "try", *words])


def test_a_trial_comes_at_every_channel_in_each_language_and_says_that_nothing_alarms(told) -> None:
    folder, hook, post = told
    done = tried(folder, "--json")
    assert done.exit_code == 0, done.output
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"channel": "mail", "taken": "yes", "fault": ""},
        {"channel": "duty", "taken": "yes", "fault": ""},
    ]
    (got,) = hook.got
    body = json.loads(got.body)
    assert (body["trial"], body["hub"], body["raised_count"], body["cleared_count"]) == (True, "hub.test", 0, 0)
    assert len(post.mails) == 2


def test_a_channel_that_does_not_take_it_is_told_with_its_fault(told) -> None:
    folder, hook, post = told
    hook.answers = [(503, {})]
    done = tried(folder, "duty", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout) == {"channel": "duty", "taken": "no", "fault": "status_503"}
    assert post.mails == []


def test_who_is_not_there_and_nobody_at_all_are_said_so(told, tmp_path) -> None:
    folder, _, _ = told
    assert "there are: duty, mail" in tried(folder, "nobody").output
    (tmp_path / "hub.toml").write_text("")
    done = tried(folder)
    assert done.exit_code == 2
    assert "nobody is told" in done.output
