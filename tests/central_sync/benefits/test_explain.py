"""A step of a trace as a sentence."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central_sync.benefits import sentences
from central_sync.benefits.explain import Step, Style, percent, retold, sentence, step_of
from central_sync.benefits.kinds import SAYS, Kind
from central_sync.benefits.parameters import LAYERS, PARTS
from central_sync.benefits.results import TraceStep
from central_sync.terms.days import Calendar
from central_sync.terms.languages import FSI, PDI, Language
from central_sync.terms.money import CURRENCIES

EN, FA, ZH = Language.EN, Language.FA, Language.ZH


@pytest.mark.parametrize(("ratio", "text"), [("9/10", "90 %"), ("0.965", "96.5 %"), ("0", "0 %"), ("1", "100 %")])
def test_a_ratio_reads_as_percent(ratio, text):
    assert percent(Fraction(ratio)) == text


VALUES = {
    "ratio": "3/4",
    "parts": "in_scope, own_pay",
    "layer": "base",
    "care": "inpatient",
    "until": "2025-03-21",
    "since": "2025-03-21",
    "number": 2,
    "band": 2,
    "bands": 3,
    "to": 1000,
    "cap": "pool",
}
TOLD = {
    EN: {
        "ratio": "75%",
        "layer": "basic",
        "care": "inpatient",
        "until": "1404-01-01",
        "since": "1404-01-01",
        "parts": "class C",
        "to": "1,000",
    },
    FA: {
        "ratio": "۷۵٪",
        "layer": "پایه",
        "care": "بستری",
        "until": "۱۴۰۴/۰۱/۰۱",
        "since": "۱۴۰۴/۰۱/۰۱",
        "parts": "گروه C",
        "to": "۱٬۰۰۰",
    },
    ZH: {
        "ratio": "75%",
        "layer": "基本",
        "care": "住院",
        "until": "1404年1月1日",
        "since": "1404年1月1日",
        "parts": "丙类",
        "to": "1,000",
    },
}
LATIN = re.compile(r"[A-Za-z]+")
CODES = {"B", "C", "JPY"}


def _step(kind, *, figures=True, wording="The wording", **more):
    said = SAYS[kind]
    coins = tuple(10_000 + place for place in range(len(said.figures))) if figures else ()
    return TraceStep(
        "rule.of.it",
        kind,
        1,
        wording=wording,
        values=tuple(VALUES[name] for name in said.values),
        figures=coins,
        **more,
    )


def _style(language):
    return Style(language, Calendar.JALALI, CURRENCIES["JPY"])


def test_no_kind_and_no_language_is_missing():
    every = set(Kind)
    named = {kind for kind in every if "{name}" in "".join(table[kind] for table in sentences.SENTENCES.values())}
    for language in Language:
        assert sentences.SENTENCES[language].keys() == every
        assert sentences.WORDS[language].keys() == named
        assert sentences.FIGURES[language].keys() == sentences.FIGURES[EN].keys()
        assert sentences.LESS[language].keys() == sentences.LESS[EN].keys()
        assert sentences.PARTS[language].keys() == set(PARTS)
        assert sentences.LAYERS[language].keys() == set(LAYERS)
        assert sentences.CARES[language].keys() == {"outpatient", "inpatient"}
        assert language in sentences.NOTHING_MET
        assert language in sentences.ONE_BAND


def test_a_sentence_says_the_same_things_in_every_language():
    for table in (sentences.SENTENCES, sentences.FIGURES):
        for kind in table[EN]:
            assert len({frozenset(_names(table[language][kind])) for language in Language}) == 1, kind
            known = {*SAYS[kind].values, *SAYS[kind].figures, "name"}
            assert _names(table[EN][kind]) <= known
    for pattern in (sentences.NOTHING_MET, sentences.ONE_BAND):
        assert len({frozenset(_names(text)) for text in pattern.values()}) == 1


def _names(pattern):
    return set(re.findall(r"\{(\w+)\}", pattern))


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_reads_as_a_sentence_that_tells_all_its_values(kind, language):
    for figures in (True, False):
        said = sentence(_step(kind, figures=figures), _style(language))

        assert "{" not in said
        for name in SAYS[kind].values:
            if name in TOLD[language]:
                assert TOLD[language][name] in said
        if language is not EN:
            assert set(LATIN.findall(said)) <= CODES, said
        if language is FA:
            assert re.search("[\u0600-\u06ff]", said)
            assert not re.search("[0-9]", said), said
            assert said.count(FSI) == said.count(PDI)
        if language is ZH:
            assert re.search("[\u4e00-\u9fff]", said)


def test_figures_are_told_where_they_are_known_and_of_one_step():
    step = _step(Kind.PAID_CAP, wording="Cap of the year")

    assert sentence(step, _style(EN)) == "Cap of the year: of 10,000 JPY the insurer may still pay 10,001 JPY."
    assert sentence(step, _style(ZH)) == "封顶线：应付10,000日元，限额内只能再支付10,001日元。"
    assert sentence(step) == "Cap of the year: reached, and nothing above it is paid."
    assert "10,000" not in sentence(_step(Kind.PAID_CAP, times=2), _style(EN))


def test_a_deductible_tells_what_was_met_before_only_if_something_was():
    step = TraceStep("r", Kind.DEDUCTIBLE, -900, wording="Deductible", figures=(5_000, 1_000, 100))

    assert sentence(step, _style(ZH)) == "起付线：保险支付之前先由个人承担1,000日元，其中100日元此前已承担。"
    fresh = TraceStep("r", Kind.DEDUCTIBLE, -1_000, wording="Deductible", figures=(5_000, 1_000, 0))
    assert sentence(fresh, _style(ZH)) == "起付线：保险支付之前先由个人承担1,000日元。"


def test_a_name_of_the_rulebook_stands_in_the_place_of_the_kinds_own_word():
    step = TraceStep("cn.caps.pool", Kind.PAID_CAP, -5, wording="Annual cap", values=("pool",))
    texts = {FA: {"cn.caps.pool": "سقف تعهد سالانه"}}

    assert sentence(step_of(step, texts), _style(FA)).startswith("سقف تعهد سالانه: ")
    assert sentence(step_of(step, texts), _style(ZH)).startswith("封顶线：")
    looked = TraceStep("cn.inpatient.takes", Kind.LOOKED_AT, 5, wording="the fund", values=("in_scope",))
    assert sentence(step_of(looked, {ZH: {"cn": "统筹基金"}}), _style(ZH)) == "统筹基金的计算基数：政策范围内费用。"


def test_what_was_taken_off_a_reason_is_told_after_it():
    band = TraceStep("r", Kind.BAND, 30, wording="Shares", values=(2, 3, "17/20"))
    later = TraceStep("s", Kind.PAID_LATER, 10, wording="the supplement")
    cap = TraceStep("c", Kind.OWN_CAP, 5, wording="The most", values=("most",))
    step = band.lessened(later).lessened(cap)

    assert sentence(step) == (
        "Shares: in band 2 of 3 the insurer pays 85%, and this is the rest. the supplement pays 10 of it. "
        "Less 5: The most: the patient pays nothing above it."
    )
    assert sentence(step.lessened(cap.of(0))) == sentence(step)  # its share of it, on some of a reason's lines
    assert sentence(step, _style(ZH)) == (
        "支付比例：第2段（共3段）支付85%，此为其余由个人负担的部分。其中10日元由后续保险支付。减少5日元：个人负担封顶线：超出部分个人不再负担。"
    )
    plain = sentence(step, _style(FA)).replace(FSI, "").replace(PDI, "")
    assert plain == (
        "سهم بیمار: در پلهٔ ۲ از ۳، سهم سازمان ۸۵٪ است و بقیه سهم بیمار. ۱۰ ین آن را بیمهٔ بعدی می‌پردازد. "
        "۵ ین کمتر: سقف سهم بیمار: بیمار مازاد بر آن را نمی‌پردازد."
    )


def test_english_that_came_with_a_reason_is_not_made_again():
    step = Step(rule="r", amount=1, text="As it was.", kind="rounding", values={"to": 5})

    assert sentence(step, _style(EN)) == "As it was."
    assert sentence(step, _style(ZH)) == "按5日元的整数倍取整。"


_plain = st.recursive(
    st.none() | st.integers(-(10**20), 10**20) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    kind=st.sampled_from([*Kind]).map(str) | st.text(max_size=10),
    values=st.dictionaries(
        st.sampled_from(sorted({name for said in SAYS.values() for name in (*said.values, *said.figures)})),
        st.integers(-(10**20), 10**20) | st.text(max_size=12),
    ),
    language=st.sampled_from(Language),
    text=st.text(max_size=5),
)
def test_telling_never_fails(kind, values, language, text):
    step = Step(rule="r", amount=1, text=text, kind=kind, values=values)

    assert isinstance(sentence(step, _style(language)), str)
    assert isinstance(sentence(step, Style(language)), str)


@given(_plain, st.sampled_from(Language))
def test_an_answer_that_holds_no_reason_is_left_as_it_is(answer, language):
    if "kind" not in repr(answer):
        assert retold(answer, Style(language)) == answer


def test_the_reasons_of_an_answer_are_told_in_its_own_currency_and_nothing_else_is_touched():
    reason = {
        "rule": "r", "text": "English.", "amount": 5, "kind": "paid_cap",
        "values": {"cap": "pool", "of": 300, "open": 200},
        "names": {"zh": "年度封顶线"}, "less": [], "times": 1, "from_day": "2025-01-01", "reference": "x",
    }  # fmt: skip
    answer = {"text": "stays", "answer": {"currency": "CNY", "shares": [{"amount": 2, "trace": [reason]}]}}

    told = retold(answer, Style(ZH))

    assert told["answer"]["shares"][0]["trace"][0] == reason | {
        "text": "年度封顶线：应付3.00元，限额内只能再支付2.00元。"
    }
    assert told["text"] == "stays"
    assert answer["answer"]["shares"][0]["trace"][0]["text"] == "English."
    odd = {"rule": 5, "kind": "paid_cap", "text": "kept"}
    assert retold(odd, Style(ZH)) == odd


def test_what_an_answer_does_not_call_by_name_is_named_by_the_rulebook_that_whoever_tells_it_has():
    def step(rule: str, kind: str, **more: object) -> dict[str, object]:
        blank = {
            "text": "English.",
            "amount": 5,
            "times": 1,
            "reference": "x",
            "from_day": None,
            "values": {},
            "names": {},
        }
        return {**blank, "rule": rule, "kind": kind, "less": [], **more}

    texts = {"s.in.bands": "甲段", "s.in.cap": "封顶甲", "s": "甲保险"}
    band = step("s.in.bands", "band", values={"band": 1, "bands": 1, "ratio": "7/10"}, names={"fa": "باند"})
    looked_at = step("s.in.took", "looked_at", values={"parts": "in_scope"})
    cap = step("s.in.cap", "paid_cap", values={"cap": "pool", "of": 300, "open": 200})
    taken_off = {**band, "less": [cap]}

    def told(one: dict[str, object], language: Language) -> str:
        return retold({"trace": [one]}, Style(language), lambda key, into: texts.get(key, "") if into is ZH else "")[
            "trace"
        ][0]["text"]

    assert told(band, ZH).startswith("甲段：")
    assert "باند" in told(band, FA), "what the answer says itself comes first"
    assert "甲保险" in told(looked_at, ZH) or told(looked_at, ZH) == retold(looked_at, Style(ZH))["text"]
    assert "封顶甲" in told(cap, ZH)
    assert "甲段" in told(taken_off, ZH)
    assert retold({"trace": [band]}, Style(ZH))["trace"][0]["names"] == {"fa": "باند"}, "what is kept stays as it was"
