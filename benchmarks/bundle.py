"""The compiled rulebook of a large country: 50 schemes and 200,000 rows of tariffs, loaded by a hub; and what an edge gets of it.

How it is measured
    * The country is made of the shipped schemes, fifty times under other names, and of four regions with 25,000 items each, every item
      with two rows (an old price and a new one), ceilings by tier, and what the audit knows of it beside.
    * Loading is a program of its own: it reads the signed file, checks and unpacks it, and says how long that took, how long reading the same
      bytes took, and what memory it held at most (``VmHWM``, all of the process) or more than before (``VmRSS``, at the edge).
    * A hub loads as ``central_sync/in_force.py`` does: all items are made before the clock stops. An edge makes them as they are asked for.
    * A look-up is ``region.items.get(code).at(day)``. *First*: every code of the region once, in no order, right after loading, as the first
      look-ups of the process. *Used*: then two thousand of them over and over, as many as a hospital uses.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import msgspec

from benchmarks.figure import Figure, absolute
from central_sync.benefits import compiled
from central_sync.benefits.audit import reference
from central_sync.benefits.audit.bundle import AuditBundle
from central_sync.benefits.audit.bundle import versioned as audit_versioned
from central_sync.benefits.bundle import versioned
from central_sync.benefits.compiled import Compiled
from central_sync.benefits.parameters import Item, ItemVersion, Region, Rulebook
from central_sync.fleet import bundles as signed
from central_sync.fleet.authority import Authority
from central_sync.fleet.signer import Signer
from central_sync.rulebook.build import build
from central_sync.wire import bundles

SCHEMES, REGIONS, ITEMS, ROWS = 50, 4, 25_000, 2
REGIONS_QUICK, ITEMS_QUICK = 2, 200
DAYS = (date(2024, 1, 1), date(2026, 1, 1))
LOAD_S_MAX, LOAD_MB_MAX, LOOK_UP_US_MAX, EDGE_MB_MAX = 5.0, 250.0, 2.0, 30.0
TIER, REGION = "tier_3", "r0"
NUMBER, AT = 1_750_000_000, datetime(2026, 6, 1, tzinfo=UTC)

LOADING = """
import json, random, re, sys, time
from datetime import date
from pathlib import Path
if sys.argv[2] == "edge":
    import edge.app
from central_sync.benefits import compiled
from central_sync.wire import bundles

def memory(name):
    return int(re.search(rf"^{name}:\\s+(\\d+) kB$", Path("/proc/self/status").read_text(), re.M).group(1)) * 1024 / 1e6

before_mb = memory("VmRSS")
began = time.perf_counter()
file = Path(sys.argv[1]).read_bytes()
read_s = time.perf_counter() - began
began = time.perf_counter()
_, body = bundles.opened(Path(sys.argv[1]).read_bytes())
whole = compiled.unpacked(bundles.plain(body))
if sys.argv[2] == "hub":
    ready = compiled.decoded(whole)
load_s = time.perf_counter() - began
del body, file
told = {"read_s": read_s, "load_s": load_s, "most_mb": memory("VmHWM"), "added_mb": memory("VmRSS") - before_mb}
items, day = (ready if sys.argv[2] == "hub" else whole).rulebook.regions[sys.argv[3]].items, date(2026, 6, 1)
codes = list(items)
random.Random(5).shuffle(codes)

def look_up(codes):
    began = time.perf_counter()
    for code in codes:
        items.get(code).at(day)
    return (time.perf_counter() - began) / len(codes) * 1e6

