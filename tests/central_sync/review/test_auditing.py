"""The hub's own audit, on both databases: every settlement is judged once more than it is marked, and nothing of it is changed."""

import threading
import time
from datetime import timedelta

import msgspec

from central_sync.benefits.audit import bundle
from central_sync.members.service import import_members
from central_sync.publications import shipped
from central_sync.review import auditing as auditing_module
from central_sync.review import service as queue
from central_sync.review.auditing import Auditing, Kept
from central_sync.review.limits import AUDIT_TRIES_MAX
from central_sync.wire import packets as p
from tests.central_sync.hospital import DAY, MASTER, NOW, RULEBOOK, books_agree, member_line
from tests.central_sync.payers.deferring import Clock, entries
from tests.patience import HUNG_S

RULES = shipped().audit
DAYS = timedelta(days=1)


def auditing(store, at=NOW, rules=RULES) -> Auditing:
    return Auditing(store, lambda: at, lambda: rules)


def audited(store, hospital, hid):
    with store.read() as uow:
        case = uow.cases.get(hospital.code, hid)
        row = uow.audits.get(case.member, case.settlement_id)
    kept = msgspec.msgpack.decode(row.findings, type=Kept).findings if row.findings else []
    return row, {found.rule: found for found in kept}


def twice_charged(hospital):
    hid = hospital.register()
    hospital.done("2203", p.Visit(hid=hid, diagnoses=[hospital.diagnosis()]))
    hospital.done("2204", hospital.fees(hid, *(hospital.line(str(n), 40_00) for n in range(2))))
    return hospital.done("2207", hospital.settle_request(hid, 80_00))


def stay(hospital, first=DAY - 9 * DAYS, last=DAY - DAYS, amount=900_00):
    hid = hospital.admit(first)
    hospital.done("2301", hospital.fees(hid, hospital.line("1", amount, service_date=first)))
    leaving = p.Discharge(hid=hid, discharged_on=last, way="recovered", diagnoses=[hospital.diagnosis()])
    hospital.done("2402", leaving)
    return hospital.done("2304", hospital.settle_request(hid, amount))


def record(store, **cover):
    covers = [
        {"layer": layer, "scheme": scheme, "contract": "K1", "from_day": "2025-01-01", "to_day": None, **cover}
        for layer, scheme in (("base", "cn_employee"), ("critical_illness", "cn_critical_illness"))
    ]
    line = msgspec.json.decode(member_line(*MASTER, "employee", "cn"))
    import_members(store, RULEBOOK, [msgspec.json.encode({**line, "covers": covers})], NOW)


def test_what_would_be_deducted_is_written_beside_the_settlement_and_changes_nothing_of_it(hospital, store):
    answer = twice_charged(hospital)
    before = hospital.accumulators()
    assert auditing(store).run() is False
    row, found = audited(store, hospital, answer.hid)
    assert (row.due_at, row.rules, row.judged_at) == (None, RULES.version, NOW)
    assert (row.total, row.deduction) == (80_00, 40_00)
    assert (found["CHG-01"].severity, found["CHG-01"].serial, found["CHG-01"].takes) == ("deduct", "1", 40_00)
    assert entries(store) == []
    assert hospital.accumulators() == before
    with store.read() as uow:
        (kept,) = uow.settlements.all_in_force()
    assert msgspec.msgpack.decode(kept.answer, type=p.Settlement) == answer
    books_agree(store)


def test_what_the_line_has_no_room_for_is_not_taken_for_missing(hospital, iranian, store):
    hids = [hospital.settled(100_00).hid]
    hid = iranian.register()
    iranian.done("2204", iranian.fees(hid, *(iranian.line(item, 100_000, item) for item in priced("ir"))))
    iranian.done("2207", iranian.settle_request(hid, 100_000 * len(priced("ir"))))
    auditing(store).run()
    for who, hid_ in ((hospital, hids[0]), (iranian, hid)):
        _, found = audited(store, who, hid_)
        assert not {"ITM-07", "ITM-08", "ITM-09", "ITM-21", "DRG-03", "DRG-05", "OPR-01", "OPR-05", "CHG-10"} & set(
            found
        )


def priced(region):
    return sorted(code for code, item in RULES.places[region].items.items() if item.relative)[:3]


