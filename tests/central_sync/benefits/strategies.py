"""Random cases for the engine: bills of the shipped catalogues, covers, accumulators, and schemes nobody would write."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import strategies as st

from central_sync.benefits.bundle import versioned
from central_sync.benefits.choices import (
    RUNNING,
    After,
    Basis,
    CountedOn,
    Counts,
    Each,
    Hold,
    LastCoin,
    Of,
    Off,
    Owner,
    Per,
    RoundedAt,
)
from central_sync.benefits.eligibility import clash
from central_sync.benefits.facts import BillLine, CaseFacts, CoverFacts
from central_sync.benefits.parameters import (
    LAYERS,
    PARTS,
    STAGES,
    Band,
    Bands,
    Benefit,
    Cap,
    CoinRule,
    Deductible,
    Lines,
    Package,
    Parameter,
    Period,
    Region,
    Row,
    Rulebook,
    Scheme,
    Take,
)
from central_sync.benefits.settlement import accumulator_keys
from central_sync.rulebook.load import load
from central_sync.terms.days import Calendar
from central_sync.terms.money import Rounding

SHIPPED = load()
COUNTRIES = load(Path(__file__).parents[2] / "rulebook_cases" / "countries" / "rulebook")
"""Small schemes of many countries, which use all that the language can say."""
FIRST, LAST = date(2024, 1, 1), date(2027, 12, 31)
CARES = ("outpatient", "inpatient")
SUMS = st.integers(0, 10**7) | st.integers(0, 10**13) | st.integers(0, 300)
COUNTS = ("stays",)

days = st.dates(FIRST, LAST)


@st.composite
def bills(draw, region: Region, day: date, min_size=0, max_size=12):
    known = [code for code, item in region.items.items() if item.at(day)]
    lines = []
    for number in range(draw(st.integers(min_size, max_size))):
        code = draw(st.sampled_from(known))
        quantity = draw(st.decimals("0", "200", places=2) | st.integers(1, 30).map(Decimal))
        amount = draw(
            st.integers(0, 10**6) | st.integers(0, 10**12) | st.just(int(quantity * region.items[code].at(day).price))
        )
        lines.append(BillLine(str(number), code, quantity, Decimal(0), amount, day))
    return tuple(lines)


@st.composite
def cases(draw, rulebook: Rulebook = SHIPPED, care=None):
    """Facts with covers of any schemes of the rulebook."""
    region = rulebook.regions[draw(st.sampled_from(sorted(rulebook.regions)))]
    day = draw(days)
    covers: list[CoverFacts] = []
    here = [code for code, scheme in sorted(rulebook.schemes.items()) if scheme.region == region.code]
    for code in draw(st.lists(st.sampled_from(here * 3 + sorted(rulebook.schemes)), max_size=4)):
        scheme = rulebook.schemes[code]
        if any(clash(scheme, rulebook.schemes[other.scheme]) for other in covers):
            continue  # two schemes that claim one place are refused
        to_day = draw(st.none() | st.dates(FIRST - timedelta(days=400), LAST))
        covers.append(
            CoverFacts(
                scheme.layer,
                code,
                draw(st.sampled_from(["C1", "C2"])),
                draw(st.sampled_from(scheme.groups)),
                draw(st.dates(date(2023, 1, 1), FIRST)),
                to_day,
                draw(st.sampled_from(["", "F1"])),
                draw(st.sampled_from([0, 50, 10**6])),
            )
        )
    chosen = care or draw(st.sampled_from(CARES))
    tier = draw(st.sampled_from(region.tiers))
    marks = sorted({mark for scheme in rulebook.schemes.values() for mark in scheme.marks})
    said = tuple(draw(st.lists(st.sampled_from(marks), unique=True))) if marks else ()
    born = draw(st.sampled_from([date(1980, 1, 1), date(2020, 5, 5), date(1940, 2, 29)]))
    admitted = day - timedelta(days=draw(st.integers(0, 40))) if chosen == "inpatient" else None
    diagnoses = draw(st.sampled_from([(), ("J18.900",), ("E11.900", "J18.900")]))
    return CaseFacts("M1", region.code, tier, chosen, day, born, tuple(covers), admitted, said, diagnoses)


@st.composite
def accumulators(draw, keys):
    return {key: draw(st.integers(0, 6) if key.name in COUNTS else SUMS) for key in keys if draw(st.booleans())}


NAMED = (
    {},
    {"group": "g1"},
    {"group": "g1", "mark": "referred"},
    {"group": "g1", "mark": "referred", "ages": (0, 60)},
    {"group": "g1", "mark": "referred", "ages": (0, 60), "tier": "tier_3"},
)
"""For whom a row speaks, each naming more than the one before: of two there is always a stronger one, as the loader asks."""


def parameter(rule, unit, values):
    """Rows of several days, half of the time for all alone."""
    named = st.just(0) | st.integers(0, len(NAMED) - 1)
    row = st.tuples(st.sampled_from([date(2020, 1, 1), date(2025, 6, 1), date(2026, 1, 1)]), named, values)
    return st.lists(row, min_size=1, max_size=4, unique_by=lambda row: row[:2]).map(
        lambda rows: Parameter(
            rule, rule, unit, tuple(Row(day, value, "invented", True, **NAMED[who]) for day, who, value in rows)
        )
    )


ratios = st.fractions(0, 1, max_denominator=1000)
band_lists = st.lists(st.tuples(st.integers(1, 10**9), ratios), max_size=4, unique_by=lambda band: band[0]).flatmap(
    lambda upper: ratios.map(lambda first: (Band(0, first), *(Band(over, ratio) for over, ratio in sorted(upper))))
)


def sums(rule):
    return parameter(rule, "CNY", st.none() | SUMS)


@st.composite
def deductibles(draw, code):
    per = draw(st.sampled_from(Per))
    later = draw(
        st.none() | parameter(f"{code}.later", "ratio", st.none() | st.lists(ratios, min_size=1, max_size=3).map(tuple))
    )
    owner = draw(st.sampled_from(Owner))
    return Deductible(
        per,
        draw(sums(f"{code}.deductible")),
        later if per is Per.BILL else None,
        "met" if per in RUNNING else "stays",
        owner if per in RUNNING else Owner.MEMBER,
        draw(st.none() | sums(f"{code}.least")),
        draw(st.none() | st.builds(Cap, st.just("deducted"), st.sampled_from(Owner), sums(f"{code}.sum_cap"))),
        draw(st.sampled_from(Off)),
        continues=("goes_on",) if per is Per.BILL and draw(st.booleans()) else (),
        chain="chain",
    )


def periods_of(code):
    lasts = parameter(f"{code}.period", "days", st.integers(1, 400)) | parameter(
        f"{code}.period", "months", st.just(12)
    )
    return st.builds(Period, lasts, st.sampled_from(After), st.sampled_from(Owner))


@st.composite
def caps(draw, code):
    """The caps of a scheme, one of each name; its benefits choose of them."""
    return tuple(
        Cap(name, Owner(owner), draw(sums(f"{code}.{name}")), Of(of), Per(per))
        for name, owner, of, per in (
            ("cap1", "member", "paid", "year"),
            ("cap2", "contract", "paid", "year"),
            ("visit", "member", "paid", "bill"),
            ("month", "family", "paid", "month"),
            ("counted", "member", "counted", "year"),
            ("own", "family", "patient", "year"),
            ("own_visit", "member", "patient", "bill"),
            ("days", "member", "paid", "day"),
            ("nights", "member", "counted", "night"),
            ("ever", "contract", "paid", "ever"),
            ("period", "member", "paid", "period"),
        )
        if draw(st.integers(0, 2)) == 0
    )


def takes(code):
    share = st.none() | parameter(f"{code}.share", "ratio", st.none() | ratios)
    left_by = st.just(()) | st.lists(st.sampled_from(STAGES), unique=True).map(tuple)
    parts = st.lists(st.sampled_from(PARTS), min_size=1, unique=True)
    return parts.flatmap(lambda chosen: st.tuples(*(st.builds(Take, st.just(part), share, left_by) for part in chosen)))


lines_of = st.builds(
    Lines,
    st.lists(st.sampled_from(["drug", "bed", "surgery"]), unique=True).map(tuple),
    st.just(()),
    st.lists(st.sampled_from("ABC"), unique=True).map(tuple),
)


@st.composite
def benefits(draw, code, known_caps=(), name="every_care"):
    """A benefit of any shape; half of them have nothing but parts, deductible, bands and caps."""
    chosen = tuple(Take(part) for part in draw(st.lists(st.sampled_from(PARTS), min_size=1, unique=True)))
    found = Benefit(
        takes=chosen,
        bands=Bands(
            draw(st.sampled_from([Per.BILL, Per.YEAR, Per.MONTH])),
            draw(parameter(f"{code}.bands", "ratio", st.none() | band_lists)),
            "banded",
            draw(st.sampled_from(Counts)),
            hold=draw(st.sampled_from(Hold)),
        ),
        deductible=draw(st.none() | deductibles(code)),
        caps=tuple(cap for cap in known_caps if draw(st.booleans())),
        name=name,
    )
    if draw(st.booleans()):
        return found
    basis = draw(st.sampled_from(Basis))
    return replace(
        found,
        takes=draw(takes(code)) if basis is Basis.LEFT else chosen,
        lines=draw(st.none() | lines_of),
        refuses=draw(st.none() | lines_of),
        waiting=draw(st.none() | parameter(f"{code}.waiting", "days", st.none() | st.integers(0, 1200))),
        each=draw(st.sampled_from(Each)),
        least=draw(st.none() | sums(f"{code}.own")),
        basis=basis,
        account=draw(st.sampled_from(["", "", "account"])),
        when=draw(st.sampled_from([(), (), (), ("referred",), ("referred", "day_surgery")])),
        package=draw(packages(code)) if basis is Basis.LEFT and draw(st.integers(0, 3)) == 0 else None,
        account_owner=draw(st.sampled_from([Owner.MEMBER, Owner.FAMILY])),
        first_part=draw(st.none() | parameter(f"{code}.first_part", "ratio", st.none() | ratios)),
    )


def packages(code):
    items = st.sampled_from([(), tuple(sorted(SHIPPED.regions["cn"].items)[:4])])
    return st.builds(Package, sums(f"{code}.package"), items, st.sampled_from([(), ("J18", "H25")]))


@st.composite
def rulebooks(draw):
    """The shipped regions with up to four schemes of any shape."""
    schemes = {}
    for number in range(draw(st.integers(1, 4))):
        code = f"scheme_{number}"
        found, known_caps = {}, draw(caps(code))
        for care in CARES:
            if care == "inpatient" or draw(st.booleans()):
                names = [f"{care}_{place}" for place in range(draw(st.integers(1, 2)))]
                found[care] = tuple(draw(benefits(code, known_caps, name)) for name in names)
        rounding = draw(coin_rules)
        if rounding.at is RoundedAt.TOGETHER:
            found = {care: tuple(replace(one, package=None) for one in several) for care, several in found.items()}
        schemes[code] = Scheme(
            code=code,
            name=code,
            region="cn",
            layer=draw(st.sampled_from(LAYERS)),
            payer=code,
            currency=draw(st.sampled_from(["CNY", "CNY", "CNY", "IRR"])),
            calendar=draw(st.sampled_from(Calendar)),
            rounding=rounding,
            groups=("g1", "g2"),
            marks=("referred", "day_surgery", "goes_on"),
            benefits=found,
            requires=draw(st.sampled_from(["", "", "base"])),
            year_starts=draw(st.sampled_from(["", "", "07-01", "cover"])),
            rank=draw(st.integers(0, 1)) * 10 + number,
            counted_on=draw(st.sampled_from(CountedOn)),
            period=draw(periods_of(code)),
        )
    return versioned(Rulebook({"cn": SHIPPED.regions["cn"]}, schemes, {}, ""))


coin_rules = st.builds(
    CoinRule,
    st.sampled_from(Rounding),
    st.sampled_from([1, 1, 1, 5, 1000]),
    st.sampled_from(RoundedAt),
    st.sampled_from(LastCoin),
).map(lambda rule: replace(rule, to=1) if rule.at is RoundedAt.TOGETHER else rule)


@st.composite
def situations(draw, books):
    """A rulebook, a case, its bill, and the accumulators as they stand."""
    rulebook = draw(books)
    facts = draw(cases(rulebook))
    lines = draw(bills(rulebook.regions[facts.region], facts.day))
    return rulebook, facts, lines, draw(accumulators(accumulator_keys(rulebook, facts)))


any_situation = situations(st.just(SHIPPED)) | situations(st.just(COUNTRIES)) | situations(rulebooks())
