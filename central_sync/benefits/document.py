"""A settlement as a document for the patient: the bill, what each payer pays and why, what the patient pays and why, and that it adds up.

PURE. What the wire's settlement answer holds is enough (:class:`Settled` reads its plain values); the engine's own computation becomes the same
with :func:`settled_of`. Reasons stand in their order; their amounts add up to what they are reasons of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from msgspec import Struct

from central_sync.benefits import sentences
from central_sync.benefits.explain import Step, Style, name_of, sentence, step_of
from central_sync.benefits.kinds import Kind
from central_sync.benefits.line_shares import line_shares
from central_sync.benefits.parameters import Rulebook
from central_sync.benefits.results import Computation
from central_sync.benefits.sentences import HEADINGS
from central_sync.terms import languages
from central_sync.terms.languages import Language

PARTS = ("in_scope", "first_self_pay", "over_ceiling", "over_tariff", "own_pay")


class Line(Struct, frozen=True, kw_only=True):
    """One line of the bill by its parts, as on the wire; ``shares``: what each share pays of it, in their order (none: not told)."""

    serial: str
    amount: int
    catalogue_class: str
    own_pay: int
    over_ceiling: int
    first_self_pay: int
    in_scope: int
    over_tariff: int = 0
    shares: tuple[int, ...] = ()
    difference: int = 0


class Payment(Struct, frozen=True, kw_only=True):
    """What one layer pays, as on the wire."""

    layer: str
    scheme: str
    payer: str
    amount: int
    trace: tuple[Step, ...]
    deferred: bool = False


class Settled(Struct, frozen=True, kw_only=True):
    """A settlement, as on the wire."""

    currency: str
    total: int
    patient: int
    shares: tuple[Payment, ...]
    patient_trace: tuple[Step, ...]
    lines: tuple[Line, ...] = ()
    rulebook: str = ""
    package_difference: int = 0
    hid: str = ""
    settled_on: date | None = None


class Reason(Struct, frozen=True, kw_only=True):
    """One reason as a person reads it (``text``, ``money``, ``since``, ``source``) and as a machine does."""

    text: str
    amount: int
    money: str
    kind: str
    rule: str
    from_day: date | None
    since: str
    reference: str
    source: str


class Party(Struct, frozen=True, kw_only=True):
    """Who pays how much, in a sentence, and the reasons."""

    text: str
    amount: int
    money: str
    reasons: tuple[Reason, ...]
    layer: str = ""
    scheme: str = ""


class Document(Struct, frozen=True, kw_only=True):
    """The whole. ``sum`` says in a sentence that the parts are the bill; ``adds_up``: whether they are."""

    language: str
    title: str
    bill: str
    total: int
    payers: tuple[Party, ...]
    patient: Party
    hospital: str
    sum: str
    adds_up: bool
    lines: tuple[str, ...]
    rulebook: str


Source = Callable[[str, Language], str]
"""A key of the rulebook's sources → its title in a language; empty if it is not known."""


def settled_of(done: Computation, rulebook: Rulebook, region: str) -> Settled:
    """The engine's computation as the wire has it, with all names that the rulebook knows."""
    return Settled(
        currency=rulebook.regions[region].currency,
        total=done.total,
        patient=done.patient,
        shares=tuple(
            Payment(
                layer=share.layer,
                scheme=share.scheme,
                payer=share.payer,
                amount=share.amount,
                trace=tuple(step_of(step, rulebook.texts) for step in share.trace),
                deferred=share.deferred,
            )
            for share in done.shares
        ),
        patient_trace=tuple(step_of(step, rulebook.texts) for step in done.patient_trace),
        lines=tuple(
            Line(
                serial=line.serial,
                amount=line.amount,
                catalogue_class=line.catalogue_class,
                **{part: getattr(line, part) for part in PARTS},
                shares=paid.shares,
                difference=paid.difference,
            )
            for line, paid in zip(done.lines, line_shares(done), strict=True)
        ),
        rulebook=rulebook.version,
        package_difference=done.package_difference,
    )


