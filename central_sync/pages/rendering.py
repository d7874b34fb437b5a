"""The templates of a console, rendered: HTML in one language, escaped, and the headers that keep a page to itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import jinja2
from markupsafe import Markup, escape

from central_sync.pages.assets import assets
from central_sync.pages.languages import OURS, OWN_NAMES, Tongue
from central_sync.terms.languages import PDI, Language

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
"""Of every page. What a page may do stands here: load our script and style, talk to us, and nothing else."""

FORCED = dict.fromkeys(range(0x202A, 0x202F))
"""Letters that turn round whatever follows them. No name needs one; what is isolated is still turned within itself."""
ISOLATES = re.compile("[\u2066-\u2069]")
"""Each begins what is isolated, the last ends it. One without the other does what the forced ones do: it opens, or closes, whatever stands around."""
_TURNS_NOTHING = re.compile(
    "{plain}(?:[\u2066-\u2068]{plain}\u2069{plain})*".format(plain="[^\u202a-\u202e\u2066-\u2069]*")
)
STOPS = tuple(".,;:!?)،؛؟。，；：、）")


class Pages:
    """Renders the templates of the packages ``rooms`` over our own. ``base``: the path under which the console is served; ``owner``: whose it is, empty: the hub's;
    ``served``: the languages to choose from.
    """

    def __init__(
        self, base: str, owner: str, rooms: tuple[str, ...] = (), served: Sequence[Language] = tuple(Language)
    ) -> None:
        self._base = base
        self._owner = owner
        self._rooms = rooms
        self._served = served
        self._environments: dict[Language, jinja2.Environment] = {}

    def render(self, template: str, tongue: Tongue, values: Mapping[str, Any]) -> str:
        """The page ``template`` with ``values``."""
        return self._environment(tongue).get_template(template).render(tongue=tongue, **values)

    def _environment(self, tongue: Tongue) -> jinja2.Environment:
        found = self._environments.get(tongue.language)
        if found is None:
            found = environment(self._rooms)
            found.globals.update(
                base=self._base,
                institution=self._owner or tongue.text("Hub"),
                languages={language: OWN_NAMES[language] for language in self._served},
                versions={name: asset.version for name, asset in assets(self._rooms).items()},
            )
            found.install_gettext_translations(tongue.catalogue, newstyle=True)  # type: ignore[attr-defined]
            self._environments[tongue.language] = found
        return found


def commands(text: str) -> Markup:
    """``text`` as HTML; what stands between backquotes is a command: it runs from left to right and stays in one line if one line can hold it; else it
    breaks between its words, and never behind a hyphen of one. A full stop or the like behind it does not begin a line.
    """
    first, *rest = text.split("`")
    told = [escape(first)]
    for command, after in zip(rest[::2], [*rest[1::2], ""], strict=False):
        stop = after[:1] if after[:1] in STOPS else ""
        told.append(_command(command, stop) + escape(after[len(stop) :]))
    return Markup("").join(told)


def typed(text: str) -> Markup:
    """What somebody types (a day, say), inside a sentence: from the left, and in one line."""
    return Markup('<bdi class="instant" dir="ltr">{}</bdi>').format(text)


def _command(text: str, stop: str) -> Markup:
    words = Markup(" ").join(Markup("<span>{}</span>").format(one) if "-" in one else one for one in text.split(" "))
    command = Markup('<bdi class="code command" dir="ltr">{}</bdi>').format(words)
    return Markup('<span class="stopped">{}{}</span>').format(command, stop) if stop else command


def unforced(value: Any) -> Any:
    """``value`` as a page shows it: a text without :data:`FORCED`, and without isolates that nothing ends or begins."""
    if not isinstance(value, str) or value.isascii():
        return value
    if _TURNS_NOTHING.fullmatch(value):  # which is most often so, and costs less than looking closer
        return value
    told = value.translate(FORCED)
    open_at, alone = list[int](), list[int]()
    for isolate in ISOLATES.finditer(told):
        if isolate[0] != PDI:
            open_at.append(isolate.start())
        elif open_at:
            open_at.pop()
        else:
            alone.append(isolate.start())
    left = {*open_at, *alone}
    if not left:
        return told
    kept = "".join(letter for at, letter in enumerate(told) if at not in left)
    return Markup(kept) if isinstance(value, Markup) else kept  # noqa: S704 -- it was, and lost no letter of its markup


def environment(rooms: tuple[str, ...] = ()) -> jinja2.Environment:
    """Jinja2 over the templates of ``rooms`` and ours, with messages; the messages' catalogue is installed by whoever renders."""
    made = jinja2.Environment(
        finalize=unforced,
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(room) for room in (*rooms, OURS)]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["commands"] = commands
    return made
