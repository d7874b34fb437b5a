"""A program is told over real HTTPS: signed, at one address alone, and never longer than a while."""

import hashlib
import hmac

import pytest

from central_sync.fleet.channels import NotDelivered
from central_sync.fleet.channels import webhook as module
from central_sync.fleet.channels.webhook import Webhook, retry_after_s
from central_sync.fleet.limits import MESSAGE_RETRY_S_MAX
from tests.central_sync.fleet.channels.listeners import Hook
from tests.central_sync.fleet.test_lifecycle import NOW

SECRET = b"s" * 32


@pytest.fixture
def hook(tmp_path):
    made = Hook(tmp_path)
    yield made
    made.stop()


def told(hook, url="", authority=None):
    Webhook(url or hook.url, SECRET, authority or hook.authority, lambda: NOW).deliver("id-1", '{"a":1}')


def test_what_it_gets_is_signed_over_id_time_and_body(hook):
    told(hook)
    (got,) = hook.got
    assert (got.path, got.body) == ("/told", b'{"a":1}')
    timestamp = got.headers["Pishkhan-Timestamp"]
    assert timestamp == str(int(NOW.timestamp()))
    by_hand = hmac.new(SECRET, b"id-1." + timestamp.encode() + b'.{"a":1}', hashlib.sha256).hexdigest()
    assert got.headers["Pishkhan-Signature"] == f"v1={by_hand}"
    assert got.headers["Pishkhan-Message"] == "id-1"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(hook, tmp_path, status):
    hook.answers = [(status, {"Location": hook.url.replace("/told", "/elsewhere")})]
    with pytest.raises(NotDelivered, match=f"status_{status}"):
        told(hook)
    assert [got.path for got in hook.got] == ["/told"]


@pytest.mark.parametrize(("status", "header", "wait_s"), [(500, "", 0), (503, "90", 90), (429, "x", 0), (404, "", 0)])
def test_what_is_not_taken_is_told_by_its_status(hook, status, header, wait_s):
    hook.answers = [(status, {"Retry-After": header})]
    with pytest.raises(NotDelivered) as caught:
        told(hook)
    assert (str(caught.value), caught.value.retry_after_s) == (f"status_{status}", wait_s)


def test_a_server_that_another_authority_vouches_for_gets_nothing(hook, tmp_path):
    other = Hook(tmp_path / "other")
    with pytest.raises(NotDelivered, match="certificate_refused"):
        told(hook, authority=other.authority)
    other.stop()
    assert hook.got == []


def test_a_proxy_of_the_environment_is_not_used(hook, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    told(hook)
    assert len(hook.got) == 1


def test_one_that_hangs_is_given_up_in_time(hook, monkeypatch):
    monkeypatch.setattr(module, "MESSAGE_S_MAX", 0.3)
    hook.hangs_s = 3
    with pytest.raises(NotDelivered, match="late"):
        told(hook)


def test_nobody_there_is_told_without_the_address(hook):
    with pytest.raises(NotDelivered) as caught:
        told(hook, url="https://127.0.0.1:1/secret-path")
    assert "secret-path" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_how_long_to_wait_is_bounded():
    assert retry_after_s("999999") == MESSAGE_RETRY_S_MAX
    assert retry_after_s("-5") == retry_after_s("٣") == retry_after_s("1" * 50) == 0