def test_care_elsewhere_is_known_to_the_hub_alone_and_waits_for_a_person(hospital, other, store):
    stay(other)
    hid = hospital.register(day=DAY - 5 * DAYS)
    hospital.done("2204", hospital.fees(hid, hospital.line("1", 50_00, service_date=DAY - 5 * DAYS)))
    hospital.done("2207", hospital.settle_request(hid, 50_00))
    auditing(store).run()
    _, found = audited(store, hospital, hid)
    assert found["STA-05"].severity == "pend"
    (entry,) = [row for row in entries(store) if row.subject == "STA-05:"]
    assert (entry.reason, entry.state, entry.institution, entry.amount) == ("finding", "needs_person", "H1", 50_00)


def test_a_record_that_comes_later_has_the_settlement_judged_again_by_itself(hospital, store):
    stay(hospital)
    auditing(store).run()
    record(store, to_day=str(DAY - 4 * DAYS))
    auditing(store, NOW + DAYS).run()
    (entry,) = [row for row in entries(store) if row.subject == "COV-03:"]
    assert (entry.reason, entry.state) == ("member_record", "waiting")
    record(store)
    assert [row.state for row in entries(store) if row.id == entry.id] == ["rerunning"]
    auditing(store, NOW + 2 * DAYS).run()
    with store.read() as uow:
        assert uow.reviews.get(entry.id).state == "resolved"
        assert [step.event for step in uow.reviews.history(entry.id)][-2:] == ["arrive", "clear"]


def test_the_same_record_again_judges_nothing(hospital, store):
    hospital.settled()
    auditing(store).run()
    line = msgspec.json.decode(member_line(*MASTER, "employee", "cn"))
    with store.read() as uow:
        member = uow.members.find(*MASTER)
    covers = [
        {"layer": c.layer, "scheme": c.scheme, "contract": c.contract, "from_day": str(c.from_day), "to_day": None}
        for c in member.covers
    ]
    import_members(store, RULEBOOK, [msgspec.json.encode({**line, "covers": covers})], NOW + DAYS)
    with store.read() as uow:
        assert uow.audits.due(NOW + 2 * DAYS, 10) == []


def test_a_settlement_that_is_taken_back_has_nothing_open_and_one_that_comes_back_is_judged_anew(
    hospital, other, store
):
    stay(other)
    hid = hospital.register(day=DAY - 5 * DAYS)
    hospital.done("2204", hospital.fees(hid, hospital.line("1", 50_00, service_date=DAY - 5 * DAYS)))
    answer = hospital.done("2207", hospital.settle_request(hid, 50_00))
    auditing(store).run()
    assert ours(store) == ["STA-05:"]
    cancel = hospital.transaction("2208", p.SettleCancel(hid=hid, settlement_id=answer.settlement_id))
    hospital.take(cancel)
    assert ours(store) == []
    auditing(store).run()
    assert ours(store) == []
    hospital.done("2601", p.Reversal(original_msgid=cancel.msgid, original_number="2208", hid=hid))
    auditing(store).run()
    assert ours(store) == ["STA-05:"]


def ours(store):
    return [row.subject for row in entries(store) if row.institution == "H1"]


def test_other_rules_judge_again_what_was_judged_and_the_same_rules_do_not(hospital, store):
    answer = twice_charged(hospital)
    auditing(store).run()
    fewer = {key: rule for key, rule in RULES.rules.items() if rule.rule != "CHG-01"}
    blind = bundle.versioned(
        msgspec.structs.replace(
            RULES,
            rules={**RULES.rules, **{k: warn(r) for k, r in RULES.rules.items() if k not in fewer}},
        )
    )
    auditing(store, NOW + DAYS).run()
    assert audited(store, hospital, answer.hid)[0].judged_at == NOW
    auditing(store, NOW + DAYS, blind).run()
    row, _ = audited(store, hospital, answer.hid)
    assert (row.judged_at, row.rules, row.deduction) == (NOW + DAYS, blind.version, 0)


def warn(rule):
    return msgspec.structs.replace(rule, severity=bundle.Severity.WARN, takes=bundle.Takes.NOTHING)


