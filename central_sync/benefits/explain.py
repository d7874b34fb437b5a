"""What a step of a trace says, as a sentence for a patient in English, Persian or Chinese. Settling pays nothing for it: a step holds data, and
is told when somebody reads it.

PURE. Rules
    * A :class:`Step` is a reason as the wire and a file have it; an answer of the hub is enough to tell it in any language.
    * Telling never fails: a kind that this version does not know, or one without its values, is told by the ``text`` that came with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction

import msgspec

from central_sync.benefits import sentences
from central_sync.benefits.kinds import SAYS, Kind
from central_sync.benefits.results import TraceStep
from central_sync.terms import languages
from central_sync.terms.days import Calendar
from central_sync.terms.languages import Language
from central_sync.terms.money import CURRENCIES, Currency

Called = Callable[[str, Language], str]
"""What a rulebook calls a rule (by its name) or a scheme (by its code) in a language; empty if it does not say."""
_NUMBERS = frozenset(["number", "band", "bands"])
_UNTOLD = frozenset(["cap"])
"""Values that a machine checks and no sentence tells."""


class Style(msgspec.Struct, frozen=True):
    """For whom a sentence is: language, calendar of the days, currency of the coins (``None``: amounts are left out)."""

    language: Language = Language.EN
    calendar: Calendar = Calendar.GREGORIAN
    currency: Currency | None = None

    def money(self, amount: int) -> str:
        """Coins as a person reads them."""
        if self.currency is None:
            return languages.number(amount, self.language)
        return languages.money(amount, self.currency, self.language)

    def day(self, value: date) -> str:
        """A day as a person reads it."""
        return languages.day(value, self.calendar, self.language)


PLAIN = Style()


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reason as the wire has it; ``values`` hold the figures too. ``names``: what its rule is called, by language."""

    rule: str
    amount: int
    text: str = ""
    kind: str = ""
    from_day: date | None = None
    reference: str = ""
    values: dict[str, str | int] = {}
    less: tuple[Step, ...] = ()
    times: int = 1
    names: dict[str, str] = {}


def step_of(step: TraceStep, texts: Mapping[Language, Mapping[str, str]] | None = None) -> Step:
    """A reason of the engine as the wire has it; ``texts`` are those of its rulebook."""
    named = named_by(step)
    names = {str(language): known[named] for language, known in (texts or {}).items() if named in known}
    if step.wording:
        names[Language.EN.value] = step.wording
    return Step(
        rule=step.rule,
        amount=step.amount,
        kind=step.kind.value,
        from_day=step.from_day,
        reference=step.reference,
        values=step.named,
        less=tuple(step_of(one, texts) for one in step.less),
        times=step.times,
        names=names,
    )


def named_by(step: TraceStep | Step) -> str:
    """The key of the rulebook's texts under which what a step names is called: its rule, or a scheme."""
    return step.rule.partition(".")[0] if step.kind in (Kind.LOOKED_AT, Kind.PAID_LATER) else step.rule


def sentence(step: Step | TraceStep, style: Style = PLAIN) -> str:
    """``step`` as a person reads it. What came as English text is not made again."""
    if isinstance(step, TraceStep):
        step = step_of(step)
    if style.language is Language.EN and step.text:
        return step.text
    try:
        return _sentence(step, style)
    except (KeyError, ValueError, ArithmeticError):
        return step.text or step.rule


def percent(ratio: Fraction) -> str:
    """A ratio as a rulebook's writer reads it: ``9/10`` is ``90 %``."""
    hundred = ratio * 100
    return f"{Decimal(hundred.numerator) / Decimal(hundred.denominator):f} %"


def name_of(step: Step, language: Language) -> str:
    """What the rule of a step is called in ``language``: by the rulebook, or by its kind."""
    known = step.names.get(language.value)
    if known:
        return languages.isolated(known, language)
    return sentences.WORDS[language].get(Kind(step.kind), "")


def currency_of(code: str) -> Currency | None:
    """The currency of that code, or ``None`` if this version does not know it."""
    return CURRENCIES.get(code)


def nobody_says(_key: str, _language: Language) -> str:
    """Nothing is called anything but what an answer says itself."""
    return ""


def named(step: Step, language: Language, called: Called) -> Step:
    """``step`` with what ``called`` knows of its names, and of those of what was taken off it, where it does not say so itself."""
    names = step.names
    if language.value not in names and (known := called(named_by(step), language)):
        names = {**names, language.value: known}
    return msgspec.structs.replace(step, names=names, less=tuple(named(one, language, called) for one in step.less))


def retold(answer: object, style: Style, called: Called = nobody_says) -> object:
    """``answer`` (plain values) with the ``text`` of every reason in it told in ``style``; whatever else it holds stays as it is.

    The amounts are in the ``currency`` that the nearest map around them names. An answer names its rules in one language, that of the
    place of care: ``called`` may know others.
    """
    if isinstance(answer, list):
        return [retold(one, style, called) for one in answer]
    if not isinstance(answer, dict):
        return answer
    if isinstance(code := answer.get("currency"), str):
        style = msgspec.structs.replace(style, currency=currency_of(code))
    told = {key: retold(one, style, called) for key, one in answer.items()}
    if answer.get("kind") and "text" in answer and "rule" in answer:
        try:
            told["text"] = sentence(named(msgspec.convert(answer, Step), style.language, called), style)
        except msgspec.ValidationError:
            return told  # another thing with a kind and a text
    return told


def _sentence(step: Step, style: Style) -> str:
    into, kind = style.language, Kind(step.kind)
    pattern, figures = sentences.SENTENCES[into][kind], SAYS[kind].figures
    if kind is Kind.BAND and step.values["bands"] == 1:
        pattern = sentences.ONE_BAND[into]
    elif figures and style.currency and step.times == 1 and all(name in step.values for name in figures):
        pattern = sentences.FIGURES[into].get(kind, pattern)
        if kind is Kind.DEDUCTIBLE and not step.values["met"]:
            pattern = sentences.NOTHING_MET[into]
    told = {name: _told(name, value, style) for name, value in step.values.items() if name not in _UNTOLD}
    said = pattern.format_map({**told, "name": name_of(step, into)})
    for one in step.less:
        if not one.amount:
            continue  # of a reason on several lines, what was taken off it is told with the others
        how = sentences.LESS[into]
        joined = how.get(Kind(one.kind), how[None])
        reason = sentence(one, style)
        said = joined.format(said=said, amount=style.money(one.amount), name=name_of(one, into), reason=reason)
    return said


def _told(name: str, value: str | int, style: Style) -> str:
    """One value, as a person reads it."""
    into = style.language
    if name == "ratio":
        return languages.percent(Fraction(value), into)
    if name in ("until", "since"):
        return style.day(date.fromisoformat(str(value)))
    if name in _NUMBERS:
        return languages.number(int(value), into)
    if name == "parts":
        return languages.listed((sentences.PARTS[into][part] for part in str(value).split(", ")), into)
    if name == "layer":
        return sentences.LAYERS[into][str(value)]
    if name == "care":
        return sentences.CARES[into][str(value)]
    return style.money(int(value))
