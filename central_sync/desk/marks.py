"""PURE: which marks hold of a case: what the hospital says, what the insurer has approved, and where the member is insured.

Rules
    * The rulebook says who vouches for a mark. What the insurer must vouch for, by any scheme that covers the member on the day of the case, is
      not believed of a hospital: it holds while an approval in the member's record is in force on that day, at this institution.
    * A member who is insured in another region than that of the place of care has ``out_of_area_filed`` if that is approved (the
      filing), and ``out_of_area`` if not: always one of the two, never both. Nobody else can say either.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from central_sync.benefits.parameters import Rulebook
from central_sync.store.records import Institution, Member
from central_sync.wire.refusals import Refused

OUT_OF_AREA = "out_of_area"
FILED = "out_of_area_filed"
_PLACES = (OUT_OF_AREA, FILED)


def declared(rulebook: Rulebook, currency: str, said: Iterable[str]) -> str:
    """The marks that a hospital says, as a case keeps them.

    Raises:
        Refused: ``mark_unknown``; ``mark_not_hospitals``: no scheme believes it of a hospital. Its place is told, never what was written there.
    """
    schemes = [scheme for scheme in rulebook.schemes.values() if scheme.currency == currency]
    marks = list(said)
    for place, mark in enumerate(marks):
        path = f"$.marks[{place}]"
        if mark in _PLACES:
            raise Refused("mark_not_hospitals", path)
        having = [scheme for scheme in schemes if mark in scheme.marks]
        if not having:
            raise Refused("mark_unknown", path)
        if all(mark in scheme.vouched for scheme in having):
            raise Refused("mark_not_hospitals", path)
    return " ".join(sorted(set(marks)))


def holding(rulebook: Rulebook, institution: Institution, member: Member, day: date, said: str) -> tuple[str, ...]:
    """The marks that hold of a member's case on ``day``, of which the hospital ``said`` some (as :func:`declared` gave them)."""
    held = {
        cover.scheme
        for cover in member.covers
        if cover.from_day <= day and (cover.to_day is None or day <= cover.to_day)
    }
    schemes = [rulebook.schemes[code] for code in held if code in rulebook.schemes]
    doubted = {mark for scheme in schemes for mark in scheme.vouched}
    approved = {one.mark for one in member.approvals if one.mark and one.holds(day, institution)}
    found = {mark for mark in said.split() if mark not in doubted} | approved.difference(_PLACES)
    if member.region != institution.region:
        found.add(FILED if FILED in approved else OUT_OF_AREA)
    return tuple(sorted(found))


def approved(institution: Institution, member: Member, day: date, scheme: str) -> int | None:
    """The most that the scheme has approved for a member's case on ``day``; ``None``: it has named no amount. Of several letters the
    largest counts.
    """
    amounts = [
        one.amount
        for one in member.approvals
        if one.scheme == scheme and one.amount is not None and one.holds(day, institution)
    ]
    return max(amounts, default=None)