def test_a_case_that_the_rules_stumble_over_keeps_no_other_from_being_judged_and_ends_with_a_person(
    hospital, store, iranian
):
    broken = iranian.settled(100_000)
    whole = hospital.settled(100_00)
    places = {"cn": RULES.places["cn"]}
    narrow = msgspec.structs.replace(RULES, places=places)
    clock = Clock()
    running = Auditing(store, clock, lambda: narrow)
    for _ in range(AUDIT_TRIES_MAX):
        running.run()
        clock.now += timedelta(hours=1)
    assert audited(store, hospital, whole.hid)[0].due_at is None
    row, _ = audited(store, hospital, whole.hid)
    assert row.judged_at == NOW
    (entry,) = entries(store)
    assert (entry.reason, entry.state, entry.settlement_id) == ("not_audited", "needs_person", broken.settlement_id)
    with store.write() as uow:
        queue.rerun(uow, entry.id, "officer", clock.now)
    auditing(store, clock.now).run()
    assert entries(store) == []


def test_threads_judge_by_themselves_and_end_when_told(hospital, store):
    answer = hospital.settled()
    running = Auditing(store, lambda: NOW, lambda: RULES)
    running.start()
    try:
        ends = time.monotonic() + HUNG_S
        while audited(store, hospital, answer.hid)[0].due_at is not None and time.monotonic() < ends:
            time.sleep(0.05)
    finally:
        running.stop()
        running.stop()
    assert audited(store, hospital, answer.hid)[0].judged_at == NOW


def test_several_hubs_judge_each_settlement_once(hospital, store, monkeypatch):
    for n in range(30):
        hospital.settled(100_00 + n)
    heard = []
    real = auditing_module.claim_of
    monkeypatch.setattr(
        auditing_module, "claim_of", lambda uow, row, places: heard.append(row.settlement_id) or real(uow, row, places)
    )
    hubs = [auditing(store) for _ in range(4 if store.shared else 1)]
    threads = [threading.Thread(target=lambda hub=hub: [hub.run() for _ in range(3)]) for hub in hubs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == len(set(heard)) == 30
    with store.read() as uow:
        assert uow.audits.due(NOW + DAYS, 10) == []


def test_an_audit_that_hangs_holds_up_no_settlement(hospital, store):
    hospital.settled()
    asked, go = threading.Event(), threading.Event()

    def slow():
        asked.set()
        assert go.wait(2 * HUNG_S)
        return RULES

    running = Auditing(store, lambda: NOW, slow)
    running.start()
    try:
        assert asked.wait(HUNG_S)
        for n in range(10):
            hospital.settled(10_00 + n)
        assert not go.is_set()
    finally:
        go.set()
        running.stop()


def test_a_pre_settlement_marks_nothing(hospital, store):
    hid = hospital.charged(100_00)
    hospital.done("2206", p.PreSettle(hid=hid, currency="CNY", total=100_00))
    with store.read() as uow:
        assert uow.audits.due(NOW + DAYS, 10) == []


def test_a_member_file_that_holds_marks_holds_up_no_audit_and_is_not_undone_by_one(hospital, store, monkeypatch):
    """A file is one unit of work: the marks of its first members are held while it comes to the next ones."""
    settled = [hospital.settled(10_00 + n) for n in range(2)]
    with store.read() as uow:
        member = uow.settlements.named(settled[0].settlement_id).member
    reading, held, kept = threading.Event(), threading.Event(), threading.Event()
    claim_of = auditing_module.claim_of

    def slowly(*what):
        reading.set()
        assert held.wait(20)
        return claim_of(*what)

    def judge():
        auditing(store).run()
        kept.set()

    monkeypatch.setattr(auditing_module, "claim_of", slowly)
    thread = threading.Thread(target=judge)
    thread.start()
    assert reading.wait(20)
    with store.write() as uow:
        uow.audits.want(member, settled[0].settlement_id, "H1", settled[0].hid, NOW)
        held.set()
        if store.shared:  # a file has one writer: there the audit waits for its turn
            assert kept.wait(5)
        uow.audits.want(member, settled[1].settlement_id, "H1", settled[1].hid, NOW)
    thread.join(20)
    assert kept.is_set()
    auditing(store, NOW + timedelta(minutes=5)).run()
    with store.read() as uow:
        rows = [uow.audits.get(member, one.settlement_id) for one in settled]
    assert all(row.due_at is None and row.judged_at for row in rows)
