"""The chart of a simulation: two bars for each row, before and after; as an SVG drawing, or in characters.

Every currency has a chart and a scale of its own. What comes from a rulebook or a file of cases is text in it, never markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape

from central_sync.rulebook.simulation_sums import Line, Named
from central_sync.terms.money import CURRENCIES

BAR_CHARACTERS = 50
_LEFT, _BARS, _WIDTH, _ROW, _TOP, _GAP = 230, 420, 900, 40, 40, 50
_BEFORE, _AFTER = "#9aa5b1", "#1f6feb"
_PARTS = "▏▎▍▌▋▊▉█"
"""A character's eighths."""


def titled(name: Named) -> str:
    """What a row is called."""
    return " ".join(filter(None, name))


def svg(rows: Mapping[str, Mapping[Named, Line]], before: str, after: str) -> str:
    """The drawing; ``before`` and ``after`` are what the legend calls the rulebooks."""
    drawn: list[str] = []
    top = _TOP
    for currency, lines in rows.items():
        drawn += _currency(currency, lines, top)
        top += _ROW * len(lines) + _GAP
    legend = [
        _rect(_LEFT, 10, 12, 12, _BEFORE),
        _text(_LEFT + 18, 20, before),
        _rect(_LEFT + 260, 10, 12, 12, _AFTER),
        _text(_LEFT + 278, 20, after),
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{top}" viewBox="0 0 {_WIDTH} {top}"'
    style = 'font-family="sans-serif" font-size="12">'
    body = "\n".join([_rect(0, 0, _WIDTH, top, "#ffffff"), *legend, *drawn])
    return f"{head} {style}\n<title>{escape(before)} and {escape(after)}</title>\n{body}\n</svg>\n"


def bars(lines: Mapping[Named, Line]) -> Iterator[tuple[str, str, str]]:
    """For each row what it is called and its two bars, in characters."""
    most = _most(lines)
    for name, line in lines.items():
        yield titled(name), _bar(line.before, most), _bar(line.after, most)


def _currency(currency: str, lines: Mapping[Named, Line], top: int) -> Iterator[str]:
    most, money = _most(lines), CURRENCIES[currency].display
    yield _text(10, top + 14, currency, weight="bold")
    for place, (name, line) in enumerate(lines.items()):
        y = top + 24 + place * _ROW
        yield _text(_LEFT - 10, y + 18, titled(name), anchor="end")
        for offset, amount, colour in ((0, line.before, _BEFORE), (15, line.after, _AFTER)):
            width = abs(amount) * _BARS // most
            yield _rect(_LEFT, y + offset, width, 13, colour)
            yield _text(_LEFT + width + 6, y + offset + 11, money(amount))


def _most(lines: Mapping[Named, Line]) -> int:
    return max((max(abs(line.before), abs(line.after)) for line in lines.values()), default=0) or 1


def _bar(amount: int, most: int) -> str:
    eighths = abs(amount) * BAR_CHARACTERS * 8 // most
    whole, rest = divmod(eighths, 8)
    return _PARTS[-1] * whole + (_PARTS[rest - 1] if rest else "")


def _rect(x: int, y: int, width: int, height: int, colour: str) -> str:
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{colour}"/>'


def _text(x: int, y: int, text: str, anchor: str = "start", weight: str = "normal") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-weight="{weight}">{escape(text)}</text>'
