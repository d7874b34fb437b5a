"""The hub's end of a drill: with the next authority's server certificate it says to a client's hello what TLS says, and keeps nothing of it.

It is the handshake that edges will meet after the switch, down to the signature over the client's own nonce: see ``central_sync/wire/handovers.py``.
"""

from __future__ import annotations

import ssl

from central_sync.fleet.authority import Authority, AuthorityMissing
from central_sync.fleet.slots import StandingUnreadable
from central_sync.wire.handovers import name_of
from central_sync.wire.limits import DRILL_BYTES_MAX
from central_sync.wire.refusals import Refused


class Drills:
    """Answers hellos for the authorities beside ``authority``. Any number of threads may ask at once."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    def flight(self, name: str, hello: bytes) -> bytes:
        """What the server of the authority ``name`` says to ``hello``.

        Raises:
            Refused: ``packet_invalid``: there is no such authority here now, or it is no hello.
        """
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = self._context(name).wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(hello[:DRILL_BYTES_MAX])
        try:
            server.do_handshake()
        except ssl.SSLWantReadError:
            pass  # it has said what it has to say, and waits for the client
        except ssl.SSLError as error:
            raise Refused("packet_invalid", "hello") from error
        said = outgoing.read()
        if not said or len(said) > DRILL_BYTES_MAX:
            raise Refused("packet_invalid", "hello")
        return said

    def _context(self, name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.num_tickets = 0
        try:
            context.load_cert_chain(self._found(name).server_certificate)
        except (OSError, ssl.SSLError, AuthorityMissing) as error:
            raise Refused("packet_invalid", "the authority's server certificate cannot be read") from error
        return context

    def _found(self, name: str) -> Authority:
        """The authority that is announced under ``name``, or in use.

        Raises:
            Refused: ``packet_invalid``: there is none.
        """
        if name == self._authority.name:
            return self._authority
        try:
            standing = self._authority.slots.standing()
        except StandingUnreadable as error:
            raise Refused("packet_invalid", "authority") from error
        for slot, word in ((standing.shadow, standing.handover), (standing.current, standing.handover)):
            if slot is not None and word is not None and name_of(word.following) == name:
                return Authority(self._authority.folder, slot)
        raise Refused("packet_invalid", "authority")
