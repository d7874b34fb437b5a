"""PURE: which reader belongs to which desk.

A desk is a workstation. A row of ``[[readers]]`` may name one: its readers are then that desk's and nobody else's. A reader without a desk
may be used by every desk that has none of its own, and by name by all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from central_sync.wire.refusals import Refused


class Binding(Struct, frozen=True, kw_only=True):
    """What edge.toml says of a reader. ``desk``: the workstation that it belongs to; empty: to none. ``card_must_stay``: a read counts as
    proof of presence only while its card lies there.
    """

    desk: str = ""
    card_must_stay: bool = False


class ReaderRow(Struct, frozen=True, kw_only=True):
    """A reader as a desk sees it; ``desk``: the one that it belongs to, or nothing. ``trouble``: a code of ``edge/readers/troubles.py``."""

    name: str
    driver: str
    desk: str
    connected: bool
    card_present: bool
    trouble: str = ""


Bound = Callable[[str], Binding]
"""A reader's name → its binding."""
FREE = Binding()


def unbound(_reader: str) -> Binding:
    """Where no reader belongs to anybody."""
    return FREE


def by_row(rows: Mapping[str, Binding]) -> Bound:
    """Bindings by the name of the row that a reader is from."""
    return lambda reader: rows.get(row_of(reader), FREE)


def row_of(reader: str) -> str:
    """The row's name in a reader's: a driver that finds several readers puts a slash after it."""
    return reader.partition("/")[0]


def usable(readers: Sequence[str], asked: str, desk: str, bound: Bound) -> tuple[str, ...]:
    """The readers that ``desk`` means when it says ``asked``: that reader, or those of that row; when it says nothing, its own, and if it has
    none, the only one that belongs to nobody. An empty ``desk`` is the technician, who may use all.

    Raises:
        Refused: ``reader_unknown`` or ``reader_of_another_desk``.
    """
    if asked:
        named = tuple(name for name in readers if asked in (name, row_of(name)))
        if not named:
            raise Refused("reader_unknown")
        found = tuple(name for name in named if not desk or bound(name).desk in ("", desk))
        if not found:
            raise Refused("reader_of_another_desk")
        return found
    own = tuple(name for name in readers if desk and bound(name).desk == desk)
    if own:
        return own
    others = tuple(name for name in readers if not (desk and bound(name).desk))
    if len(others) != 1:
        raise Refused("reader_unknown", "name one: there is none of this desk, and not just one for all")
    return others
