"""PURE: who stands at the desk, and whether insured: from the card, and from what the insurer said (1101 and 2001)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from central_sync.wire import packets as p
from central_sync.wire.catalogue import Care
from edge.console.views import N_, Condition
from edge.readers.cards.identity import CardIdentity

SEXES: Mapping[str, str] = {"male": N_("male"), "female": N_("female"), "other": N_("other")}


class Cover(StrEnum):
    """What is known of somebody's insurance."""

    INSURED = "insured"
    NOT_INSURED = "not_insured"
    UNKNOWN_PERSON = "unknown_person"
    NOT_ASKED = "not_asked"
    """The insurer could not be asked: the line is down, say."""


class Answers(NamedTuple):
    """What the insurer said of somebody at ``at``. ``code``: why there is no person; ``checks``: cover by kind of care."""

    at: datetime
    person: p.PersonAnswer | None = None
    code: str = ""
    checks: Mapping[Care, p.BenefitAnswer] = {}
    check_code: str = ""


class Seen(NamedTuple):
    """Somebody as the page shows them. ``differs``: the card names somebody else than the insurer does."""

    name: str
    birth_date: date | None
    sex: str
    kind: str
    number: str
    cover: Cover
    covers: tuple[p.Cover, ...]
    balances: tuple[p.Balance, ...]
    currency: str
    as_of: datetime | None
    code: str
    differs: bool
    from_card: bool


UNKNOWN = frozenset({"person_unknown", "identifier_invalid"})


class Banner(NamedTuple):
    """The first thing that is read: in force or not, and what that means."""

    condition: Condition
    says: str
    next: str


BANNERS: Mapping[Cover, Banner] = {
    Cover.INSURED: Banner(Condition.WELL, N_("Insured"), N_("Open a visit, or admit the patient.")),
    Cover.NOT_INSURED: Banner(
        Condition.BROKEN, N_("Not insured today"), N_("A visit can be opened all the same: the patient pays all of it.")
    ),
    Cover.UNKNOWN_PERSON: Banner(
        Condition.BROKEN,
        N_("Not known to the insurer"),
        N_("Compare the number with the card, and type it again if it differs."),
    ),
    Cover.NOT_ASKED: Banner(
        Condition.WARNING,
        N_("The insurer could not be asked"),
        N_("A visit can be opened all the same; it is sent by itself. Ask again before you settle."),
    ),
}


MAINTAINED = N_("The gateway is being maintained: nothing new is begun. Ask again when that is over.")
"""In the place of what says that a visit can be opened."""
NOT_BEGUN, ENDED, NOT_IN_FORCE = N_("not begun yet"), N_("ended"), N_("not in force")


def banner(seen_: Seen, *, maintained: bool = False) -> Banner:
    """What is read first of somebody; ``maintained``: the gateway takes nothing new now."""
    told = BANNERS[seen_.cover]
    if not maintained:
        return told
    condition = Condition.WARNING if told.condition is Condition.WELL else told.condition
    return Banner(condition, told.says, MAINTAINED)


def out_of_force(cover: p.Cover, today: date) -> str:
    """Why ``cover`` does not count today; empty: it does."""
    if cover.in_force:
        return ""
    if cover.from_day > today:
        return NOT_BEGUN
    return ENDED if cover.to_day is not None and cover.to_day < today else NOT_IN_FORCE


def plain_answer(answer: Mapping[str, Any] | None, kind: type[p.Answer]) -> Any:
    """A reply's plain values as the struct that they are; ``None`` if they are not."""
    if answer is None:
        return None
    try:
        return msgspec.convert(answer, kind)
    except msgspec.ValidationError:
        return None


def seen(kind: str, number: str, card: CardIdentity | None, answers: Answers | None) -> Seen:
    """Who it is, from the card and from the insurer's answers; the insurer's word counts before the card's."""
    found = answers.person if answers else None
    checks = list((answers.checks if answers else {}).values())
    insured = any(check.entitled for check in checks)
    if found and answers and answers.code:
        cover = Cover.NOT_ASKED  # what is known is from earlier
    elif found and checks:
        cover = Cover.INSURED if insured else Cover.NOT_INSURED
    elif found:
        cover = Cover.INSURED if any(one.in_force for one in found.covers) else Cover.NOT_INSURED
    else:
        cover = Cover.UNKNOWN_PERSON if answers and answers.code in UNKNOWN else Cover.NOT_ASKED
    balances = {(one.layer, one.name, one.owner): one for check in checks for one in check.balances}
    return Seen(
        name=found.name if found else card.name if card else "",
        birth_date=found.birth_date if found else card.birth_date if card else None,
        sex=found.sex if found else card.sex if card else "",
        kind=kind,
        number=number,
        cover=cover,
        covers=tuple(checks[0].covers if checks else found.covers if found else ()),
        balances=tuple(balances.values()),
        currency=checks[0].currency if checks else "",
        as_of=found.as_of if found else None,
        code=(answers.code or answers.check_code) if answers else "",
        differs=bool(found and card and card.birth_date and card.birth_date != found.birth_date),
        from_card=card is not None,
    )
