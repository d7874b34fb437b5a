"""Random cases for the engine: bills of the shipped catalogues, covers, accumulators, and schemes nobody would write."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from central_sync.benefits.bundle import versioned
from central_sync.benefits.facts import BillLine, CaseFacts, CoverFacts
from central_sync.benefits.parameters import (
    LAYERS,
    PARTS,
    Band,
    Bands,
    Benefit,
    Cap,
    Deductible,
    Owner,
    Parameter,
    Per,
    Region,
    Row,
    Rulebook,
    Scheme,
)
from central_sync.rulebook.load import load
from central_sync.terms.days import Calendar
from central_sync.terms.money import Rounding

SHIPPED = load()
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
    covers = []
    for code in draw(st.lists(st.sampled_from(sorted(rulebook.schemes)), max_size=4)):
        scheme = rulebook.schemes[code]
        to_day = draw(st.none() | st.dates(FIRST - timedelta(days=400), LAST))
        covers.append(
            CoverFacts(
                scheme.layer,
                code,
                draw(st.sampled_from(["C1", "C2"])),
                draw(st.sampled_from(scheme.groups)),
                date(2023, 1, 1),
                to_day,
            )
        )
    chosen = care or draw(st.sampled_from(CARES))
    tier = draw(st.sampled_from(region.tiers))
    return CaseFacts("M1", region.code, tier, chosen, day, date(1980, 1, 1), tuple(covers))


@st.composite
def accumulators(draw, keys):
    return {key: draw(st.integers(0, 6) if key.name in COUNTS else SUMS) for key in keys if draw(st.booleans())}


def parameter(rule, unit, values):
    return st.lists(
        st.tuples(st.sampled_from([date(2020, 1, 1), date(2025, 6, 1), date(2026, 1, 1)]), values),
        min_size=1,
        max_size=3,
        unique_by=lambda row: row[0],
    ).map(lambda rows: Parameter(rule, rule, unit, tuple(Row(day, value, "invented", True) for day, value in rows)))


ratios = st.fractions(0, 1, max_denominator=1000)
band_lists = st.lists(st.tuples(st.integers(1, 10**9), ratios), max_size=4, unique_by=lambda band: band[0]).flatmap(
    lambda upper: ratios.map(lambda first: (Band(0, first), *(Band(over, ratio) for over, ratio in sorted(upper))))
)


@st.composite
def benefits(draw, code):
    per = draw(st.sampled_from(Per))
    later = draw(
        st.none() | parameter(f"{code}.later", "ratio", st.none() | st.lists(ratios, min_size=1, max_size=3).map(tuple))
    )
    deductible = draw(
        st.none()
        | st.builds(
            Deductible,
            per=st.just(per),
            amount=parameter(f"{code}.deductible", "CNY", st.none() | SUMS),
            later=st.just(None if per is Per.YEAR else later),
            counter=st.just("met" if per is Per.YEAR else "stays"),
        )
    )
    caps = st.builds(
        Cap,
        name=st.sampled_from(["cap1", "cap2"]),
        owner=st.sampled_from(Owner),
        amount=parameter(f"{code}.cap", "CNY", st.none() | SUMS),
    )
    return Benefit(
        takes=tuple(draw(st.lists(st.sampled_from(PARTS), min_size=1, unique=True))),
        bands=Bands(
            draw(st.sampled_from(Per)), draw(parameter(f"{code}.bands", "ratio", st.none() | band_lists)), "banded"
        ),
        deductible=deductible,
        caps=tuple(draw(st.lists(caps, max_size=2, unique_by=lambda cap: cap.name))),
    )


@st.composite
def rulebooks(draw):
    """The shipped regions with up to four schemes of any shape."""
    schemes = {}
    for number in range(draw(st.integers(1, 4))):
        code = f"scheme_{number}"
        schemes[code] = Scheme(
            code=code,
            name=code,
            region="cn",
            layer=draw(st.sampled_from(LAYERS)),
            payer=code,
            currency=draw(st.sampled_from(["CNY", "CNY", "CNY", "IRR"])),
            calendar=draw(st.sampled_from(Calendar)),
            rounding=draw(st.sampled_from(Rounding)),
            groups=("g1", "g2"),
            benefits={care: draw(benefits(code)) for care in CARES if draw(st.booleans()) or care == "inpatient"},
            requires=draw(st.sampled_from(["", "", "base"])),
        )
    return versioned(Rulebook({"cn": SHIPPED.regions["cn"]}, schemes, {}, ""))
