"""People are told by mail, over a real line to a real server."""

import base64
import time
from email import message_from_string, policy

import pytest

from central_sync.fleet import messages
from central_sync.fleet.channels import NotDelivered
from central_sync.fleet.channels import mail as module
from central_sync.fleet.channels.mail import Mail, Server
from central_sync.fleet.channels.settings import tongue_of
from central_sync.terms.languages import Language
from tests.central_sync.fleet.channels.listeners import Hook, Post
from tests.central_sync.fleet.test_lifecycle import NOW
from tests.central_sync.fleet.test_messages import EN, alert

TO = ("ops@hub.example", "night@hub.example")


@pytest.fixture
def post(tmp_path):
    made = Post(tmp_path)
    yield made
    made.stop()


def told(post, tls="starttls", user="hub", authority=None, body=None):
    server = Server("127.0.0.1", post.port, tls, user, "pass word" if user else "", authority or post.authority)
    Mail(server, "hub@hub.example", {EN: TO}, lambda: NOW).deliver("id-1", body or messages.body([alert()], "hub", NOW))


def test_a_mail_says_what_is_the_matter_to_all_and_signs_in_behind_tls(post):
    told(post)
    (mail,) = post.mails
    assert "Subject: [hub] urgent: H1: the edge is silent" in mail
    assert "To: ops@hub.example, night@hub.example" in mail
    assert "Message-ID: <id-1.en@hub.example>" in mail
    assert "since 2026-03-01 07:53:20" in mail.replace("=\r\n", "")
    verbs = [line.split()[0].upper() for line in post.heard]
    assert verbs.index("STARTTLS") < verbs.index("AUTH")
    assert base64.b64encode(b"\0hub\0pass word").decode() in "".join(post.heard)


def test_a_server_that_is_safe_from_the_start_gets_the_mail_and_no_other_authority_will_do(post, tmp_path):
    post.safely = True
    told(post, tls="from_the_start")
    assert len(post.mails) == 1
    other = Hook(tmp_path / "other")
    with pytest.raises(NotDelivered, match="certificate_refused"):
        told(post, tls="from_the_start", authority=other.authority)
    other.stop()
    assert len(post.mails) == 1


def test_without_tls_nothing_is_said_of_a_password(post):
    told(post, tls="none", user="")
    assert len(post.mails) == 1
    assert not [line for line in post.heard if line.startswith(("AUTH", "STARTTLS"))]


@pytest.mark.parametrize("answer", ["550 5.1.1 ops@hub.example is nobody here", "450 later"])
def test_a_server_that_takes_no_recipient_is_told_by_a_code(post, answer):
    post.refuses = answer
    with pytest.raises(NotDelivered) as caught:
        told(post)
    assert str(caught.value) == f"recipients_refused_{answer[:3]}"


@pytest.mark.parametrize("verb", ["HELO", "AUTH", "MAIL", "DATA", "TEXT"])
@pytest.mark.parametrize("answer", ["421 4.3.2 come later", "554 5.7.1 ops@hub.example may not"])
def test_whatever_a_server_refuses_is_told_by_its_number_and_tried_again(post, verb, answer):
    server = Server("127.0.0.1", post.port, "starttls", "hub", "pass word", post.authority)
    mail, body = Mail(server, "hub@hub.example", {EN: TO}, lambda: NOW), messages.body([alert()], "hub", NOW)
    post.says = {verb: answer}
    with pytest.raises(NotDelivered) as caught:
        mail.deliver("id-1", body)
    assert str(caught.value) == f"status_{answer[:3]}"
    assert post.mails == []
    mail.deliver("id-1", body)
    assert len(post.mails) == 1


def test_a_server_that_takes_its_leave_badly_has_taken_the_mail_and_gets_no_second_one(post):
    post.says = {"QUIT": "451 not yet"}
    told(post)
    assert len(post.mails) == 1


def test_a_text_that_is_refused_in_one_language_costs_the_others_none(post):
    server = Server("127.0.0.1", post.port, "starttls", "", "", post.authority)
    people = {EN: ("ops@hub.example",), tongue_of(Language.ZH, "Asia/Shanghai"): ("china@hub.example",)}
    mail, body = Mail(server, "hub@hub.example", people, lambda: NOW), messages.body([alert()], "hub", NOW)
    post.says = {"TEXT": "554 5.7.1 this looks like an advertisement"}
    with pytest.raises(NotDelivered, match="some_recipients_refused"):
        mail.deliver("id-1", body)
    mail.deliver("id-1", body)
    read = [message_from_string(one, policy=policy.default) for one in post.mails]
    assert [one["Content-Language"] for one in read] == ["zh", "en"]


