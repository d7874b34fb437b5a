"""From one authority to the next and back, on the disk: what is in use, what is believed, what is signed, and a crash in the middle."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from central_sync.fleet import handover
from central_sync.fleet.authority import Authority
from central_sync.fleet.handover import HandoverError, Handovers, trail
from central_sync.fleet.signer import Signer
from central_sync.fleet.slots import Slots
from central_sync.wire.handovers import State, name_of, text_of
from tests.central_sync.fleet.test_authority import request_for

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def handovers(authority):
    return Handovers(authority.folder)


def again(authority) -> Authority:
    found = Authority(authority.folder)
    found.open()
    return found


def edge_of(authority) -> x509.Certificate:
    return x509.load_pem_x509_certificate(authority.sign_edge(request_for(), "H01", NOW).certificate.encode())


def test_the_next_one_changes_nothing_but_what_is_believed(authority, handovers):
    old, server = authority.der(), authority.server_certificate.read_bytes()
    name = handovers.next(NOW)
    present = again(authority)
    assert (present.der(), present.server_certificate.read_bytes()) == (old, server)
    assert present.trusted().count("BEGIN CERTIFICATE") == 2
    following = Authority(authority.folder, name)
    following.open()
    assert present.issued(edge_of(following))
    assert not present.signs(edge_of(following))
    assert (following.folder / "slots" / name / "authority.key").stat().st_mode & 0o077 == 0
    assert (following.folder / "slots" / name / "server.pem").stat().st_mode & 0o077 == 0


def test_each_word_is_signed_by_the_authority_that_goes_and_its_number_grows(authority, handovers):
    numbers = []
    public = x509.load_der_x509_certificate(authority.der()).public_key()
    for verb, state in (
        (handovers.next, State.ANNOUNCED), (handovers.switch, State.SWITCHED), (handovers.back, State.ANNOUNCED),
        (handovers.switch, State.SWITCHED), (handovers.retire, State.RETIRED),
    ):  # fmt: skip
        verb(NOW)
        word = handovers.standing().handover
        assert (word.state, word.present) == (state, authority.der())
        public.verify(word.signature, text_of(word), ec.ECDSA(hashes.SHA256()))
        numbers.append(word.number)
    assert numbers == sorted(set(numbers))


def test_after_the_switch_the_next_one_issues_and_both_are_believed(authority, handovers):
    old = edge_of(authority)
    name = handovers.next(NOW)
    assert handovers.switch(NOW) == name
    present = again(authority)
    assert (present.name, present.issued(old), present.signs(old)) == (name, True, False)
    assert present.signs(edge_of(present))
    server = x509.load_pem_x509_certificate(present.server_certificate.read_bytes())
    assert present.signs(server)


def test_after_it_retired_the_old_one_is_believed_for_renewals_alone_and_its_key_is_gone(authority, handovers):
    old, was = edge_of(authority), authority.der()
    handovers.next(NOW)
    handovers.switch(NOW)
    assert handovers.retire(NOW) == name_of(was)
    present = again(authority)
    assert (present.trusted().count("BEGIN CERTIFICATE"), present.issued(old)) == (1, True)
    assert not (authority.folder / "authority.key").exists()
    assert [word.present for word in trail(Slots(authority.folder))] == [was]


def test_a_stolen_one_leaves_no_trail_and_renews_nothing(authority, handovers):
    old = edge_of(authority)
    handovers.next(NOW)
    handovers.switch(NOW)
    handovers.retire(NOW, stolen=True)
    assert not again(authority).issued(old)
    assert trail(Slots(authority.folder)) == []


def test_what_was_derived_is_derived_from_then_on(authority, handovers):
    before = authority.derived(b"second factors")
    for _ in range(2):
        handovers.next(NOW)
        handovers.switch(NOW)
        handovers.retire(NOW)
    assert again(authority).derived(b"second factors") == before
    assert (authority.folder / "derived.key").stat().st_mode & 0o077 == 0


def test_the_signer_is_followed_by_one_of_the_authority_in_use(authority, handovers):
    signer = Signer(authority)
    signer.open(NOW)
    first = signer.name
    handovers.next(NOW)
    signer.open(NOW)
    assert signer.name == first, "an announcement changes no signer"
    handovers.switch(NOW)
    present = again(authority)
    signer = Signer(present)
    signer.open(NOW)
    assert signer.name != first
    assert signer.certificates().count(b"BEGIN CERTIFICATE") == 2, "the old one is kept for ever"


def test_names_that_are_added_are_in_both_server_certificates(authority, handovers):
    name = handovers.next(NOW)
    authority.create(["10.9.8.7"], NOW)
    for found in (again(authority), Authority(authority.folder, name)):
        server = x509.load_pem_x509_certificate(found.server_certificate.read_bytes())
        names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert "10.9.8.7" in [str(one) for one in names.get_values_for_type(x509.IPAddress)]


def test_what_is_not_its_turn_is_refused_and_changes_nothing(authority, handovers):
    def refused(*verbs):
        before = handovers.standing()
        for verb in verbs:
            with pytest.raises(HandoverError):
                verb(NOW)
        assert handovers.standing() == before

    refused(handovers.switch, handovers.back, handovers.retire, handovers.withdraw)
    handovers.next(NOW)
    refused(handovers.next, handovers.back, handovers.retire)
    handovers.switch(NOW)
    refused(handovers.next, handovers.switch, handovers.withdraw)
    handovers.retire(NOW)
    refused(handovers.switch, handovers.back, handovers.retire, handovers.withdraw)
    handovers.next(NOW + timedelta(days=1))


TURNS = {
    "next": ((), "switch"),
    "withdraw": (("next",), "next"),
    "switch": (("next",), "retire"),
    "back": (("next", "switch"), "withdraw"),
    "retire": (("next", "switch"), "next"),
}
"""Verb → what was done before it, and what can be done after it."""


@pytest.mark.parametrize("verb", TURNS)
def test_a_crash_at_any_write_leaves_the_state_before_or_after(authority, handovers, verb, monkeypatch):
    earlier, later = TURNS[verb]
    for one in earlier:
        getattr(handovers, one)(NOW)
    before, writes = handovers.standing(), 0
    while handovers.standing() == before:
        broken_off(handovers, verb, writes, monkeypatch)
        found = again(authority)
        assert found.signs(x509.load_pem_x509_certificate(found.server_certificate.read_bytes()))
        assert found.issued(edge_of(found))
        writes += 1
    assert writes > 2, "it was broken off at least twice"
    getattr(handovers, later)(NOW)


def test_a_last_word_that_was_broken_off_leads_nobody_away_after_another_decision(authority, handovers, monkeypatch):
    for decided in (lambda: handovers.retire(NOW, stolen=True), lambda: handovers.back(NOW)):
        handovers.next(NOW)
        handovers.switch(NOW)
        assert not broken_off(handovers, "retire", 2, monkeypatch)
        assert len(list((authority.folder / "trail").iterdir())) == 1, "it was broken off behind the last word"
        decided()
        assert trail(Slots(authority.folder)) == []


class Broken(Exception):
    """The power is gone."""


def broken_off(handovers, verb, after, monkeypatch) -> bool:
    """Do ``verb`` with a power cut at the write behind the first ``after``; whether it came to its end."""
    left = [after]

    def counted(real):
        def write(*arguments, **named):
            if not left[0]:
                raise Broken
            left[0] -= 1
            return real(*arguments, **named)

        return write

    with monkeypatch.context() as patch:
        for module in (handover, handover.Slots):
            for name in ("keep", "keep_link", "clear", "make_authority"):
                if hasattr(module, name):
                    patch.setattr(module, name, counted(getattr(module, name)))
        try:
            getattr(handovers, verb)(NOW)
        except Broken:
            return False
    return True