told["first_us"] = look_up(codes)
used = codes[:2_000]
look_up(used)
told["used_us"] = look_up(used * 50)
print(json.dumps(told))
"""


def country(regions: int, items: int) -> Compiled:
    """The large country."""
    shipped = build()
    book, like = shipped.rulebook, shipped.rulebook.regions["cn"]
    made = {f"r{number}": _region(like, f"r{number}", items) for number in range(regions)}
    schemes = {}
    for number in range(SCHEMES):
        scheme = sorted(book.schemes.items())[number % len(book.schemes)][1]
        code = f"{scheme.code}_{number}"
        schemes[code] = replace(scheme, code=code, region=f"r{number % regions}", currency=like.currency)
    law = versioned(Rulebook(regions=made, schemes=schemes, sources=book.sources, version=""))
    place = shipped.audit.places["cn"]
    places = {
        code: msgspec.structs.replace(place, items={item.code: _known(item) for item in region.items.values()})
        for code, region in made.items()
    }
    return compiled.compiled(law, audit_versioned(msgspec.structs.replace(_bare(shipped.audit), places=places)))


def _bare(audit: AuditBundle) -> AuditBundle:
    return msgspec.structs.replace(audit, places={})


def _region(like: Region, code: str, items: int) -> Region:
    patterns = sorted(like.items.values(), key=lambda item: item.code)
    made = {}
    for number in range(items):
        pattern = patterns[number % len(patterns)]
        item = f"{code.upper()}{number:08d}"
        versions = tuple(_version(pattern, number, day) for day in DAYS[:ROWS])
        made[item] = Item(item, f"{pattern.name}{number}号规格", pattern.kind, pattern.unit, versions)
    return replace(like, code=code, items=made)


def _version(pattern: Item, number: int, day: date) -> ItemVersion:
    like = pattern.versions[0]
    coins = 100 + number * 7 % 100_000 + day.year
    ceilings = {f"tier_{tier}": Fraction(coins * tier) for tier in (1, 2, 3)} if not like.group else {}
    return replace(like, from_day=day, ceilings=ceilings, price=coins)


def _known(item: Item) -> reference.Item:
    tariffs = tuple(
        reference.Tariff(
            from_day=version.from_day,
            catalogue_class=version.catalogue_class,
            ceilings={tier: Decimal(int(coins)) for tier, coins in version.ceilings.items()},
        )
        for version in item.versions
    )
    return reference.Item(kind=item.kind, tariffs=tariffs, national_code=item.code)


def _loaded(file: Path, where: str, region: str) -> dict[str, float]:
    run = [sys.executable, "-c", LOADING, str(file), where, region]
    done = subprocess.run(run, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def measure(*, quick: bool) -> Iterable[Figure]:
    """Seconds, MB and microseconds, each against its bound."""
    regions, items = (REGIONS_QUICK, ITEMS_QUICK) if quick else (REGIONS, ITEMS)
    whole = country(regions, items)
    own = compiled.cut(whole, REGION, TIER)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = Authority(folder / "authority")
        authority.create(["hub"], AT)
        authority.open()
        signer = Signer(authority)
        signer.open(AT)
        for file, content in (("hub", whole), ("edge", own)):
            body = bundles.squeezed(compiled.packed(content))
            (folder / file).write_bytes(signed.sealed(signer, content, body, NUMBER, AT))
        hub = _loaded(folder / "hub", "hub", REGION)
        edge = _loaded(folder / "edge", "edge", REGION)
        sizes = {file: (folder / file).stat().st_size / 1e6 for file in ("hub", "edge")}
    rows = (
        f"{SCHEMES} schemes, {regions * items * ROWS:,} rows, {sizes['hub']:.1f} MB; reading took {hub['read_s']:.3f} s"
    )
    yield absolute("bundle-load", hub["load_s"], "s", LOAD_S_MAX, f"load at the hub: {rows}")
    yield absolute("bundle-load-memory", hub["most_mb"], "MB", LOAD_MB_MAX, "all of the loading process at its most")
    yield absolute("bundle-look-up-used", hub["used_us"], "us", LOOK_UP_US_MAX, "an item of 2,000 in use, on a day")
    yield absolute("bundle-look-up-first", hub["first_us"], "us", LOOK_UP_US_MAX, "an item's very first, on a day")
    own_rows = f"one hospital's: {items * ROWS:,} rows, {sizes['edge']:.1f} MB, {edge['load_s']:.2f} s, first look-up of an item {edge['first_us']:.0f} us"
    yield absolute(
        "bundle-edge-memory", edge["added_mb"], "MB", EDGE_MB_MAX, f"what an edge holds more with {own_rows}"
    )
