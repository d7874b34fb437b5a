"""What all packets rest on: bounded texts, codes and amounts, and the two base structs."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from central_sync.terms.money import AMOUNT_MAX
from central_sync.wire.limits import MSGID_CHARACTERS_MAX

Amount = Annotated[int, Meta(ge=0, le=AMOUNT_MAX)]
Signed = Annotated[int, Meta(ge=-AMOUNT_MAX, le=AMOUNT_MAX)]
"""What a later part of a stay may give back."""
Text = Annotated[str, Meta(max_length=200)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Code = Annotated[str, Meta(min_length=1, max_length=50, pattern=r"^[!-~]+$(?!\n)")]
Msgid = Annotated[str, Meta(min_length=1, max_length=MSGID_CHARACTERS_MAX, pattern=r"^[!-~]+$(?!\n)")]
Hid = Annotated[str, Meta(pattern=r"^[0-9]{16}$(?!\n)")]
Quantity = Annotated[str, Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,4})?$(?!\n)")]
UnitPrice = Annotated[str, Meta(pattern=r"^[0-9]{1,13}(\.[0-9]{1,6})?$(?!\n)")]
CurrencyCode = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)")]


class Request(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of what a HIS sends."""


class Answer(Struct, frozen=True, omit_defaults=True):
    """Base of what the hub decides."""
