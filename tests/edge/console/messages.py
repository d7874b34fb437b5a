"""Every message of the edge's console, found in its templates and programs."""

from __future__ import annotations

from pathlib import Path

import edge.console
from edge.firmware.notices import WORDS as SITE_WORDS
from edge.firmware.tunnel import WORDS as TUNNEL_WORDS
from edge.readers.troubles import TROUBLES
from tests.central_sync.pages import messages

FOLDER = Path(edge.console.__file__).parent


def every() -> list[str]:
    """All of them, in the order in which they are met."""
    return messages.every(FOLDER, *TROUBLES.values(), *TUNNEL_WORDS.values(), *SITE_WORDS.values())


def catalogue(language: str) -> dict[str, str]:
    """The messages of ``language`` as its file has them."""
    return messages.catalogue(FOLDER, language)
