"""A settlement as a document, for all worked cases and in all languages."""

from __future__ import annotations

import re
from datetime import date

import msgspec
import pytest

from central_sync.benefits import sentences
from central_sync.benefits.document import Document, Line, Payment, Settled, document, text, titles
from central_sync.benefits.explain import Step, Style
from central_sync.benefits.kinds import Kind
from central_sync.terms.days import Calendar
from central_sync.terms.languages import FSI, PDI, Language
from central_sync.terms.money import CURRENCIES
from tests.central_sync.benefits.worked import Worked, worked

EN, FA, ZH = Language.EN, Language.FA, Language.ZH
SHOWN_AT_LEAST = 20
"""Kinds of steps that the worked cases bring forth between them."""
CODES = {"A", "B", "C", "K", "DRG", "DIP", "ICD"}


def _made(one: Worked, language: Language) -> Document:
    region = one.rulebook.regions[one.facts.region]
    return document(one.settled, Style(language, region.calendar, CURRENCIES[region.currency]), titles(one.rulebook))


def _said(made: Document) -> list[str]:
    reasons = [reason.text for party in (*made.payers, made.patient) for reason in party.reasons]
    return [made.title, made.bill, made.sum, made.hospital, *made.lines, *reasons]


@pytest.mark.parametrize("language", list(Language))
def test_every_worked_case_is_told_in_every_language_and_in_no_other(language: Language) -> None:
    for one in worked():
        made = _made(one, language)
        for said in _said(made):
            assert "{" not in said
            assert said.count(FSI) == said.count(PDI)
            if language is not EN:
                words = set(re.findall(r"[A-Za-z]+", said))
                assert words <= CODES, (one.name, said)
            if language is ZH:
                assert not re.search("[\u0600-\u06ff]", said), (one.name, said)
            if language is FA and said:
                assert not re.search("[\u4e00-\u9fff]", said), (one.name, said)
                assert not re.search(r"[0-9]", re.sub(f"{FSI}[0-9]+{PDI}", "", said)), (one.name, said)


def test_the_worked_cases_bring_forth_most_kinds() -> None:
    seen = {
        step.kind
        for one in worked()
        for share in one.settled.shares
        for step in (*share.trace, *one.settled.patient_trace)
    }

    assert seen <= {kind.value for kind in Kind}
    assert len(seen) >= SHOWN_AT_LEAST


def test_what_each_pays_adds_up_to_the_coin_and_the_reasons_to_each() -> None:
    for one in worked():
        made = _made(one, EN)
        assert made.adds_up, one.name
        for party in (*made.payers, made.patient):
            assert sum(reason.amount for reason in party.reasons) == party.amount, one.name
        assert made.patient.money in made.sum


BAND = Step(
    rule="ir.outpatient.bands",
    amount=-313_200,
    kind="band",
    from_day=date(2023, 3, 21),
    reference="circular",
    values={"band": 1, "bands": 1, "ratio": "7/10", "low": 0, "high": 1_044_000},
    names={"fa": "فرانشیز سرپایی"},
)
LOOKED = Step(
    rule="ir.outpatient.takes",
    amount=1_044_000,
    kind="looked_at",
    values={"parts": "in_scope"},
    names={"fa": "بیمهٔ سلامت"},
)
SETTLED = Settled(
    currency="IRR",
    total=1_372_000,
    patient=641_200,
    shares=(Payment(layer="base", scheme="ir", payer="p", amount=730_800, trace=(LOOKED, BAND)),),
    patient_trace=(
        Step(rule="ir.catalogue.over_ceiling", amount=328_000, kind="catalogue.over_ceiling"),
        msgspec.structs.replace(BAND, amount=313_200, values={"band": 1, "bands": 1, "ratio": "7/10"}),
    ),
    lines=(
        Line(
            serial="L1",
            amount=1_372_000,
            catalogue_class="A",
            own_pay=0,
            over_ceiling=328_000,
            first_self_pay=0,
            in_scope=1_044_000,
            shares=(730_800,),
        ),
    ),
)