@pytest.mark.parametrize(
    ("says", "refused", "code"),
    [
        ({}, "ops@", "recipients_refused_421"),
        ({}, "night@", "recipients_refused_421"),
        ({"TEXT": "421 4.3.2 come later"}, "", "status_421"),
    ],
)
def test_a_server_that_closes_in_between_is_told_by_its_number_and_everybody_has_the_mail_later(
    post, says, refused, code
):
    server = Server("127.0.0.1", post.port, "starttls", "", "", post.authority)
    people = {EN: TO, tongue_of(Language.ZH, "Asia/Shanghai"): ("china@hub.example",)}
    mail, body = Mail(server, "hub@hub.example", people, lambda: NOW), messages.body([alert()], "hub", NOW)
    post.says, post.refuses, post.refused = says, "421 4.3.2 come later" if refused else "", refused
    with pytest.raises(NotDelivered, match=code):
        mail.deliver("id-1", body)
    post.refuses = ""
    heard = len(post.heard)
    mail.deliver("id-1", body)
    asked = [line.lower() for line in post.heard[heard:] if line.upper().startswith("RCPT")]
    assert asked == [f"rcpt to:<{one}>" for one in (*TO, "china@hub.example")]


def test_a_server_that_wants_starttls_says_so_to_whoever_does_not(post):
    post.needs_tls = True
    with pytest.raises(NotDelivered, match="status_530"):
        told(post, tls="none", user="")
    told(post)
    assert len(post.mails) == 1


def test_a_server_that_offers_no_starttls_hears_neither_password_nor_mail(post):
    post.offers_tls = False
    with pytest.raises(NotDelivered, match="not_offered"):
        told(post)
    assert [line.split()[0].upper() for line in post.heard if not line.startswith(("EHLO", "ehlo"))] == []
    assert post.mails == []


def test_a_server_that_is_slow_at_each_word_is_cut_off_as_a_whole(post, monkeypatch):
    monkeypatch.setattr(module, "MESSAGE_S_MAX", 1.0)
    post.slow_s = 0.3
    began = time.monotonic()
    with pytest.raises(NotDelivered, match="late"):
        told(post)
    assert time.monotonic() - began < 10, "each of its ten words takes less than is given for the whole"
    assert post.mails == []


@pytest.mark.parametrize("tls", ["starttls", "from_the_start"])
def test_a_server_that_is_slow_at_each_letter_of_its_greeting_is_cut_off_as_a_whole(post, monkeypatch, tls):
    monkeypatch.setattr(module, "MESSAGE_S_MAX", 1.0)
    post.safely, post.greets, post.letter_s = tls == "from_the_start", "220-welcome to the post, " * 2, 0.3
    began = time.monotonic()
    with pytest.raises(NotDelivered, match="late"):
        told(post, tls)
    assert time.monotonic() - began < 10, "each of its letters takes less than is given for the whole"


def test_one_recipient_whom_the_server_refuses_costs_the_others_no_second_mail(post):
    server = Server("127.0.0.1", post.port, "starttls", "", "", post.authority)
    mail, body = Mail(server, "hub@hub.example", {EN: TO}, lambda: NOW), messages.body([alert()], "hub", NOW)
    post.refuses, post.refused = "450 not now", "night@"
    for _ in range(3):
        with pytest.raises(NotDelivered):
            mail.deliver("id-1", body)
    post.refuses = ""
    mail.deliver("id-1", body)
    asked = [line for line in post.heard if line.upper().startswith("RCPT")]
    assert len([line for line in asked if "ops@" in line]) == 1
    assert len(post.mails) == 2
    mail.deliver("id-2", body)
    assert len([line for line in post.heard if line.upper().startswith("RCPT") and "ops@" in line]) == 2


def test_a_server_that_another_authority_vouches_for_gets_no_password(post, tmp_path):
    other = Hook(tmp_path / "other")
    with pytest.raises(NotDelivered, match="certificate_refused"):
        told(post, authority=other.authority)
    other.stop()
    assert post.mails == []
    assert not [line for line in post.heard if line.startswith("AUTH")]


def test_nobody_there_is_a_code():
    server = Server("127.0.0.1", 1, "none", "", "", None)
    with pytest.raises(NotDelivered, match="unreachable_ConnectionRefusedError"):
        Mail(server, "hub@hub.example", {EN: TO}, lambda: NOW).deliver("id-1", messages.body([alert()], "hub", NOW))


def test_each_language_is_a_mail_of_its_own_and_one_that_is_refused_costs_the_others_none(post):
    server = Server("127.0.0.1", post.port, "starttls", "", "", post.authority)
    people = {
        EN: ("ops@hub.example",),
        tongue_of(Language.FA, "Asia/Tehran"): ("night@hub.example", "iran@hub.example"),
    }
    mail, body = Mail(server, "hub@hub.example", people, lambda: NOW), messages.body([alert()], "hub", NOW)
    post.refuses, post.refused = "450 not now", "ops@"
    for _ in range(2):
        with pytest.raises(NotDelivered):
            mail.deliver("id-1", body)
    post.refuses = ""
    mail.deliver("id-1", body)
    read = [message_from_string(one, policy=policy.default) for one in post.mails]
    assert [one["To"] for one in read] == ["night@hub.example, iran@hub.example", "ops@hub.example"]
    assert [one["Content-Language"] for one in read] == ["fa", "en"]
    assert "درگاه خاموش است" in read[0]["Subject"]
    assert "۱۴۰۴/۱۲/۱۰" in read[0].get_content()
    assert "the edge is silent" in read[1].get_content()
    assert len({one["Message-ID"] for one in read}) == 2
