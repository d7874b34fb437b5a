"""PURE: one line of a member file becomes a member, or is said to be wrong.

A line is a JSON object: ``kind``, ``number``, ``name``, ``birth_date``, ``sex``, ``group``, ``region``, ``covers``, and perhaps ``approvals``. What
is wrong is said by field and rule, never by value: these files are full of persons.

A member is known by (kind, number), and is only ever replaced, whole, by a newer line: a cover ends by its ``to_day``.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from central_sync.benefits.eligibility import clash
from central_sync.benefits.parameters import Rulebook, Scheme
from central_sync.limits import (
    APPROVALS_PER_MEMBER_MAX,
    BIRTH_YEAR_MIN,
    COVERS_PER_MEMBER_MAX,
    MEMBER_LINE_BYTES_MAX,
)
from central_sync.terms import identifiers
from central_sync.terms.money import AMOUNT_MAX
from central_sync.wire.codec import location

Word = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[!-~]+\Z")]


class LineInvalid(ValueError):
    """A line that cannot be taken; the text names the field and the rule."""


class CoverLine(Struct, frozen=True, forbid_unknown_fields=True):
    """One cover of a line; both days included. ``family`` are those who are counted together, ``deposited`` is all that was ever paid into
    the member's account (coins), ``group`` the one in this scheme where it is not the member's.
    """

    layer: Word
    scheme: Word
    contract: Word
    from_day: date
    to_day: date | None = None
    family: Annotated[str, Meta(max_length=80, pattern=r"^[!-~]*\Z")] = ""
    deposited: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)] = 0
    group: Annotated[str, Meta(max_length=40)] = ""


class ApprovalLine(Struct, frozen=True, forbid_unknown_fields=True):
    """What the insurer vouches for of the member from day to day, both included, at one institution or in one region (neither: at any): a
    ``mark``; or, with ``scheme`` and ``amount`` (coins), the most that the scheme pays of one case. ``reference`` is the insurer's own.
    """

    from_day: date
    reference: Annotated[str, Meta(min_length=1, max_length=200)]
    to_day: date | None = None
    institution: Annotated[str, Meta(max_length=50, pattern=r"^[!-~]*\Z")] = ""
    region: Annotated[str, Meta(max_length=20, pattern=r"^[!-~]*\Z")] = ""
    mark: Annotated[str, Meta(max_length=80, pattern=r"^[!-~]*\Z")] = ""
    scheme: Annotated[str, Meta(max_length=80, pattern=r"^[!-~]*\Z")] = ""
    amount: Annotated[int, Meta(ge=0, le=AMOUNT_MAX)] | None = None


class MemberLine(Struct, frozen=True, forbid_unknown_fields=True):
    """One line."""

    kind: Word
    number: Annotated[str, Meta(min_length=1, max_length=64)]
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    birth_date: date
    sex: Annotated[str, Meta(pattern=r"^(male|female)\Z")]
    group: Annotated[str, Meta(min_length=1, max_length=40)]
    region: Word
    covers: Annotated[list[CoverLine], Meta(max_length=COVERS_PER_MEMBER_MAX)]
    approvals: Annotated[list[ApprovalLine], Meta(max_length=APPROVALS_PER_MEMBER_MAX)] = []


def described(text: bytes, rulebook: Rulebook, today: date) -> MemberLine:
    """The member that a line describes, with the number in its normal form.

    Raises:
        LineInvalid: what is wrong with it.
    """
    if len(text) > MEMBER_LINE_BYTES_MAX:
        raise LineInvalid(f"longer than {MEMBER_LINE_BYTES_MAX} bytes")
    try:
        line = msgspec.json.decode(text, type=MemberLine)
    except UnicodeDecodeError as error:
        raise LineInvalid("not UTF-8") from error
    except msgspec.ValidationError as error:
        raise LineInvalid(location(error)) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise LineInvalid("not a JSON object") from error
    return msgspec.structs.replace(line, number=_checked(line, rulebook, today))


def _checked(line: MemberLine, rulebook: Rulebook, today: date) -> str:
    region = rulebook.regions.get(line.region)
    if region is None:
        raise LineInvalid("$.region: the rulebook has no such region")
    if line.kind != region.identifier_kind:
        raise LineInvalid(f"$.kind: region {region.code} knows persons by {region.identifier_kind}")
    number = identifiers.checked(line.kind, line.number)
    if number is None:
        raise LineInvalid("$.number: fails the check of its kind")
    if "\0" in line.name or "\0" in line.group:
        raise LineInvalid("$: a NUL character")
    if line.birth_date > today:
        raise LineInvalid("$.birth_date: in the future")
    if line.birth_date.year < BIRTH_YEAR_MIN:
        raise LineInvalid(f"$.birth_date: before {BIRTH_YEAR_MIN}")  # also: calendars do not reach back for ever
    for place, cover in enumerate(line.covers):
        _checked_cover(cover, line.group, rulebook, f"$.covers[{place}]")
    if len({(c.layer, c.scheme, c.contract, c.from_day) for c in line.covers}) != len(line.covers):
        raise LineInvalid("$.covers: one stands twice")
    _one_place(line, rulebook)
    for place, approval in enumerate(line.approvals):
        _checked_approval(approval, line, rulebook, f"$.approvals[{place}]")
    return number


def _checked_cover(cover: CoverLine, group: str, rulebook: Rulebook, path: str) -> None:
    scheme = rulebook.schemes.get(cover.scheme)
    if scheme is None or scheme.layer != cover.layer:
        raise LineInvalid(f"{path}: the rulebook has no such scheme in this layer")
    if (cover.group or group) not in scheme.groups:
        where = f"{path}.group" if cover.group else "$.group"
        raise LineInvalid(f"{where}: {path} is a scheme without this group; it has {', '.join(scheme.groups)}")
    if cover.from_day.year < BIRTH_YEAR_MIN:
        raise LineInvalid(f"{path}.from_day: before {BIRTH_YEAR_MIN}")  # calendars do not reach back for ever
    if cover.to_day is not None and cover.to_day < cover.from_day:
        raise LineInvalid(f"{path}: ends before it begins")


def _one_place(line: MemberLine, rulebook: Rulebook) -> None:
    """Two schemes of one layer and rank never hold on one day for one kind of care: nobody could say which pays first. A benefit for
    certain cases alone is looked at when such a case is settled.
    """
    for number, cover in enumerate(line.covers):
        for before, other in enumerate(line.covers[:number]):
            later = max(cover.from_day, other.from_day)
            both = all(one.to_day is None or later <= one.to_day for one in (cover, other))
            mine, theirs = rulebook.schemes[cover.scheme], rulebook.schemes[other.scheme]
            if both and _always(mine) & _always(theirs) and (wrong := clash(mine, theirs)):
                raise LineInvalid(f"$.covers[{number}] and $.covers[{before}] hold on the same days; {wrong}")


def _always(scheme: Scheme) -> set[str]:
    """The kinds of care that the scheme pays for in every case."""
    return {care for care, found in scheme.benefits.items() if any(not one.when for one in found)}


def _checked_approval(approval: ApprovalLine, line: MemberLine, rulebook: Rulebook, path: str) -> None:
    schemes = {cover.scheme: rulebook.schemes[cover.scheme] for cover in line.covers}
    if bool(approval.scheme) != (approval.amount is not None) or not (approval.mark or approval.scheme):
        raise LineInvalid(f"{path}: a mark, or a scheme and an amount")
    if approval.scheme and not _approving(schemes.get(approval.scheme)):
        raise LineInvalid(f"{path}.scheme: no scheme of the member's covers that pays by approval")
    if approval.mark and all(approval.mark not in scheme.marks for scheme in schemes.values()):
        raise LineInvalid(f"{path}.mark: no scheme of the member's covers has it")
    if approval.region and approval.region not in rulebook.regions:
        raise LineInvalid(f"{path}.region: the rulebook has no such region")
    if approval.to_day is not None and approval.to_day < approval.from_day:
        raise LineInvalid(f"{path}: ends before it begins")
    if "\0" in approval.reference:
        raise LineInvalid(f"{path}.reference: a NUL character")


def _approving(scheme: Scheme | None) -> bool:
    return scheme is not None and any(one.approved for found in scheme.benefits.values() for one in found)