def test_a_document_reads_as_the_patient_would_say_it() -> None:
    def source(reference: str, language: Language) -> str:
        return {"fa": "بخشنامه", "zh": "通知"}.get(language, reference)

    def plain(language: Language) -> list[str]:
        style = Style(language, Calendar.JALALI, CURRENCIES["IRR"])
        return text(document(SETTLED, style, source), lines=True).replace(FSI, "").replace(PDI, "").splitlines()

    assert plain(FA) == [
        "این صورتحساب را چه کسی می‌پردازد و چرا",
        "جمع صورتحساب ۱٬۳۷۲٬۰۰۰ ریال است.",
        "    ردیف L1: ۱٬۳۷۲٬۰۰۰ ریال: هزینهٔ در تعهد ۱٬۰۴۴٬۰۰۰ ریال، مازاد بر قیمت مورد تعهد ۳۲۸٬۰۰۰ ریال. سهم بیمه‌ها ۷۳۰٬۸۰۰ ریال، سهم بیمار ۶۴۱٬۲۰۰ ریال.",
        "بیمهٔ سلامت (بیمهٔ پایه)، ۷۳۰٬۸۰۰ ریال می‌پردازد:",
        "    ۱٬۰۴۴٬۰۰۰ ریال · آنچه بیمهٔ سلامت به حساب می‌آورد: هزینهٔ در تعهد.",
        "    -۳۱۳٬۲۰۰ ریال · فرانشیز سرپایی: سهم سازمان ۷۰٪ است و بقیه سهم بیمار. [از ۱۴۰۲/۰۱/۰۱ · بخشنامه]",
        "بیمار ۶۴۱٬۲۰۰ ریال می‌پردازد:",
        "    ۳۲۸٬۰۰۰ ریال · مازاد بر قیمت مورد تعهد: این بخش با بیمار است.",
        "    ۳۱۳٬۲۰۰ ریال · فرانشیز سرپایی: سهم سازمان ۷۰٪ است و بقیه سهم بیمار. [از ۱۴۰۲/۰۱/۰۱ · بخشنامه]",
        "سهم بیمه‌ها ۷۳۰٬۸۰۰ ریال و سهم بیمار ۶۴۱٬۲۰۰ ریال: در مجموع ۱٬۳۷۲٬۰۰۰ ریال.",
    ]
    assert plain(ZH)[2:6] == [
        "    第L1行1,372,000伊朗里亚尔：政策范围内费用1,044,000伊朗里亚尔、超支付标准部分328,000伊朗里亚尔。保险支付730,800伊朗里亚尔，个人支付641,200伊朗里亚尔。",
        "基本医疗保险支付730,800伊朗里亚尔：",
        "    1,044,000伊朗里亚尔 · 该保险的计算基数：政策范围内费用。",
        "    -313,200伊朗里亚尔 · 支付比例：支付70%，此为其余由个人负担的部分。 [自1402年1月1日起 · 通知]",
    ]


def test_the_plain_values_of_an_answer_suffice() -> None:
    for one in worked():
        plain = msgspec.json.encode(one.settled)
        assert msgspec.json.decode(plain, type=Settled) == one.settled
    more = msgspec.to_builtins(worked()[0].settled) | {"settlement_id": "S1", "confirmation": "awaited"}
    assert msgspec.convert(more, Settled) == worked()[0].settled


def test_a_sum_that_does_not_add_up_is_not_hidden() -> None:
    one = worked()[0]
    wrong = msgspec.structs.replace(one.settled, patient=one.settled.patient + 1)

    assert not document(wrong, Style(ZH, Calendar.GREGORIAN, CURRENCIES["CNY"])).adds_up


def test_a_fixed_price_says_whose_the_difference_is() -> None:
    found = [one for one in worked() if one.settled.package_difference]

    for one in found:
        gain = one.settled.package_difference > 0
        assert ("gain" in _made(one, EN).hospital) == gain
        assert ("结余归医院" in _made(one, ZH).hospital) == gain
    assert found


def test_what_an_older_program_does_not_know_is_told_as_it_came() -> None:
    step = Step(rule="x.y", amount=5, text="Of a newer kind.", kind="newer")
    settled = Settled(currency="CNY", total=5, patient=5, shares=(), patient_trace=(step,))

    assert document(settled, Style(FA)).patient.reasons[0].text == "Of a newer kind."


def test_headings_say_the_same_in_every_language() -> None:
    for key, pattern in sentences.HEADINGS[EN].items():
        for language in Language:
            found = sentences.HEADINGS[language][key]
            assert set(re.findall(r"\{\w+\}", found)) == set(re.findall(r"\{\w+\}", pattern))
    assert all(sentences.HEADINGS[one].keys() == sentences.HEADINGS[EN].keys() for one in Language)
