"""Finding by id on both databases; the pages' tests have the rest."""

from __future__ import annotations

from dataclasses import replace

SCOPE = frozenset({"H1"})


def test_an_id_is_found_whole_at_whichever_hospital_and_within_a_scope(store, hospital, other) -> None:
    one, two = hospital.settled(100_00), other.settled(200_00)
    with store.read() as uow:
        rows = {row.id: row for row in uow.settlements.all_in_force()}
        for settled in (one, two):
            row, own = rows[settled.settlement_id], settled is one
            (found,) = uow.finding.transactions(row.msgid, None, 9)
            assert (found.institution, found.msgid, found.known) == (row.institution, row.msgid, True)
            assert [case.hid for case in uow.finding.cases(row.hid, None, 9)] == [row.hid]
            assert uow.finding.settlement(row.id, None).id == row.id
            assert len(uow.finding.transactions(row.msgid, SCOPE, 9)) == own
            assert len(uow.finding.cases(row.hid, SCOPE, 9)) == own
            assert (uow.finding.settlement(row.id, SCOPE) is not None) is own
            assert uow.finding.transactions(row.msgid, frozenset(), 9) == []
            assert uow.finding.transactions(row.msgid[:-1], None, 9) == []
        member = rows[one.settlement_id].member
        assert uow.finding.members(hospital.person.number, [hospital.person.kind]) == [member]
        assert uow.finding.members(hospital.person.number, ["ir_national_code"]) == []


def test_a_case_and_a_person_are_paged_without_a_gap_or_a_copy(store, hospital) -> None:
    for _ in range(4):
        settled = hospital.settled(100_00)
    with store.read() as uow:
        row = uow.finding.settlement(settled.settlement_id, None)
        pattern = uow.ledger.get("H1", row.msgid)
    with store.write() as uow:
        for number in range(5):
            uow.ledger.claim(replace(pattern, msgid=f"x{number}"))
    with store.read() as uow:
        whole = uow.finding.of_case("H1", row.hid, None, 100)
        paged, after = [], None
        while page := uow.finding.of_case("H1", row.hid, after, 2):
            paged += page
            after = (page[-1].decided_at, page[-1].msgid)
        assert paged == whole
        assert len(whole) >= 7
        cases, after = [], None
        while found := uow.finding.cases_of(row.member, None, after, 1):
            cases += found
            after = (found[-1].opened_on, found[-1].hid)
        assert [case.hid for case in cases] == [case.hid for case in uow.finding.cases_of(row.member, None, None, 99)]
        assert len(cases) == 4
        assert uow.finding.of_case("H1", "", None, 9) == []
