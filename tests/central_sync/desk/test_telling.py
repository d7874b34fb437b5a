"""What an answer carries of each reason: enough to tell it in any language."""

import msgspec

from central_sync.benefits.checking import check
from central_sync.benefits.document import Settled, document
from central_sync.benefits.explain import Step, Style, retold, sentence
from central_sync.terms.days import Calendar
from central_sync.terms.languages import Language
from central_sync.terms.money import CURRENCIES
from edge.replies import whole
from tests.central_sync.hospital import RULEBOOK


def test_an_answer_suffices_to_tell_its_reasons_and_names_them_where_the_patient_is(hospital):
    answer = hospital.settled(1_000_00)

    looked, band = answer.shares[0].trace[:2]
    assert band.text.startswith("Co-payment of outpatient care: the insurer pays ")
    assert band.names == {"zh": "门诊统筹支付比例"}
    assert looked.names == {"zh": "职工基本医疗保险统筹基金"}
    chinese = retold(whole(answer), Style(Language.ZH))
    assert isinstance(chinese, dict)
    assert chinese["shares"][0]["trace"][1]["text"].startswith("门诊统筹支付比例：支付")
    persian = Style(Language.FA, Calendar.JALALI, CURRENCIES["CNY"])
    step = Step(rule=band.rule, amount=band.amount, kind=band.kind, values=band.values, names=band.names)
    assert sentence(step, persian).startswith("سهم بیمار: سهم سازمان ")


def test_what_a_hospital_was_answered_holds_before_an_auditor_and_reads_as_a_document(hospital):
    for answer in (hospital.settled(1_000_00), hospital.settled(98_765_43)):
        settled = msgspec.convert(whole(answer), Settled)

        assert check(settled, RULEBOOK) == []
        made = document(settled, Style(Language.ZH, currency=CURRENCIES["CNY"]))
        assert made.adds_up
        assert made.payers[0].text.startswith("职工基本医疗保险统筹基金（基本医疗保险）支付")
        dearer = msgspec.structs.replace(settled, patient=settled.patient + 1)
        assert check(dearer, RULEBOOK)
