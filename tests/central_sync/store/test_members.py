"""Members, on both databases."""

from dataclasses import replace
from datetime import UTC, date, datetime

from central_sync.store.records import Approval, Cover, Member

NOW = datetime(2025, 6, 2, 8, 0, tzinfo=UTC)
COVERS = (
    Cover("base", "s", "k", date(2025, 1, 1), None),
    Cover("base", "s", "k", date(2024, 1, 1), date(2024, 12, 31)),
)
MEMBER = Member("id1", "k", "1", "n", date(1980, 1, 1), "male", "g", "cn", NOW, COVERS)


def test_a_member_is_found_by_number_and_keeps_its_key_when_replaced(store):
    with store.write() as uow:
        assert uow.members.put(MEMBER)
        assert not uow.members.put(replace(MEMBER, id="id2", name="m", covers=COVERS[1:]))
        assert uow.members.put(replace(MEMBER, id="id3", kind="other"))
    with store.read() as uow:
        assert uow.members.find("k", "1") == replace(MEMBER, name="m", covers=COVERS[1:])
        assert uow.members.find("other", "1").id == "id3"
        assert uow.members.find("k", "2") is None
        assert uow.members.get("id2") is None
        assert uow.members.count() == 2


def test_a_member_without_cover_is_known(store):
    with store.write() as uow:
        assert uow.members.put(replace(MEMBER, covers=()))
        assert uow.members.get("id1") == replace(MEMBER, covers=())


def test_families_accounts_and_approvals_are_kept_with_the_member(store):
    cover = replace(COVERS[0], family="f", deposited=10**15, own_group="retiree")
    approval = Approval("special", date(2025, 1, 1), None, "H1", "cn", "A-1")
    full = replace(MEMBER, covers=(cover,), approvals=(approval, replace(approval, to_day=date(2025, 2, 1))))
    with store.write() as uow:
        uow.members.put(full)
    with store.read() as uow:
        assert uow.members.get("id1") == full
    with store.write() as uow:
        uow.members.put(MEMBER)
        assert uow.members.get("id1") == MEMBER
