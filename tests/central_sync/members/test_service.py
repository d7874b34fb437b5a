"""Importing a member file: all of it or nothing, on both databases."""

from datetime import timedelta

import pytest

from central_sync.errors import MemberFileInvalid
from central_sync.members.service import Imported, import_members
from tests.central_sync.hospital import BARE, CN_COVERS, MASTER, NOW, RULEBOOK, cn_number, member_line

FIRST = member_line(*MASTER, "employee", "cn", CN_COVERS)
SECOND = member_line(*BARE, "employee", "cn")


def known(store, ref):
    with store.read() as uow:
        return uow.members.find(*ref)


def test_a_file_adds_members_and_a_second_one_replaces_them(store):
    steps = []
    assert import_members(store, RULEBOOK, [FIRST, b"", SECOND], NOW, steps.append) == Imported(2, 0)
    assert steps == [3]
    before = known(store, MASTER)
    later = NOW + timedelta(days=1)
    newer = member_line(*MASTER, "retiree", "cn", CN_COVERS[:1], name="New Name")
    assert import_members(store, RULEBOOK, [newer], later) == Imported(0, 1)
    after = known(store, MASTER)
    assert (after.id, after.name, after.group, after.as_of) == (before.id, "New Name", "retiree", later)
    assert [len(m.covers) for m in (before, after)] == [2, 1]
    with store.read() as uow:
        assert uow.members.count() == 2
        assert "Name" not in repr(uow.audit.latest())


def test_one_wrong_line_keeps_everything_out_and_is_named(store):
    with pytest.raises(MemberFileInvalid) as caught:
        import_members(store, RULEBOOK, [FIRST, b"{}", SECOND, b"x", FIRST], NOW)
    assert [number for number, _ in caught.value.lines] == [2, 4, 5]
    assert "line 1" in caught.value.lines[2][1]
    assert MASTER[1] not in str(caught.value)
    with store.read() as uow:
        assert uow.members.count() == 0


def test_complaints_end_at_a_limit(store):
    with pytest.raises(MemberFileInvalid) as caught:
        import_members(store, RULEBOOK, (b"x" for _ in range(10**9)), NOW)
    assert len(caught.value.lines) == 100


def test_progress_is_told_on_the_way(store):
    lines = [
        member_line("cn_resident_number", cn_number(f"11010519800101{n:03d}"), "employee", "cn") for n in range(999)
    ]
    steps = []
    assert import_members(store, RULEBOOK, lines, NOW, steps.append).added == 999
    assert steps == [500, 999]
