"""SHELL: reads a site file from the disk, and has the edge's own loader look at what the site says of ``edge.toml``."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import msgspec

from edge.config import Config
from edge.firmware.parsing import FILE_BYTES_MAX, line_of, parse
from edge.firmware.render.settings import own_settings, plain
from edge.firmware.site import Fault, Site, SiteWrong

EXAMPLE = "/usr/share/doc/pishkhan-edge/example-hospital.toml"
"""As the package brings it."""


def read_site(path: Path) -> tuple[Site, str]:
    """The site in ``path``, and its digest.

    Raises:
        SiteWrong: it cannot be read, or used.
    """
    try:
        with path.open("rb") as file:
            text = file.read(FILE_BYTES_MAX + 1)
    except FileNotFoundError as error:
        raise SiteWrong(str(path), [Fault(0, "", f"there is none: begin with a copy of {EXAMPLE}")]) from error
    except OSError as error:
        raise SiteWrong(str(path), [Fault(0, "", f"it cannot be read: {error.strerror}")]) from error
    site = parse(text, str(path))
    wrong = list(_further(site))
    if wrong:
        raise SiteWrong(str(path), [Fault(line_of(text.decode(), key), key, sentence) for key, sentence in wrong])
    return site, sha256(text).hexdigest()


def _further(site: Site) -> Iterator[tuple[str, str]]:
    """What ``[edge]`` says that is no setting, or is decided by another table; then what the edge would not take."""
    taken = own_settings(site)
    unknown = sorted(site.edge.keys() - (set(Config.__struct_fields__) - taken))
    for key in unknown:
        yield (
            f"edge.{key}",
            "another table of this file decides it" if key in taken else "this is no setting of edge.toml",
        )
    if not unknown:
        try:
            msgspec.convert(plain(site), Config)
        except msgspec.ValidationError as error:
            sentence, _, where = str(error).partition(" - at `$")
            key = where.removesuffix("`").lstrip(".")
            yield key if key.startswith("readers") else f"edge.{key}", sentence
