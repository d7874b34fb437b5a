"""A hub whose base scheme is paid by a payer that is asked apart."""

from central_sync.intake import Intake
from central_sync.payers import Payers
from central_sync.payers.service import Round
from tests.central_sync.hospital import NOW, RULEBOOK, Hospital

PAYER = RULEBOOK.schemes["cn_employee"].payer


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self):
        return self.now


def deferring(hospital: Hospital, driver, signed=lambda _text: ("signer", b"signature")) -> Hospital:
    """``hospital`` at a hub that asks ``driver`` about the base layer."""
    intake = Intake(hospital.store, RULEBOOK, Payers({PAYER: driver}, signed))
    return Hospital(hospital.store, intake, hospital.code, counter=hospital.counter)


def round_of(store, driver, clock=None) -> Round:
    return Round(store, PAYER, driver, clock or Clock())


def shares(store, settlement):
    """The deferred shares of a settlement's answer."""
    with store.read() as uow:
        case = next(row for row in uow.settlements.all_in_force() if row.id == settlement.settlement_id)
        return uow.payer_shares.of(case.member, settlement.settlement_id)


def entries(store, *states):
    with store.read() as uow:
        return uow.reviews.listed(states or ("waiting", "rerunning", "needs_person"), "", "", 100)


class Never:
    """A driver that must not be asked."""

    def settle(self, claim):
        raise AssertionError("asked inside a unit of work")

    take_back = settle
