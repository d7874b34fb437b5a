"""What an answer carries of each reason: enough to tell it in any language."""

from central_sync.benefits.explain import Step, Style, retold, sentence
from central_sync.terms.days import Calendar
from central_sync.terms.languages import Language
from central_sync.terms.money import CURRENCIES
from edge.replies import whole


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
