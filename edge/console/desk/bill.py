"""PURE: who pays what of a bill, as the parts of one bar, from a settlement's answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

BAR_WIDTH = 1_000
PARTS_OF_OWN_COLOUR = 4


class Part(NamedTuple):
    """One part of the bar. ``kind``: ``patient``, ``payer-1`` …, the class of its colour. ``x`` and ``width`` are of :data:`BAR_WIDTH`. ``reasons``: sentences."""

    kind: str
    name: str
    layer: str
    amount: int
    x: int
    width: int
    deferred: bool
    reasons: tuple[str, ...]


class Bill(NamedTuple):
    """A settlement as the patient sees it: each payer's part, then the patient's. ``difference``: what a fixed price is above the lines."""

    currency: str
    total: int
    patient: int
    parts: tuple[Part, ...]
    difference: int
    deferred: bool
    due_again: int


def bill_of(answer: Mapping[str, Any], named: Callable[[str], str], told: Callable[[Mapping[str, Any]], str]) -> Bill:
    """The bill of a settlement's answer (plain values). ``named``: what a scheme is called; ``told``: a reason as a sentence."""
    shares = [*answer["shares"]]
    amounts = [int(share["amount"]) for share in shares] + [int(answer["patient"])]
    places = _places(amounts)
    parts = [
        Part(
            kind=f"payer-{1 + place % PARTS_OF_OWN_COLOUR}",
            name=named(str(share["scheme"])),
            layer=str(share["layer"]),
            amount=amounts[place],
            x=places[place][0],
            width=places[place][1],
            deferred=bool(share["deferred"]),
            reasons=_reasons(share["trace"], told),
        )
        for place, share in enumerate(shares)
    ]
    patient = Part(
        kind="patient",
        name="",
        layer="",
        amount=amounts[-1],
        x=places[-1][0],
        width=places[-1][1],
        deferred=False,
        reasons=_reasons(answer["patient_trace"], told),
    )
    return Bill(
        currency=str(answer["currency"]),
        total=int(answer["total"]),
        patient=amounts[-1],
        parts=(*parts, patient),
        difference=int(answer.get("package_difference", 0)),
        deferred=any(part.deferred for part in parts),
        due_again=int(answer.get("patient_due", 0)),
    )


def _reasons(trace: Any, told: Callable[[Mapping[str, Any]], str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(told(step) for step in trace))


def _places(amounts: list[int]) -> list[tuple[int, int]]:
    """Where each part of the bar begins and how wide it is: in proportion, what is negative has no width, and together they fill it."""
    shown = [max(amount, 0) for amount in amounts]
    whole, begun, places = sum(shown), 0, []
    for amount in shown:
        end = (begun + amount) * BAR_WIDTH // whole if whole else 0
        start = begun * BAR_WIDTH // whole if whole else 0
        places.append((start, end - start))
        begun += amount
    return places
