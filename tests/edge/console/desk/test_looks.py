"""Who was looked up lately: each desk its own, for a while; and what the insurer said last when it cannot be asked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from central_sync.wire import packets as p
from edge.console.desk.looks import KEPT_FOR, KEPT_MAX, REMEMBERED_FOR, Look, Memory, Shelf
from edge.console.desk.person import Answers, Cover, seen

NOW = datetime(2026, 3, 20, 8, tzinfo=UTC)
PERSON = p.PersonAnswer(member="M", name="hub", birth_date=date(1990, 5, 4), sex="female", covers=[], as_of=NOW)


def test_what_is_kept_is_its_own_desks_and_for_a_while() -> None:
    shelf: Shelf[Look] = Shelf()
    name = shelf.put(Look("desk-1", "k", "1"), NOW)
    assert shelf.find(name, "desk-1", NOW + KEPT_FOR - timedelta(seconds=1))
    assert shelf.find(name, "desk-2", NOW) is None
    assert shelf.find("x", "desk-1", NOW) is None
    assert shelf.find(name, "desk-1", NOW + KEPT_FOR) is None


def test_one_too_many_and_the_oldest_goes_but_one_that_was_asked_again_is_new() -> None:
    shelf: Shelf[Look] = Shelf()
    first, second = (shelf.put(Look("d", "k", str(n)), NOW) for n in range(2))
    assert shelf.put(Look("d", "k", "0", read_id="again"), NOW, first) == first
    for n in range(KEPT_MAX - 1):
        shelf.put(Look("d", "k", str(n)), NOW)
    assert shelf.find(second, "d", NOW) is None
    assert shelf.find(first, "d", NOW)


def test_when_the_insurer_cannot_be_asked_its_last_word_is_told_with_its_age_and_as_no_answer_of_now() -> None:
    memory = Memory()
    assert memory.remembered("k", "1", Answers(NOW, PERSON)).person is PERSON
    later = Answers(NOW + timedelta(hours=1), code="line_down")
    old = memory.remembered("k", "1", later)
    assert (old.person, old.at, old.code) == (PERSON, NOW, "line_down")
    told = seen("k", "1", None, old)
    assert (told.name, told.cover, told.code) == ("hub", Cover.NOT_ASKED, "line_down")
    assert memory.remembered("k", "2", later) is later
    late = Answers(NOW + REMEMBERED_FOR, code="line_down")
    assert memory.remembered("k", "1", late) is late


def test_who_is_no_longer_known_to_the_insurer_is_forgotten_here() -> None:
    memory = Memory()
    memory.remembered("k", "1", Answers(NOW, PERSON))
    memory.remembered("k", "1", Answers(NOW, code="person_unknown"))
    assert memory.remembered("k", "1", Answers(NOW, code="line_down")).person is None
