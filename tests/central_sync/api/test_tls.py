"""Listening sockets: bound to an address, and to a device where one is named."""

import socket
import ssl

import pytest

from central_sync.api.tls import BindRefused, listening, mutual_context, server_context


def connected(port, host="127.0.0.1"):
    with socket.create_connection((host, port), 1):
        return True


def test_a_listener_takes_a_free_port_and_is_told_when_it_is_taken():
    with listening("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        assert connected(port)
        with pytest.raises(BindRefused, match=str(port)):
            listening("127.0.0.1", port)


def test_a_listener_bound_to_a_device_hears_that_device():
    with listening("0.0.0.0", 0, "lo") as bound:
        assert bound.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16).rstrip(b"\0") == b"lo"
        assert connected(bound.getsockname()[1])


@pytest.mark.parametrize(("host", "device"), [("127.0.0.1", "nosuchdev0"), ("192.0.2.1", ""), ("no.such.invalid", "")])
def test_what_cannot_be_bound_is_told(host, device):
    with pytest.raises(BindRefused, match=host):
        listening(host, 0, device)


def test_contexts_speak_1_2_at_least_and_resume_nothing(authority):
    mutual = mutual_context(authority.server_certificate, authority.pem(), lambda *_: None)
    for context in (mutual, server_context(authority.server_certificate)):
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
        assert context.num_tickets == 0
        assert context.options & ssl.OP_NO_TICKET
    assert mutual.verify_mode == ssl.CERT_REQUIRED
