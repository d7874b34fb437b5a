"""Lives and roots, on both databases."""

from datetime import UTC, date, datetime, timedelta

from central_sync.store.records import JournalLife, SignedRoot

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
RUN = bytes(8)


def life(number, at=NOW, institution="H1", head=0):
    return JournalLife(institution, bytes([number]) * 16, RUN, head, at, at, at)


def test_one_life_is_present_and_the_next_ends_it(store):
    with store.write() as uow:
        assert uow.lives.present("H1") is None
        assert uow.lives.begin(life(1))
        assert uow.lives.begin(life(9, institution="H2"))
        assert uow.lives.begin(life(2, NOW + HOUR))
        assert not uow.lives.begin(life(1, NOW + 2 * HOUR)), "a life does not begin twice"
    with store.read() as uow:
        assert uow.lives.present("H1") == life(2, NOW + HOUR)
        assert uow.lives.present("H2") == life(9, institution="H2")
        assert [uow.lives.count(code) for code in ("H1", "H2", "H3")] == [2, 1, 0]
        ended = uow.lives.get("H1", bytes([1]) * 16)
        assert ended is not None
        assert ended.ended_at == NOW + HOUR


def test_a_head_never_falls(store):
    with store.write() as uow:
        uow.lives.begin(life(1))
        for head in (5, 9, 7):
            uow.lives.tell("H1", bytes([1]) * 16, b"r" * 8, head, NOW + HOUR)
    with store.read() as uow:
        kept = uow.lives.present("H1")
    assert kept is not None
    assert (kept.head, kept.run, kept.told_at) == (9, b"r" * 8, NOW + HOUR)


def test_a_signers_certificate_is_kept_as_it_was_first_told(store):
    with store.write() as uow:
        assert uow.signers.add("aa", "PEM", NOW)
        assert not uow.signers.add("aa", "OTHER", NOW)
    with store.read() as uow:
        assert uow.signers.all() == {"aa": "PEM"}


def test_a_day_of_a_life_has_one_root_for_ever(store):
    row = SignedRoot("H1", bytes(16), date(2026, 2, 28), 1, 9, bytes(32), b"s", "aa", "b" * 16, b"c", NOW)
    with store.write() as uow:
        assert uow.roots.add(row)
        assert not uow.roots.add(row)
    with store.read() as uow:
        assert uow.roots.get("H1", bytes(16), date(2026, 2, 28)) == row
        assert uow.roots.get("H1", bytes(16), date(2026, 2, 27)) is None
        assert uow.roots.get("H2", bytes(16), date(2026, 2, 28)) is None
        assert [uow.roots.newest(code) for code in ("H1", "H2")] == [date(2026, 2, 28), None]
