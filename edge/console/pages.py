"""The templates of the console, rendered: HTML in one language, escaped, and the headers that keep a page to itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2

from central_sync.terms.languages import Language
from edge.console.languages import OWN_NAMES, Tongue

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

STATIC = {"console.css": "text/css", "console.js": "text/javascript", "icon.svg": "image/svg+xml"}
"""Files that are served as they are, with their types."""


class Pages:
    """Renders for one institution; ``base`` is the path under which the console is served."""

    def __init__(self, base: str, institution: str) -> None:
        self._base = base
        self._institution = institution
        self._environments: dict[Language, jinja2.Environment] = {}

    def render(self, template: str, tongue: Tongue, values: Mapping[str, Any]) -> str:
        """The page ``template`` with ``values``."""
        return self._environment(tongue).get_template(template).render(tongue=tongue, **values)

    def _environment(self, tongue: Tongue) -> jinja2.Environment:
        found = self._environments.get(tongue.language)
        if found is None:
            found = environment()
            found.globals.update(
                base=self._base,
                institution=self._institution,
                languages=OWN_NAMES,
                versions={name: version(name) for name in STATIC},
            )
            found.install_gettext_translations(tongue.catalogue, newstyle=True)  # type: ignore[attr-defined]
            self._environments[tongue.language] = found
        return found


def environment() -> jinja2.Environment:
    """Jinja2 over the templates, with messages; the messages' catalogue is installed by whoever renders."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader(__package__),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def static(name: str) -> bytes:
    """The content of the file ``name`` of :data:`STATIC`."""
    return files(__package__).joinpath("static", name).read_bytes()


@cache
def version(name: str) -> str:
    """What changes when the file ``name`` does, for its address: browsers may keep it for ever."""
    return hashlib.sha256(static(name)).hexdigest()[:12]
