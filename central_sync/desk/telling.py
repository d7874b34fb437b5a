"""A settlement's reasons as the wire has them: data that suffices to tell them in any language, and their English."""

from __future__ import annotations

from collections.abc import Iterable

from central_sync.benefits.explain import Style, named_by, sentence
from central_sync.benefits.results import TraceStep
from central_sync.desk.work import Work
from central_sync.terms.money import CURRENCIES
from central_sync.wire import packets as p


def trace(work: Work, steps: Iterable[TraceStep]) -> list[p.TraceStep]:
    """``steps`` on the wire, with what their rules are called in the language of the place of care."""
    region = work.rulebook.regions[work.institution.region]
    style = Style(calendar=region.calendar, currency=CURRENCIES[region.currency])

    def told(step: TraceStep) -> p.TraceStep:
        name = work.rulebook.called(named_by(step), region.language)
        return p.TraceStep(
            rule=step.rule,
            text=sentence(step, style),
            amount=step.amount,
            from_day=step.from_day,
            reference=step.reference,
            kind=step.kind.value,
            values=step.named,
            less=[told(one) for one in step.less],
            times=step.times,
            names={region.language.value: name} if name else {},
        )

    return [told(step) for step in steps]
