"""SHELL: who may call the agent's loopback face: a program that has the key of a workstation of this PC.

There is no business cycle here: the key itself is the token. It is made with ``pishkhan-edge workstation add NAME`` in the agent's data directory, and
the context of a call names that workstation. What a page in the browser may do is the door's business, as on the edge.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from aiohttp import web

from central_sync.wire.refusals import Refused
from edge.calls import Caller
from edge.faces.bodies import CallContext
from edge.faces.door import Asked
from edge.faces.gate import bearer
from edge.workstations import WorkstationError, Workstations

ADMITTED_FOR = timedelta(days=1)
"""How long a stream is open at most; its caller opens it again."""


class LoopbackGate:
    """What the cards face asks. ``institution``: of the edge that this PC is paired with, empty while it is with none."""

    def __init__(
        self, institution: Callable[[], str], workstations: Workstations, clock: Callable[[], datetime]
    ) -> None:
        self._institution = institution
        self._workstations = workstations
        self._clock = clock

    def caller(self, request: Asked, context: CallContext | None, token: str = "") -> Caller:
        """The desk of a call whose context and token stood in its body.

        Raises:
            Refused: ``context_missing``, ``institution_wrong``, ``token_invalid`` or ``workstation_refused``.
        """
        if context is None:
            raise Refused("context_missing")
        if self._institution() not in ("", context.institution):
            raise Refused("institution_wrong")
        try:
            admitted = self._workstations.admits(context.workstation, bearer(request) or token)
        except WorkstationError as error:
            raise Refused("workstation_refused", "the list of workstations cannot be read") from error
        if not admitted:
            raise Refused("token_invalid", "not the key of this workstation")
        return Caller(context.workstation, self._clock() + ADMITTED_FOR)

    def caller_of_query(self, request: web.Request) -> Caller:
        """Like :meth:`caller` for a GET, whose context stands in the query string and whose token in the header."""
        given = {name: request.query.get(name, "") for name in CallContext.__struct_fields__}
        return self.caller(request, CallContext(**given) if all(given.values()) else None)

    def still_admits(self, request: web.Request) -> bool:
        """Whether :meth:`caller_of_query` would let the caller of ``request`` in now as well."""
        try:
            self.caller_of_query(request)
        except Refused:
            return False
        return True
