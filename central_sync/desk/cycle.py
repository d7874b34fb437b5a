"""The business cycle of a workstation: 9001 sign-in and 9002 sign-out.

The edge opens and closes cycles by itself, line or no line; the hub keeps what it is told and gives the cycle its number.
"""

from __future__ import annotations

import hashlib

from central_sync.desk.checks import not_future
from central_sync.desk.work import Decision, Work
from central_sync.store.records import Cycle
from central_sync.wire.packets import SignIn, SignInAnswer, SignOut, SignOutAnswer

_NUMBER_DIGITS = 12


def sign_in(work: Work, request: SignIn) -> Decision:
    """9001. The cycle's number follows from the institution and the msgid: a resend can never make a second one."""
    not_future(work, request.business_day, "$.business_day")
    name = f"{work.institution.code}\0{work.msgid}"
    digits = hashlib.sha256(name.encode()).hexdigest()[:_NUMBER_DIGITS].upper()
    number = f"C{request.business_day:%Y%m%d}{digits}"
    cycle = Cycle(
        institution=work.institution.code,
        number=number,
        business_day=request.business_day,
        workstation=work.workstation,
        operator=work.operator,
        opened_at=work.recorded_at,
    )
    work.uow.cycles.open(cycle)
    return Decision(SignInAnswer(sign_in_number=number, business_day=request.business_day))


def sign_out(work: Work, request: SignOut) -> Decision:
    """9002. Closes what is open of this workstation and operator; none open is no refusal (the day may have closed it)."""
    not_future(work, request.business_day, "$.business_day")
    code = work.institution.code
    work.uow.cycles.close(code, request.business_day, work.workstation, work.operator, work.recorded_at)
    return Decision(SignOutAnswer(settlements=work.uow.settlements.count(code, request.business_day)))
