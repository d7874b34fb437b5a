"""Who stands at the desk, and what is known of their insurance."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from central_sync.wire import packets as p
from central_sync.wire.catalogue import Care
from edge.console.desk.person import BANNERS, MAINTAINED, Answers, Cover, banner, out_of_force, plain_answer, seen
from edge.console.views import Condition
from edge.readers.cards.identity import CardIdentity

NOW = datetime(2026, 3, 20, 8, tzinfo=UTC)
COVER = p.Cover(layer="base", scheme="s", contract="c", from_day=date(2025, 1, 1), to_day=None, in_force=True)
CARD = CardIdentity(kind="k", number="1", card="simulated", name="card", birth_date=date(1990, 5, 4))


def person(**more: Any) -> p.PersonAnswer:
    return p.PersonAnswer(
        **{
            "member": "M",
            "name": "hub",
            "birth_date": date(1990, 5, 4),
            "sex": "female",
            "covers": [COVER],
            "as_of": NOW,
            **more,
        }
    )


def check(entitled: bool, *balances: p.Balance) -> p.BenefitAnswer:
    return p.BenefitAnswer(entitled=entitled, covers=[COVER], balances=list(balances), currency="CNY", as_of=NOW)


@pytest.mark.parametrize(
    ("answers", "cover"),
    [
        (None, Cover.NOT_ASKED),
        (Answers(NOW, code="line_down"), Cover.NOT_ASKED),
        (Answers(NOW, code="person_unknown"), Cover.UNKNOWN_PERSON),
        (Answers(NOW, person()), Cover.INSURED),
        (Answers(NOW, person(covers=[])), Cover.NOT_INSURED),
        (Answers(NOW, person(), checks={Care.OUTPATIENT: check(False)}), Cover.NOT_INSURED),
        (Answers(NOW, person(), checks={Care.OUTPATIENT: check(False), Care.INPATIENT: check(True)}), Cover.INSURED),
    ],
    ids=range(7),
)
def test_what_is_said_first_is_whether_insured(answers: Answers | None, cover: Cover) -> None:
    told = seen("k", "1", None, answers)
    assert told.cover is cover
    assert BANNERS[cover].says


def test_the_insurers_word_counts_before_the_cards_and_a_difference_is_told() -> None:
    assert seen("k", "1", CARD, None).name == "card"
    told = seen("k", "1", CARD, Answers(NOW, person()))
    assert (told.name, told.differs, told.as_of) == ("hub", False, NOW)
    assert seen("k", "1", CARD, Answers(NOW, person(birth_date=date(1991, 1, 1)))).differs


def test_a_ceiling_that_both_kinds_of_care_have_is_told_once() -> None:
    one, two = (p.Balance(layer="base", name=name, used=1, cap=2) for name in ("a", "b"))
    answers = Answers(NOW, person(), checks={Care.OUTPATIENT: check(True, one), Care.INPATIENT: check(True, one, two)})
    assert seen("k", "1", None, answers).balances == (one, two)


def test_an_answer_of_another_shape_is_no_answer() -> None:
    assert plain_answer(None, p.PersonAnswer) is None
    assert plain_answer({"name": 1}, p.PersonAnswer) is None


@pytest.mark.parametrize("cover", BANNERS)
def test_while_the_gateway_is_maintained_nobody_is_told_that_a_visit_can_be_opened(cover: Cover) -> None:
    who = seen("k", "1", CARD, None)._replace(cover=cover)
    told = banner(who, maintained=True)
    assert told.says == banner(who).says == BANNERS[cover].says
    assert told.next == MAINTAINED
    assert told.condition is not Condition.WELL


@pytest.mark.parametrize(
    ("from_day", "to_day", "in_force", "word"),
    [
        ("2025-01-01", None, True, ""),
        ("2026-03-21", None, False, "not begun yet"),
        ("2025-01-01", "2026-03-19", False, "ended"),
        ("2025-01-01", "2026-03-20", False, "not in force"),
        ("2025-01-01", None, False, "not in force"),
    ],
)
def test_why_a_cover_does_not_count_today_is_one_of_three_words(
    from_day: str, to_day: str | None, in_force: bool, word: str
) -> None:
    days = {"from_day": date.fromisoformat(from_day), "to_day": date.fromisoformat(to_day) if to_day else None}
    assert out_of_force(msgspec.structs.replace(COVER, **days, in_force=in_force), NOW.date()) == word
