"""SHELL: who may call: the caller's context and token, held against this edge's institution, cycles and workstations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from central_sync.wire.refusals import Refused
from edge.calls import Caller, Context
from edge.cycles import Cycle, Cycles, proof_of
from edge.faces.bodies import CallContext
from edge.faces.door import Asked
from edge.faces.heads import Headers
from edge.workstations import WorkstationError, Workstations

Clock = Callable[[], datetime]
BEARER = "bearer "
_AUTHORIZATION = "authorization"


class Gate:
    """The one place where a face asks whether a caller may go on."""

    def __init__(self, institution: str, workstations: Workstations, cycles: Cycles, clock: Clock) -> None:
        self.institution = institution
        self._workstations = workstations
        self._cycles = cycles
        self._clock = clock

    def check_context(self, context: CallContext | None) -> CallContext:
        """The context, if there is one and it names this edge's institution.

        Raises:
            Refused: ``context_missing`` or ``institution_wrong``.
        """
        if context is None:
            raise Refused("context_missing")
        if context.institution != self.institution:
            raise Refused("institution_wrong")
        return context

    def check_key(self, workstation: str, key: str) -> str:
        """What proves ``key`` (to be kept with the cycle), if it is the key of ``workstation``.

        Raises:
            Refused: ``workstation_refused``.
        """
        try:
            if self._workstations.admits(workstation, key):
                return self._workstations.key_sha256(workstation)
        except WorkstationError as error:
            raise Refused("workstation_refused", "the list of workstations cannot be read") from error
        raise Refused("workstation_refused")

    def admit(self, request: Asked, context: CallContext | None, token: str = "") -> tuple[Cycle, Context]:
        """The caller's open cycle and full context; ``token`` is what stood in the body.

        Raises:
            Refused: ``context_missing``, ``institution_wrong``, ``token_invalid``, ``cycle_closed`` or ``workstation_refused``.
        """
        named = self.check_context(context)
        cycle = self._cycles.of_proof(_proof(request, token), self._clock())
        if cycle.workstation != named.workstation:
            raise Refused("token_invalid", "of another workstation")
        if cycle.operator != named.operator:
            raise Refused("token_invalid", "of another operator")
        try:
            still = self._workstations.still(cycle.workstation, cycle.key_sha256)
        except WorkstationError as error:
            raise Refused("workstation_refused", "the list of workstations cannot be read") from error
        if not still:
            raise Refused("workstation_refused")
        return cycle, Context(
            institution=named.institution,
            operator=named.operator,
            workstation=named.workstation,
            business_day=cycle.business_day,
        )

    def admit_query(self, request: web.Request) -> tuple[Cycle, Context]:
        """Like :meth:`admit` for a GET, whose context stands in the query string and whose token in the header."""
        given = {name: request.query.get(name, "") for name in CallContext.__struct_fields__}
        context = CallContext(**given) if all(given.values()) else None
        return self.admit(request, context)

    def caller(self, request: Asked, context: CallContext | None, token: str = "") -> Caller:
        """Like :meth:`admit`, for a face that asks only which desk calls."""
        cycle, _ = self.admit(request, context, token)
        return Caller(cycle.workstation, cycle.expires_at)

    def caller_of_query(self, request: web.Request) -> Caller:
        """Like :meth:`admit_query`, for a face that asks only which desk calls."""
        cycle, _ = self.admit_query(request)
        return Caller(cycle.workstation, cycle.expires_at)

    def still_admits(self, request: web.Request) -> bool:
        """Whether :meth:`admit_query` would let the caller of ``request`` in now as well."""
        try:
            self.admit_query(request)
        except Refused:
            return False
        return True


def _proof(request: Asked, token: str) -> str:
    """That of the token in the header, or else of ``token``. What a program says in each of its heads is hashed once."""
    headers = request.headers
    if not isinstance(headers, Headers):
        return proof_of(bearer(request) or token)
    if headers.proof is None:
        given = bearer(request)
        headers.proof = proof_of(given) if given else ""
    return headers.proof or proof_of(token)


def bearer(request: Asked) -> str:
    """The token of ``Authorization: Bearer``, or nothing."""
    header = request.headers.get(_AUTHORIZATION, "")
    return header[len(BEARER) :].strip() if header[: len(BEARER)].lower() == BEARER else ""
