"""The compiled audit rules: decision tables in JDM, what each rule says, and the reference data; as bytes and back.

PURE. JSON with sorted keys; the version is the SHA-256 of the body with an empty version, as for the rulebook's own bundle. The hub builds
it (``central_sync/rulebook/audit_rules.py``); the edge has it as the package's file ``rules.json`` until a signed bundle reaches it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from central_sync.benefits.audit.reference import Place
from central_sync.benefits.audit.vocabulary import Needs
from central_sync.benefits.bundle import BundleBroken
from central_sync.terms.languages import Language

FILE = "rules.json"
"""The bundle that is shipped, beside this module."""


class Severity(StrEnum):
    """What a finding means: not payable at all; less is paid; somebody should know; a person decides."""

    REJECT = "reject"
    DEDUCT = "deduct"
    WARN = "warn"
    PEND = "pend"


class Takes(StrEnum):
    """How much a rule takes off its line."""

    NOTHING = "nothing"
    ALL = "all"
    RATIO = "ratio"
    COINS = "coins"
    QUANTITY = "quantity"


class Telling(Struct, frozen=True, array_like=True):
    """What a rule says in one more language: its name, and the sentences for the desk and for the reviewer."""

    text: str
    desk: str
    reviewer: str


class Rule(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One wording of one rule: in force from ``from_day`` up to and with ``to_day`` (``None``: still).

    ``takes``: the whole line (a case rule: the whole bill), ``ratio`` of it, the coins that the fact ``measure`` says, or the part of the
    amount that ``measure`` is of the quantity. ``needs``: what must be known, or the rule stays open. ``openimis``: the number of the
    same reason there, 0 if it has none. ``text``, ``desk`` and ``reviewer`` are English; ``tellings`` are the same in other languages.
    """

    rule: str
    over: str
    text: str
    severity: Severity
    reason: str
    from_day: date
    source: str
    desk: str
    reviewer: str
    to_day: date | None = None
    takes: Takes = Takes.NOTHING
    ratio: Decimal = Decimal(0)
    measure: str = ""
    needs: tuple[Needs, ...] = ()
    openimis: int = 0
    illustrative: bool = False
    tellings: Mapping[Language, Telling] = {}

    def told(self, language: Language) -> Telling:
        """What it says in ``language``, or in English where it has no other."""
        return self.tellings.get(language) or Telling(self.text, self.desk, self.reviewer)

    def holds(self, day: date) -> bool:
        """Whether this wording is in force on ``day``."""
        return self.from_day <= day and (self.to_day is None or day <= self.to_day)


class Source(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Where a rule comes from."""

    title: str
    note: str = ""
    titles: Mapping[Language, str] = {}


class AuditBundle(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Everything that an audit needs. ``model`` is one JDM document over all tables; what its tables give is a key of ``rules``."""

    version: str
    model: dict[str, Any]
    rules: Mapping[str, Rule]
    places: Mapping[str, Place]
    sources: Mapping[str, Source]


def packed(bundle: AuditBundle) -> bytes:
    """``bundle`` as bytes."""
    return msgspec.json.encode(bundle, order="sorted", enc_hook=_map)


def unpacked(body: bytes) -> AuditBundle:
    """The bundle in ``body``.

    Raises:
        BundleBroken: shape or version is wrong.
    """
    bundle = shaped(body)
    if versioned(bundle).version != bundle.version:
        raise BundleBroken("the content has another version")
    return bundle


def shaped(body: bytes) -> AuditBundle:
    """The bundle in ``body``, whatever version it names: a signature vouches for it, or it is a part of another.

    Raises:
        BundleBroken: its shape is wrong.
    """
    try:
        return msgspec.json.decode(body, type=AuditBundle)
    except (msgspec.DecodeError, ValueError, InvalidOperation) as error:
        raise BundleBroken("no audit rules") from error


def versioned(bundle: AuditBundle) -> AuditBundle:
    """``bundle`` with the version that its content has."""
    bare = msgspec.structs.replace(bundle, version="")
    return msgspec.structs.replace(bundle, version=hashlib.sha256(packed(bare)).hexdigest())


def _map(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)  # items that are decoded one by one
    raise NotImplementedError(type(value).__name__)
