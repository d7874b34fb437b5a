"""A TLS handshake without a connection: what this edge would do with the hub's next server certificate, down to the name and the clock.

The context is the one that the line uses, but that it believes the next authority alone; TLS 1.3, where the server proves its key before the
client has to speak again.
"""

from __future__ import annotations

import ssl

from central_sync.wire.handovers import Fault, HandoverRefused
from central_sync.wire.limits import DRILL_BYTES_MAX
from edge.identity import trusting

_ENDED = (9, 10)
_NAME = (62, 64)
_AUTHORITY = (7, 18, 19, 20, 21, 24, 79)


class Drill:
    """One drill of ``authority`` (DER), for a hub that is reached as ``host``."""

    def __init__(self, authority: bytes, host: str) -> None:
        self._authority = authority
        self._host = host
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._client: ssl.SSLObject | None = None

    def hello(self) -> bytes:
        """What the hub is to answer; another one each time.

        Raises:
            HandoverRefused: the authority cannot be believed by TLS at all.
        """
        try:
            context = trusting(ssl.DER_cert_to_PEM_cert(self._authority))
        except (ssl.SSLError, ValueError) as error:
            raise HandoverRefused(Fault.UNREADABLE) from error
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        self._client = context.wrap_bio(self._incoming, self._outgoing, server_hostname=self._host)
        self._shake()
        return self._outgoing.read()

    def judge(self, flight: bytes) -> None:
        """Whether what the hub said proves its next server certificate.

        Raises:
            HandoverRefused: it does not; the fault says why.
        """
        assert self._client is not None, "hello() first"
        self._incoming.write(flight[:DRILL_BYTES_MAX])
        if not self._shake():
            raise HandoverRefused(Fault.BROKEN)

    def _shake(self) -> bool:
        """Go on with the handshake as far as what has come lets us; whether it is done."""
        assert self._client is not None, "hello() makes it"
        try:
            self._client.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLCertVerificationError as error:
            raise HandoverRefused(fault_of(error)) from error
        except ssl.SSLError as error:
            raise HandoverRefused(Fault.BROKEN) from error
        return True


def fault_of(error: ssl.SSLCertVerificationError) -> Fault:
    """Why TLS does not believe a server, in our words."""
    if error.verify_code in _ENDED:
        return Fault.SERVER_ENDED
    if error.verify_code in _NAME:
        return Fault.NAME
    return Fault.OTHER if error.verify_code in _AUTHORITY else Fault.BROKEN
