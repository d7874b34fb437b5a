"""Compiles ``rules/`` into the audit's bundle: strict, dated, every rule with its source.

``rules/<table>.yaml`` holds rules in an officer's words (conditions.py says how a condition is written), ``rules/sources.yaml`` where they come
from, ``rules/limits/`` what the audit knows of items, diagnoses and modifiers beside the tariff. Anything unknown, double, undated,
without a source or of the wrong kind is an error with file and key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from msgspec import Meta, field

from central_sync.benefits.audit import bundle
from central_sync.benefits.audit.bundle import AuditBundle, Rule, Severity, Source, Takes, Telling
from central_sync.benefits.audit.vocabulary import OVERS, Fact, Kind, facts_of
from central_sync.benefits.parameters import Rulebook
from central_sync.rulebook import decision_tables, limits
from central_sync.rulebook.conditions import cell
from central_sync.rulebook.documents import Document, Phrase, SourceFile, Word, Wording
from central_sync.rulebook.load import PACKAGED, load
from central_sync.rulebook.strict import RulebookError, document, plain, shaped
from central_sync.rulebook.texts import Told, english
from central_sync.terms.languages import Language

RULES = "rules"
SOURCES = f"{RULES}/sources.yaml"
RuleId = Annotated[str, Meta(pattern=r"^[A-Z]{3}-[0-9]{2}$")]
Sentence = Annotated[str, Meta(min_length=5, max_length=300)]


class SentencesFile(Document, frozen=True, kw_only=True):
    """The same sentence in every language that we answer in."""

    en: Sentence
    fa: Sentence
    zh: Sentence


class WordingFile(Document, frozen=True, kw_only=True):
    """A rule as it reads from one day on; ``to`` only where it ends without a later one."""

    from_day: date = field(name="from")
    source: Word
    when: Annotated[dict[str, str], Meta(min_length=1)]
    to_day: date | None = field(name="to", default=None)
    illustrative: bool = False


class RuleFile(Document, frozen=True, kw_only=True):
    """One rule. ``takes``: ``all``, a ratio, ``coins FACT`` or ``quantity FACT``; a rejection takes all, a warning nothing."""

    rule: RuleId
    text: Wording
    severity: Severity
    reason: Word
    desk: Sentence | SentencesFile
    reviewer: Sentence | SentencesFile
    wordings: Annotated[list[WordingFile], Meta(min_length=1)]
    takes: str = ""
    openimis: str = "0"


class TableFile(Document, frozen=True, kw_only=True):
    """One file: rules over the case or over its lines."""

    table: Word
    over: str
    text: Phrase
    rules: Annotated[list[RuleFile], Meta(min_length=1)]


def build(folder: Path = PACKAGED, rulebook: Rulebook | None = None) -> bytes:
    """The bundle of the rules in ``folder``; ``rulebook`` is the same folder's, if it is loaded already.

    Raises:
        RulebookError: something in it is wrong; names file and key.
    """
    return bundle.packed(compiled(folder, rulebook or load(folder)))


def compiled(folder: Path, rulebook: Rulebook) -> AuditBundle:
    """The bundle of the rules in ``folder`` over the tariffs of ``rulebook``.

    Raises:
        RulebookError: as :func:`build`.
    """
    sources = _sources(folder)
    rules: dict[str, Rule] = {}
    rows: dict[str, list[decision_tables.Row]] = {over: [] for over in OVERS}
    seen: set[str] = set()
    for path in sorted((folder / RULES).glob("*.yaml")):
        file = f"{RULES}/{path.name}"
        if file == SOURCES:
            continue
        table = document(folder, file, TableFile)
        if table.table != path.stem:
            raise RulebookError(file, "table", "is not the file's name")
        if table.over not in OVERS:
            raise RulebookError(file, "over", f"is one of {', '.join(OVERS)}")
        for number, rule in enumerate(table.rules):
            if rule.rule in seen:
                raise RulebookError(file, f"rules[{number}].rule", f"{rule.rule} stands twice")
            seen.add(rule.rule)
            _add(file, f"rules[{number}]", table.over, rule, sources, rules, rows[table.over])
    used = {rule.source for rule in rules.values()}
    if unused := sources.keys() - used:
        raise RulebookError(SOURCES, min(unused), "no rule names it")
    return bundle.versioned(
        AuditBundle(
            version="",
            model=decision_tables.model(rows),
            rules=rules,
            places=limits.places(folder, f"{RULES}/limits", rulebook),
            sources=sources,
        )
    )


def _sources(folder: Path) -> dict[str, Source]:
    entries = plain(folder, SOURCES)
    if not isinstance(entries, dict):
        raise RulebookError(SOURCES, "document", "a map of sources")
    read = {code: shaped(entry, SourceFile, SOURCES, str(code)) for code, entry in entries.items()}
    told: Told = {}
    titles = {code: english(told, code, entry.title) for code, entry in read.items()}
    return {
        code: Source(
            title=titles[code],
            note=entry.note,
            titles={language: texts[code] for language, texts in told.items() if code in texts},
        )
        for code, entry in read.items()
    }


def _add(
    file: str,
    at: str,
    over: str,
    source: RuleFile,
    sources: Mapping[str, Source],
    rules: dict[str, Rule],
    rows: list[decision_tables.Row],
) -> None:
    known = facts_of(OVERS[over])
    text, desk, reviewer, tellings = _told(file, at, source)
    takes, ratio, measure = _takes(file, at, source, known)
    if not source.openimis.isdecimal():
        raise RulebookError(file, f"{at}.openimis", "is not a number")
    ends = _ends(file, at, source.wordings)
    for number, (wording, to_day) in enumerate(zip(source.wordings, ends, strict=True)):
        where = f"{at}.wordings[{number}]"
        if wording.source not in sources:
            raise RulebookError(file, f"{where}.source", "rules/sources.yaml has no such source")
        cells: dict[str, str] = {}
        for fact, condition in wording.when.items():
            if fact not in known:
                raise RulebookError(file, f"{where}.when.{fact}", f"a {over} has no such fact")
            try:
                cells[fact] = cell(known[fact].kind, condition)
            except ValueError as error:
                raise RulebookError(file, f"{where}.when.{fact}", str(error)) from error
        key = f"{source.rule}@{wording.from_day.isoformat()}"
        needs = {known[fact].needs for fact in cells}
        rows.append(decision_tables.Row(key, cells))
        rules[key] = Rule(
            rule=source.rule,
            over=over,
            text=text,
            severity=source.severity,
            reason=source.reason,
            from_day=wording.from_day,
            to_day=to_day,
            source=wording.source,
            desk=desk,
            reviewer=reviewer,
            takes=takes,
            ratio=ratio,
            measure=measure,
            needs=tuple(sorted(need for need in needs if need)),
            openimis=int(source.openimis),
            illustrative=wording.illustrative,
            tellings=tellings,
        )


def _told(file: str, at: str, source: RuleFile) -> tuple[str, str, str, dict[Language, Telling]]:
    """What a rule says in English, and in the other languages: all three texts have them, or none."""
    text, desk, reviewer = source.text, source.desk, source.reviewer
    if isinstance(text, str) and isinstance(desk, str) and isinstance(reviewer, str):
        return text, desk, reviewer, {}
    for key, one in (("text", text), ("desk", desk), ("reviewer", reviewer)):
        if isinstance(one, str):
            raise RulebookError(file, f"{at}.{key}", "is in English alone, another text of the rule is not")
    assert not isinstance(text, str)
    assert not isinstance(desk, str)
    assert not isinstance(reviewer, str)
    tellings = {
        Language.FA: Telling(text.fa, desk.fa, reviewer.fa),
        Language.ZH: Telling(text.zh, desk.zh, reviewer.zh),
    }
    return text.en, desk.en, reviewer.en, tellings


def _ends(file: str, at: str, wordings: Sequence[WordingFile]) -> list[date | None]:
    """The last day of each wording: its own, or the day before the next one."""
    ends: list[date | None] = []
    for number, wording in enumerate(wordings):
        later = wordings[number + 1].from_day if number + 1 < len(wordings) else None
        if wording.to_day and wording.to_day < wording.from_day:
            raise RulebookError(file, f"{at}.wordings[{number}].to", "lies before from")
        if later and (later <= wording.from_day or (wording.to_day and wording.to_day >= later)):
            raise RulebookError(file, f"{at}.wordings[{number + 1}].from", "wordings overlap or are out of order")
        ends.append(wording.to_day or (later - timedelta(days=1) if later else None))
    return ends


def _takes(file: str, at: str, source: RuleFile, known: Mapping[str, Fact]) -> tuple[Takes, Decimal, str]:
    """How much the rule takes: what it says, or all for a rejection and nothing for what takes nothing."""
    said = source.takes
    if (source.severity is Severity.DEDUCT) != bool(said):
        raise RulebookError(file, f"{at}.takes", "goes with severity deduct, and only with it")
    if not said:
        return (Takes.ALL if source.severity is Severity.REJECT else Takes.NOTHING), Decimal(0), ""
    if said == "all":
        return Takes.ALL, Decimal(0), ""
    kind, _, measure = said.partition(" ")
    if kind in (Takes.COINS, Takes.QUANTITY):
        if measure not in known or known[measure].kind is not Kind.NUMBER:
            raise RulebookError(file, f"{at}.takes", "names no fact that is a number")
        return Takes(kind), Decimal(0), measure
    try:
        ratio = Decimal(said)
    except ArithmeticError as error:
        raise RulebookError(file, f"{at}.takes", "is all, a ratio, coins FACT or quantity FACT") from error
    if not 0 < ratio <= 1:
        raise RulebookError(file, f"{at}.takes", "a ratio lies above 0 and not above 1")
    return Takes.RATIO, ratio, ""