def titles(rulebook: Rulebook) -> Source:
    """The titles of the rulebook's sources."""

    def title(reference: str, language: Language) -> str:
        known = rulebook.sources.get(reference)
        return rulebook.called(f"source.{reference}", language) or (known.title if known else "")

    return title


def document(settled: Settled, style: Style, source: Source = lambda _reference, _language: "") -> Document:
    """``settled`` in the language, calendar and currency of ``style``."""
    into, say = style.language, HEADINGS[style.language]

    def reasons(steps: tuple[Step, ...]) -> tuple[Reason, ...]:
        return tuple(
            Reason(
                text=sentence(step, style),
                amount=step.amount,
                money=style.money(step.amount),
                kind=step.kind,
                rule=step.rule,
                from_day=step.from_day,
                since=say["since"].format(day=style.day(step.from_day)) if step.from_day else "",
                reference=step.reference,
                source=languages.isolated(source(step.reference, into) or step.reference, into)
                if step.reference
                else "",
            )
            for step in steps
        )

    payers = tuple(
        Party(
            text=say["deferred" if share.deferred else "pays"].format(
                who=_who(share, into), amount=style.money(share.amount)
            ),
            amount=share.amount,
            money=style.money(share.amount),
            reasons=reasons(share.trace),
            layer=share.layer,
            scheme=share.scheme,
        )
        for share in settled.shares
    )
    paid = sum(share.amount for share in settled.shares)
    price = settled.total + settled.package_difference
    gain = settled.package_difference
    return Document(
        language=into.value,
        title=say["title"],
        bill=say["bill"].format(amount=style.money(settled.total)),
        total=settled.total,
        payers=payers,
        patient=Party(
            text=say["patient"].format(amount=style.money(settled.patient)),
            amount=settled.patient,
            money=style.money(settled.patient),
            reasons=reasons(settled.patient_trace),
        ),
        hospital=say["gain" if gain > 0 else "loss"].format(amount=style.money(abs(gain))) if gain else "",
        sum=say["sum"].format(
            paid=style.money(paid), patient=style.money(settled.patient), total=style.money(paid + settled.patient)
        ),
        adds_up=paid + settled.patient == price,
        lines=tuple(_line(line, style) for line in settled.lines),
        rulebook=settled.rulebook,
    )


def text(made: Document, *, lines: bool = False) -> str:
    """The document as plain text, one statement on a line; ``lines``: with the lines of the bill."""
    return "\n".join(_written(made, lines=lines)) + "\n"


def _written(made: Document, *, lines: bool) -> Iterator[str]:
    yield made.title
    yield made.bill
    if lines:
        yield from (f"    {line}" for line in made.lines)
    for party in (*made.payers, made.patient):
        yield party.text
        for reason in party.reasons:
            origin = " · ".join(part for part in (reason.since, reason.source) if part)
            yield f"    {reason.money} · {reason.text}" + (f" [{origin}]" if origin else "")
    if made.hospital:
        yield made.hospital
    yield made.sum


def _who(share: Payment, into: Language) -> str:
    """The payer by its scheme's name, where a reason knows it, and by its layer."""
    layer = sentences.LAYERS[into].get(share.layer, languages.isolated(share.layer, into))
    for step in share.trace:
        if step.kind == Kind.LOOKED_AT.value and step.names.get(into.value):
            return HEADINGS[into]["who"].format(name=name_of(step, into), layer=layer)
    return layer


def _line(line: Line, style: Style) -> str:
    into = style.language
    parts = languages.listed(
        (
            HEADINGS[into]["part"].format(part=sentences.PARTS[into][part], amount=style.money(getattr(line, part)))
            for part in PARTS
            if getattr(line, part)
        ),
        into,
    )
    paid = sum(line.shares)
    return HEADINGS[into]["line_paid" if line.shares else "line"].format(
        serial=languages.isolated(line.serial, into),
        amount=style.money(line.amount),
        parts=parts,
        paid=style.money(paid),
        patient=style.money(line.amount + line.difference - paid),
    )
