"""The fixed inputs of the golden vectors: for each catalogue row its least and its fullest packet, and one of each message.

Everything here is invented; identifiers only pass their check digits. Change nothing that stands here: add. A changed
vector means that edges in the field no longer speak with the hub.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec

from central_sync.wire import codec
from central_sync.wire import messages as m
from central_sync.wire import packets as p
from tests.wire_vectors.reports import edge_report

DAY = date(2025, 3, 20)
AT = datetime(2025, 3, 20, 6, 30, 15, 250000, tzinfo=UTC)
HID = "0000000000010186"
LIFE = bytes(range(16))
RUN = bytes(range(8))
PERSON = p.PersonRef(kind="ir_national_code", number="0013542419")
MAIN = p.Diagnosis(code="J18.900", main=True, name="肺炎")
OTHER = p.Diagnosis(code="I10.x00")
LINE = p.FeeLine(
    serial="1", item="ZC01", quantity="2.5", unit_price="10.10", amount=2525, service_date=DAY, name="سرم نمکی"
)
COVER = p.Cover(layer="base", scheme="ir_social_security", contract="C1", from_day=DAY, to_day=None, in_force=True)
PRICED = p.PricedLine(
    serial="1", amount=2525, catalogue_class="B", own_pay=0, over_ceiling=25, first_self_pay=250, in_scope=2250
)
STEP = p.TraceStep(rule="base.ratio", text="70 %", amount=1575, from_day=DAY, reference="illustrative")
SETTLEMENT = p.Settlement(
    hid=HID,
    currency="CNY",
    total=2525,
    patient=950,
    shares=[
        p.Share(layer="base", scheme="cn_employee", payer="fund", amount=1575, trace=[STEP]),
        p.Share(layer="critical", scheme="cn_critical", payer="fund", amount=0, trace=[], deferred=True),
    ],
    patient_trace=[p.TraceStep(rule="rest", text="the patient pays the rest", amount=950)],
    lines=[PRICED],
    rulebook="2025.1",
    settled_on=DAY,
    settlement_id="S1",
    confirmation="awaited",
)
OPEN = p.OpenTransaction(
    msgid="m-1", number="2207", outcome="in_doubt", confirmation="awaited", hid=HID, recorded_at=AT
)

REQUESTS: dict[str, dict[str, p.Request]] = {
    "sign_in": {"least": p.SignIn(business_day=DAY)},
    "sign_out": {"least": p.SignOut(business_day=DAY)},
    "person": {"least": p.PersonRequest(person=PERSON)},
    "benefit_check": {"least": p.BenefitCheck(person=PERSON, care="outpatient", service_date=DAY)},
    "registration": {
        "least": p.Registration(person=PERSON, service_date=DAY, department="داخلی"),
        "full": p.Registration(
            person=PERSON, service_date=DAY, department="داخلی", doctor="Dr. One", visit_number="V-7"
        ),
    },
    "registration_cancel": {"least": p.CaseRef(hid=HID)},
    "visit": {
        "least": p.Visit(hid=HID, diagnoses=[MAIN]),
        "full": p.Visit(hid=HID, diagnoses=[MAIN, OTHER], doctor="Dr. One", complaint="咳嗽三天"),
    },
    "outpatient_fees": {"least": p.Fees(hid=HID, currency="CNY", lines=[LINE])},
    "outpatient_fees_cancel": {"least": p.FeesCancel(hid=HID), "full": p.FeesCancel(hid=HID, serials=["1", "2"])},
    "outpatient_pre_settle": {"least": p.PreSettle(hid=HID, currency="CNY", total=2525)},
    "outpatient_settle": {
        "least": p.Settle(hid=HID, currency="CNY", total=2525),
        "full": p.Settle(hid=HID, currency="CNY", total=2525, invoice="INV-1"),
    },
    "outpatient_settle_cancel": {
        "least": p.SettleCancel(hid=HID, settlement_id="S1"),
        "full": p.SettleCancel(hid=HID, settlement_id="S1", reason="wrong patient"),
    },
    "inpatient_fees": {"least": p.Fees(hid=HID, currency="IRR", lines=[LINE, LINE])},
    "inpatient_fees_cancel": {"least": p.FeesCancel(hid=HID), "full": p.FeesCancel(hid=HID, serials=["1"])},
    "inpatient_pre_settle": {"least": p.PreSettle(hid=HID, currency="IRR", total=0)},
    "inpatient_settle": {"least": p.Settle(hid=HID, currency="IRR", total=10**15)},
    "inpatient_settle_cancel": {"least": p.SettleCancel(hid=HID, settlement_id="S2")},
    "admission": {
        "least": p.Admission(person=PERSON, admitted_on=DAY, department="ICU", diagnoses=[MAIN]),
        "full": p.Admission(
            person=PERSON,
            admitted_on=DAY,
            department="ICU",
            diagnoses=[MAIN, OTHER],
            bed="3-12",
            doctor="Dr. One",
            stay_number="A-9",
        ),
    },
    "discharge": {"least": p.Discharge(hid=HID, discharged_on=DAY, way="recovered", diagnoses=[MAIN])},
    "stay_change": {
        "least": p.StayChange(hid=HID),
        "full": p.StayChange(hid=HID, department="Ward 4", bed="1", doctor="Dr. Two", diagnoses=[OTHER]),
    },
    "admission_cancel": {"least": p.CaseRef(hid=HID)},
    "discharge_cancel": {"least": p.CaseRef(hid=HID)},
    "confirm": {
        "least": p.Confirm(original_msgid="m-1", his_result=0),
        "full": p.Confirm(original_msgid="m-1", his_result=-3, hid=HID),
    },
    "query": {"least": p.Query(original_msgid="m-1")},
    "uncertain": {"least": p.Uncertain()},
    "reversal": {
        "least": p.Reversal(original_msgid="m-1", original_number="2207"),
        "full": p.Reversal(original_msgid="m-1", original_number="2207", hid=HID),
    },
    "audit_forecast": {
        "least": p.Forecast(care="outpatient", currency="CNY", from_day=DAY, lines=[]),
        "full": p.Forecast(
            care="inpatient",
            currency="IRR",
            from_day=DAY,
            to_day=DAY,
            tier="public",
            patient=PERSON,
            sex="female",
            birth_date=date(1980, 1, 31),
            validity_seen=True,
            diagnoses=[MAIN, OTHER],
            insured_at="cn",
            filing="F-1",
            send_on=DAY,
            total=2525,
            line_count=1,
            groups=[p.DraftGroup(name="drugs", amount=2525)],
            lines=[
                p.DraftLine(
                    serial="1",
                    item="ZC01",
                    unit_price="10.10",
                    service_date=DAY,
                    quantity="2.5",
                    amount=2525,
                    name="سرم نمکی",
                    national_code="2500000000000101",
                    relative_value_code="300245",
                    modifiers=["26"],
                    percent=50,
                    doctor="Dr. One",
                    started_at=datetime.fromisoformat("2025-03-20T08:00"),
                    ended_at=datetime.fromisoformat("2025-03-20T09:30"),
                    daily_dose="1.5",
                    days=7,
                    approval="A-1",
                    refund_of="0",
                    group="drugs",
                )
            ],
            earlier=[
                p.EarlierCare(
                    care="inpatient", from_day=DAY, to_day=DAY, here=False, main_diagnosis="J18.9", items=["ZC01"]
                )
            ],
        ),
    },
    "reconcile_totals": {
        "least": p.ReconcileTotals(
            from_day=DAY, to_day=DAY, currency="CNY", settlements=1, total=2525, funds=1575, patient=950
        )
    },
    "reconcile_details": {
        "least": p.ReconcileDetails(from_day=DAY, to_day=DAY, currency="CNY", rows=[]),
        "full": p.ReconcileDetails(
            from_day=DAY,
            to_day=DAY,
            currency="CNY",
            rows=[p.DetailRow(settlement_id="S1", total=2525, funds=1575, patient=950)],
        ),
    },
}
"""Row name → sample name → request."""

_CANCELLED = p.SettleCancelled(hid=HID, settlement_id="S1", total=-2525, patient=-950, funds=-1575)
_DONE = p.Done(hid=HID)

ANSWERS: dict[str, p.Answer] = {
    "sign_in": p.SignInAnswer(sign_in_number="N1", business_day=DAY),
    "sign_out": p.SignOutAnswer(settlements=7),
    "person": p.PersonAnswer(
        member="M1", name="نمونه", birth_date=date(1980, 1, 31), sex="female", covers=[COVER], as_of=AT
    ),
    "benefit_check": p.BenefitAnswer(
        entitled=True,
        covers=[COVER],
        balances=[p.Balance(layer="base", name="annual", used=5, cap=None)],
        currency="IRR",
        as_of=AT,
    ),
    "registration": p.CaseOpened(hid=HID),
    "registration_cancel": _DONE,
    "visit": _DONE,
    "outpatient_fees": p.FeesAnswer(hid=HID, lines=[PRICED]),
    "outpatient_fees_cancel": p.FeesCancelled(hid=HID, cancelled=2),
    "outpatient_pre_settle": msgspec.structs.replace(SETTLEMENT, settlement_id="", confirmation="none"),
    "outpatient_settle": SETTLEMENT,
    "outpatient_settle_cancel": _CANCELLED,
    "inpatient_fees": p.FeesAnswer(hid=HID, lines=[PRICED]),
    "inpatient_fees_cancel": p.FeesCancelled(hid=HID, cancelled=0),
    "inpatient_pre_settle": msgspec.structs.replace(SETTLEMENT, settlement_id="", confirmation="none"),
    "inpatient_settle": SETTLEMENT,
    "inpatient_settle_cancel": _CANCELLED,
    "admission": p.CaseOpened(hid=HID, covered=False),
    "discharge": _DONE,
    "stay_change": _DONE,
    "admission_cancel": _DONE,
    "discharge_cancel": _DONE,
    "confirm": p.Confirmed(settlement_id="S1", confirmation="confirmed"),
    "query": p.QueryAnswer(
        original_msgid="m-1", outcome="final", number="2401", confirmation="none", packet={"hid": HID}
    ),
    "uncertain": p.UncertainAnswer(at_edge=[OPEN], at_hub=[]),
    "reversal": p.Reversed(original_msgid="m-1", effect="never_applied"),
    "audit_forecast": p.ForecastAnswer(
        currency="CNY",
        total=2525,
        deduction=25,
        findings=[
            p.ForecastFinding(
                rule="ITM-04",
                severity="deduct",
                reason="above_tariff",
                text="Above the tariff",
                desk="The price is above the tariff. What is above is not paid.",
                reviewer="The amount is above quantity x tariff.",
                from_day=DAY,
                reference="illustrative",
                serial="1",
                takes=25,
                illustrative=True,
            )
        ],
        open=["COV-02"],
        rules="2025.1",
    ),
    "reconcile_totals": p.TotalsAnswer(equal=True, settlements=1, total=2525, funds=1575, patient=950, awaited=0),
    "reconcile_details": p.DetailsAnswer(
        equal=False,
        differences=[p.Difference(settlement_id="S1", msgid="m-1", kind="missing_at_hospital", hub_total=2525)],
    ),
}
"""Row name → answer."""


def transaction() -> m.Transaction:
    """A settle as the edge sends it."""
    return m.Transaction(
        msgid="m-1",
        number="2207",
        packet=msgspec.msgpack.encode(REQUESTS["outpatient_settle"]["least"]),
        lane=HID,
        recorded_at=AT,
        business_day=DAY,
        hid=HID,
        operator="op1",
        workstation="desk-1",
    )


def _proven() -> m.Transaction:
    return msgspec.structs.replace(transaction(), card_read="Zk3v0mYw1cQ9rT5uX7aBdg")


def ask() -> m.Ask:
    """What became of that settle?"""
    return m.Ask(
        msgid="m-1", number="2207", lane=HID, digest=codec.digest("2207", REQUESTS["outpatient_settle"]["least"])
    )


def day_root() -> m.DayRoot:
    """What an edge says of one day."""
    return m.DayRoot(life=LIFE, day=DAY, first=1, last=70_000, root=bytes(range(32)), signature=bytes(range(71)))


def _comparing() -> dict[str, m.Message]:
    return {
        "compare_request": m.CompareRequest(
            version=3, from_at=AT, to_at=AT, splits=["", "0f"], lists=["3fa"], names=[bytes(range(8))]
        ),
        "compare_answer": m.CompareAnswer(
            version=3,
            hub_time=AT,
            splits=[(1).to_bytes(4) + bytes(range(16)) + bytes(15 * 20)],
            lists=[bytes(range(32))],
            names=[m.Named(key=bytes(range(8)), msgid="m-1", number="2207", recorded_at=AT)],
        ),
    }


def feeds() -> dict[str, m.Message]:
    """Answers of a poll."""
    return {
        "feed": m.Feed(
            version=3,
            hub_time=AT,
            items=[
                m.FeedItem(cursor=1, at=AT, body=m.HidBlock(first=101, last=200)),
                m.FeedItem(cursor=2, at=AT, body=m.Notice(text="The line is down from 22:00.", audience="technician")),
                m.FeedItem(cursor=3, at=AT, body=m.ConfirmationChange(msgid="m-1", confirmation="annulled")),
            ],
        ),
        "feed_empty": m.Feed(version=3, hub_time=AT, items=[]),
        "feed_payers": m.Feed(
            version=3, hub_time=AT, items=[], payers=[m.PayerWord(payer="payer-1", since=AT, shares=12)]
        ),
        "feed_no_payers": m.Feed(version=3, hub_time=AT, items=[], payers=[]),
    }


def all_messages() -> dict[str, m.Message]:
    """Sample name → message of the present wire version."""
    answer = msgspec.msgpack.encode(ANSWERS["outpatient_settle"])
    return {
        "batch": m.Batch(
            version=3, institution="H001", sent_at=AT, items=[transaction(), ask()], life=LIFE, head=70_000, run=RUN
        ),
        "batch_card_read": m.Batch(version=3, institution="H001", sent_at=AT, items=[_proven()]),
        "batch_empty": m.Batch(version=3, institution="H001", sent_at=AT, items=[]),
        "batch_answer": m.BatchAnswer(
            version=3,
            hub_time=AT,
            answers=[
                m.ItemAnswer(
                    msgid="m-1",
                    verdict=m.Verdict.FINAL,
                    packet=answer,
                    confirmation="awaited",
                    decided_at=AT,
                    digest=ask().digest,
                ),
                m.ItemAnswer(
                    msgid="m-2", verdict=m.Verdict.REFUSED, code="never_applied", decided_at=AT, repeated=True
                ),
                m.ItemAnswer(msgid="m-3", verdict=m.Verdict.AGAIN, code="hub_fault"),
            ],
            signer="0123456789abcdef",
            signature=bytes(range(64)),
        ),
        "batch_answer_refused": m.BatchAnswer(version=3, hub_time=AT, answers=[], code="clock_wrong", detail="86400 s"),
        **feeds(),
        "edge_report": edge_report(),
        "edge_report_least": m.EdgeReport(version=3, sent_at=AT),
        **_comparing(),
        "enrol_request": m.EnrolRequest(version=3, secret="00" * 10, signing_request="-----BEGIN …"),
        "enrolment": m.Enrolment(
            institution="H001",
            name="بیمارستان نمونه",
            zone="Asia/Tehran",
            currency="IRR",
            calendar="jalali",
            certificate="-----BEGIN …",
            authority="-----BEGIN …",
            sync_url="https://hub.example:8443",
            enrol_url="https://hub.example:8444",
        ),
        "renewal": m.Renewal(version=3, signing_request="-----BEGIN …"),
        "renewal_ended": m.Renewal(
            version=3, signing_request="-----BEGIN …", certificate="-----BEGIN …", signature=bytes(range(70))
        ),
        "renewed": m.Renewed(version=3, certificate="-----BEGIN …", authority="-----BEGIN …"),
        "roots_offer": m.RootsOffer(version=3, roots=[day_root()]),
        "roots_answer": m.RootsAnswer(
            version=3,
            hub_time=AT,
            answers=[
                m.RootAnswer(life=LIFE, day=DAY, signer="0123456789abcdef", signature=bytes(range(64)), signed_at=AT),
                m.RootAnswer(life=LIFE, day=DAY, code="root_differs"),
            ],
        ),
    }


def previous_messages() -> dict[str, m.Message]:
    """Sample name → the message as a peer of version 2 writes it: without what version 3 added."""
    now = all_messages()
    kept = ("batch", "batch_empty", "batch_answer", "batch_answer_refused", "feed", "feed_empty", "enrol_request")
    added = {"life": b"", "head": 0, "run": b"", "signer": "", "signature": b""}
    made: dict[str, m.Message] = {}
    for name in kept:
        message = now[name]
        fields = {"version": 2, **{field: value for field, value in added.items() if hasattr(message, field)}}
        if isinstance(message, m.BatchAnswer):
            fields["answers"] = [msgspec.structs.replace(answer, digest=b"") for answer in message.answers]
        made[name] = msgspec.structs.replace(message, **fields)
    return made | {"enrolment": msgspec.structs.replace(now["enrolment"], enrol_url="")}
