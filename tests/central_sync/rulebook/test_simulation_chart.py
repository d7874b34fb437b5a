"""The chart: well-formed whatever the names are, with bars in proportion."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from central_sync.rulebook.simulation_chart import BAR_CHARACTERS, bars, svg
from central_sync.rulebook.simulation_sums import Line

ROWS = {
    ("scheme", "<script>&\"'"): Line(50_00, 100_00),
    ("patients", ""): Line(100_00, 50_00),
    ("hospitals", "fixed prices"): Line(-10_00, 0),
}
SVG = "{http://www.w3.org/2000/svg}"


def test_the_drawing_is_well_formed_and_names_are_text():
    drawing = ET.fromstring(svg({"CNY": ROWS, "IRR": {("bills", ""): Line()}}, "before: a", "after: <b>"))
    texts = [text.text for text in drawing.iter(f"{SVG}text")]
    assert "scheme <script>&\"'" in texts
    assert "after: <b>" in texts
    assert "-10.00 CNY" in texts
    assert not list(drawing.iter(f"{SVG}script"))


def test_bars_are_in_proportion():
    drawing = ET.fromstring(svg({"CNY": ROWS}, "before", "after"))
    widths = [int(bar.get("width")) for bar in drawing.iter(f"{SVG}rect")][3:]
    assert widths == [210, 420, 420, 210, 42, 0]
    (_, first, second), *_ = bars(ROWS)
    assert (len(first), len(second)) == (BAR_CHARACTERS // 2, BAR_CHARACTERS)
