"""The agent's settings: ``DIR/agent.toml``, every one with a default, so that the file may be missing.

::

    listen = "127.0.0.1:7011"  # where the programs of this PC call: loopback only
    origins = []  # web origins beside loopback whose pages may call
    edge_url = ""  # where the edge is now, instead of where it was when it was paired
    connect_from = ""  # the address of this PC that the edge is called from, where it has several
    log_level = "info"
    photo = false  # the next three: as in edge.toml, for the programs of this PC
    card_kept_s = 120
    card_forgotten_on_removal = false

    [[readers]]  # as in edge.toml
    name = "card"
    driver = "pcsc"
    address = ""
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, structs

from edge import config
from edge.config import ConfigError, ReaderConfig
from edge.readers.remote.limits import READERS_PER_AGENT_MAX

FILE = "agent.toml"


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All settings; see the module's text."""

    listen: str = "127.0.0.1:7011"
    origins: list[str] = []
    edge_url: str = ""
    connect_from: str = ""
    log_level: config.LogLevel = "info"
    photo: bool = False
    card_kept_s: Annotated[int, Meta(ge=1, le=config.CARD_KEPT_S_MAX)] = 120
    card_forgotten_on_removal: bool = False
    readers: Annotated[list[ReaderConfig], Meta(max_length=READERS_PER_AGENT_MAX)] = []


def load(folder: Path, listen: str = "") -> Settings:
    """The settings in ``folder``; ``listen`` counts instead of theirs.

    Raises:
        ConfigError: the file is no TOML, too large, unreadable, has a setting that is unknown or of the wrong type, or would let others call.
    """
    path = folder / FILE
    found = config.parsed(path, Settings)
    found = structs.replace(found, listen=listen or found.listen)
    if not config.address(found.listen).loopback:
        raise ConfigError(f"{found.listen}: an agent listens on loopback only: other computers ask the edge")
    if found.edge_url and not config.is_https(found.edge_url):
        raise ConfigError(f"{path}: edge_url is written https://HOST:PORT")
    return found
