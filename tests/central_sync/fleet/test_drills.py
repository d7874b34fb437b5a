"""The hub's end of a drill is TLS itself, with the next authority's certificate, and nothing for anybody else."""

import ssl
from datetime import UTC, datetime

import pytest

from central_sync.fleet.authority import Authority
from central_sync.fleet.drills import Drills
from central_sync.fleet.handover import Handovers
from central_sync.wire.refusals import Refused

NOW = datetime.now(UTC)


@pytest.fixture
def authority(tmp_path):
    authority = Authority(tmp_path / "authority")
    authority.create(["hub.example"], NOW)
    return authority


def hello(authority, host="hub.example", most=ssl.TLSVersion.TLSv1_3):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=authority.pem())
    context.maximum_version = most
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname=host)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return client, incoming, outgoing.read()


def test_a_client_that_believes_the_next_authority_is_content_with_one_answer(authority):
    name = Handovers(authority.folder).next(NOW)
    following = Authority(authority.folder, name)
    following.open()
    client, incoming, said = hello(following)
    incoming.write(Drills(authority).flight(name, said))
    client.do_handshake()
    client, incoming, said = hello(authority)
    incoming.write(Drills(authority).flight(name, said))
    with pytest.raises(ssl.SSLCertVerificationError):
        client.do_handshake()


def test_two_hellos_get_two_answers_and_one_answer_does_not_fit_the_other(authority):
    name = authority.name
    (first, into, one), (_, _, two) = hello(authority), hello(authority)
    drills = Drills(authority)
    into.write(drills.flight(name, two))
    with pytest.raises(ssl.SSLError):
        first.do_handshake()
    assert drills.flight(name, one) != drills.flight(name, one)


@pytest.mark.parametrize("said", [b"", b"\x00" * 100, b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" + b"\xff" * 20_000])
def test_what_is_no_hello_is_refused(authority, said):
    with pytest.raises(Refused, match="packet_invalid"):
        Drills(authority).flight(authority.name, said)


def test_an_authority_that_is_not_there_and_an_old_client_are_refused(authority):
    drills = Drills(authority)
    with pytest.raises(Refused):
        drills.flight("0" * 16, hello(authority)[2])
    with pytest.raises(Refused):
        drills.flight(authority.name, hello(authority, most=ssl.TLSVersion.TLSv1_2)[2])
