"""A journal that went back in time, or runs twice, is found out; one that only grows never is, in whatever order its words arrive."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_sync.fleet.limits import HEAD_KEPT_EVERY_S
from central_sync.fleet.lives import Found, Lives, Told, judged
from central_sync.store.records import JournalLife
from central_sync.wire.messages import Batch, HidBlock
from central_sync.wire.refusals import Refused
from tests.central_sync.fleet.conftest import NOW
from tests.central_sync.fleet.test_service import actions, enrolled

LIFE, OTHER, THIRD = (bytes([n]) * 16 for n in (1, 2, 3))
RUN, NEXT = b"r" * 8, b"n" * 8
LATER = NOW + timedelta(seconds=HEAD_KEPT_EVERY_S)


def row(life=LIFE, run=RUN, head=100):
    return JournalLife("H01", life, run, head, NOW, NOW, NOW)


@pytest.mark.parametrize(
    ("present", "known", "told", "found"),
    [
        (None, None, Told(LIFE, 0, RUN, 0), Found.NEW),
        (row(), row(), Told(LIFE, 120, RUN, 90), Found.SAME),
        (row(), row(), Told(LIFE, 80, RUN, 70), Found.SAME),
        (row(), row(), Told(LIFE, 100, NEXT, 100), Found.SAME),
        (row(), row(), Told(LIFE, 130, NEXT, 120), Found.SAME),
        (row(), row(), Told(LIFE, 99, NEXT, 99), Found.OVER),
        (row(), row(), Told(LIFE, 500, NEXT, 99), Found.OVER),
        (row(), None, Told(OTHER, 0, NEXT, 0), Found.NEW),
        (row(), row(OTHER), Told(OTHER, 900, NEXT, 900), Found.OVER),
    ],
    ids=[
        "first", "grows", "overtaken_within_a_run", "restarted", "restarted_and_grown", "lost_one", "lost_and_grown_past",
        "new_life", "ended_life",
    ],
)  # fmt: skip
def test_what_is_told_is_judged(present, known, told, found):
    assert judged(present, known, told) is found


@given(st.data())
def test_an_honest_journal_is_never_suspected_whatever_overtakes_what(data):
    """Runs open with what the one before left; their words arrive in any order within a run, and late words of an ended run may
    come after the first of the next: those alone may be refused, for nobody hears that.
    """
    present, head = None, 0
    for number in range(data.draw(st.integers(1, 5))):
        run, opened = bytes([number]) * 8, head
        head += data.draw(st.integers(0, 5))
        for told_head in data.draw(st.lists(st.integers(opened, head), max_size=5)):
            told = Told(LIFE, told_head, run, opened)
            assert judged(present, present, told) is (Found.NEW if present is None else Found.SAME)
            present = row(run=run, head=max(told_head, present.head if present else 0))


@pytest.fixture
def lives(store):
    return Lives(store)


@pytest.fixture
def certificate(fleet, store):
    return enrolled(fleet, store)


def refused(call, *arguments):
    with pytest.raises(Refused) as caught:
        call(*arguments)
    return caught.value.code


def batch(life=LIFE, head=0, run=RUN):
    return Batch(version=3, institution="H01", sent_at=NOW, items=[], life=life, head=head, run=run)


def test_the_first_life_keeps_what_was_leased_at_enrolment(fleet, lives, certificate, store):
    lives.polled(certificate, Told(LIFE, 0, RUN, 0), NOW + timedelta(hours=1))
    (item,) = fleet.page(certificate, 0, None, NOW).items
    assert isinstance(item.body, HidBlock)
    assert actions(store)[-1] == "life_begun"


def test_a_journal_that_went_back_is_told_so_and_its_new_life_gets_new_hids(fleet, lives, certificate, store):
    lives.polled(certificate, Told(LIFE, 100, RUN, 0), NOW)
    assert refused(lives.polled, certificate, Told(LIFE, 99, NEXT, 99), NOW) == "life_over"
    at = NOW + timedelta(minutes=1)
    lives.polled(certificate, Told(OTHER, 100, NEXT, 99), at)
    assert actions(store).count("life_begun") == 2
    (item,) = fleet.page(certificate, 0, 0, at).items
    assert isinstance(item.body, HidBlock)
    assert item.at == at, "the old block may be half used and is not handed out again"
    assert refused(lives.polled, certificate, Told(LIFE, 200, RUN, 100), at) == "life_over"


def test_a_batch_raises_the_head_of_the_run_that_polled(lives, certificate, store):
    lives.polled(certificate, Told(LIFE, 10, RUN, 0), NOW)
    lives.sent("H01", batch(head=50), NOW)
    with store.read() as uow:
        assert uow.lives.present("H01").head == 10, "not written more often than needed"
    lives.sent("H01", batch(head=60), LATER)
    with store.read() as uow:
        assert uow.lives.present("H01").head == 60
    assert refused(lives.polled, certificate, Told(LIFE, 50, NEXT, 50), LATER) == "life_over"


def test_a_batch_of_a_run_that_has_not_polled_decides_nothing(lives, certificate, store):
    lives.polled(certificate, Told(LIFE, 10, RUN, 0), NOW)
    other = Lives(store)
    other.sent("H01", batch(head=500, run=NEXT), LATER)
    other.sent("H01", batch(life=THIRD, head=500, run=NEXT), LATER)
    lives.polled(certificate, Told(LIFE, 20, NEXT, 10), LATER)
    with store.read() as uow:
        assert uow.lives.present("H01").head == 20


def test_a_batch_of_a_life_that_is_over_is_refused(lives, certificate, store):
    lives.polled(certificate, Told(LIFE, 10, RUN, 0), NOW)
    lives.polled(certificate, Told(OTHER, 10, NEXT, 5), NOW)
    assert refused(Lives(store).sent, "H01", batch(), NOW) == "life_over"


def test_an_older_edge_tells_nothing_and_is_let_be(lives, certificate):
    lives.sent("H01", msgspec.structs.replace(batch(), life=b""), NOW)


def test_an_absurd_head_breaks_nothing(lives, certificate, store):
    lives.polled(certificate, Told(LIFE, 10, RUN, 0), NOW)
    lives.sent("H01", batch(head=2**64), LATER)
    with store.read() as uow:
        assert uow.lives.present("H01").head == 2**62
