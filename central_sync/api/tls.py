"""Listening sockets and TLS contexts of the hub's ports, and who was turned away at the door.

Rules
    * TLS 1.2 or newer. The sync port asks for a certificate of our own authority and ends the handshake without one.
    * No session is resumed: each connection shows its certificate anew.
    * A refused handshake is reported with the peer's address and the reason, then fails as it would have.

asyncio gives no hook for a failed handshake, so the context makes its own kind of :class:`ssl.SSLObject` (the documented
``sslobject_class``), and the listening socket notes the peer's address in a context variable when it accepts: the loop runs
each connection in a copy of that context.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from central_sync.api.limits import BACKLOG_CONNECTIONS_MAX, SENT_UNREAD_S_MAX

Report = Callable[[str, str], None]
"""Called with (peer address, reason) on the event loop: it must not block and must not raise."""

_peer: ContextVar[str] = ContextVar("peer", default="")

_NO_CERTIFICATE = "PEER_DID_NOT_RETURN_A_CERTIFICATE"
REASONS = {
    9: "certificate_not_yet_valid",
    10: "certificate_expired",
    18: "certificate_of_unknown_authority",
    19: "certificate_of_unknown_authority",
    20: "certificate_of_unknown_authority",
    21: "certificate_of_unknown_authority",
    26: "certificate_of_wrong_purpose",
}
"""OpenSSL's X509_V_ERR_* → our word for it."""


class BindRefused(Exception):
    """The address or the device cannot be listened on; the text says which and why."""


def server_context(certificate: Path) -> ssl.SSLContext:
    """A context that shows ``certificate`` (key and chain in one PEM file) and asks the client for nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 0
    context.load_cert_chain(certificate)
    return context


class Exchanged(ssl.SSLContext):
    """A context that hands each new connection to ``inner``, which may be exchanged whole while a server listens: what a context once
    believed cannot be taken out of it.
    """

    inner: ssl.SSLContext

    @classmethod
    def over(cls, inner: ssl.SSLContext) -> Exchanged:
        """One that hands to ``inner`` until told otherwise."""
        made = cls(ssl.PROTOCOL_TLS_SERVER)
        made.inner = inner
        return made

    def wrap_bio(self, *arguments: Any, **named: Any) -> ssl.SSLObject:
        """As the standard library's, of the context in use now."""
        return self.inner.wrap_bio(*arguments, **named)


def mutual_context(certificate: Path, authorities: str, report: Report) -> ssl.SSLContext:
    """Like :func:`server_context`, and the client must show a certificate of one of ``authorities`` (PEM); refusals go to ``report``."""
    context = server_context(certificate)
    context.load_verify_locations(cadata=authorities)
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT

    class Reporting(ssl.SSLObject):
        """An SSLObject that tells ``report`` why it refused its peer."""

        def do_handshake(self) -> None:
            try:
                super().do_handshake()
            except ssl.SSLCertVerificationError as error:
                report(_peer.get(), REASONS.get(error.verify_code, f"certificate_refused_{error.verify_code}"))
                raise
            except ssl.SSLError as error:
                if error.reason == _NO_CERTIFICATE:
                    report(_peer.get(), "certificate_missing")
                raise

    context.sslobject_class = Reporting
    return context


class ListeningSocket(socket.socket):
    """A listening socket that leaves the peer's address where :class:`Reporting` finds it."""

    def accept(self) -> tuple[socket.socket, Any]:
        """As the standard library's."""
        connection, peer = super().accept()
        _peer.set(str(peer[0]))
        return connection, peer

    def listen(self, backlog: int = BACKLOG_CONNECTIONS_MAX) -> None:
        """As the standard library's, but never with a shorter queue: asyncio calls it with how many it accepts in one round."""
        super().listen(max(backlog, BACKLOG_CONNECTIONS_MAX))


def listening(host: str, port: int, device: str = "") -> ListeningSocket:
    """A socket that listens on ``host``:``port``, and on ``device`` alone if one is named.

    Raises:
        BindRefused: see there.
    """
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = ListeningSocket(family, kind, protocol)
    except OSError as error:
        raise BindRefused(f"cannot listen on {host}: {error.strerror}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if device:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
        listener.bind(target)
        # What accept() gives inherits these: a peer that is gone, or takes nothing of its answer, is cut off by the kernel.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SENT_UNREAD_S_MAX * 1000)
        listener.listen(BACKLOG_CONNECTIONS_MAX)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        where = f"{host}:{port}" + (f" on {device}" if device else "")
        raise BindRefused(f"cannot listen on {where}: {error.strerror}") from error
    return listener
