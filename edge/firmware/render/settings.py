"""PURE: the edge's own settings, ``edge.toml``, as the site decides them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.firmware import LAN, TUNNEL, judge
from edge.firmware.render.target import Target, written
from edge.firmware.site import Site

PATH = "var/lib/pishkhan-edge/edge.toml"


def targets(site: Site) -> Mapping[str, Target]:
    """The face on the hospital's card alone, the line by the tunnel alone."""
    settings = plain(site)
    rows = settings.pop("readers")
    lines = [f"{key} = {value_of(value)}" for key, value in settings.items()]
    for row in rows:
        lines += ["", "[[readers]]", *(f"{key} = {value_of(value)}" for key, value in row.items())]
    return {PATH: written(*lines)}


def plain(site: Site) -> dict[str, Any]:
    """The settings as ``edge.toml`` has them."""
    return {**_own(site), **site.edge}


def own_settings(site: Site) -> frozenset[str]:
    """Those that the tables of the site decide, so that ``[edge]`` may not say them."""
    return frozenset(_own(site))


def _own(site: Site) -> dict[str, Any]:
    ours = judge.lan(site).ip
    hub = site.hub.name or site.hub.address
    return {
        "listen": f"{ours}:{site.lan.face_port}",
        "listen_device": LAN,
        "agents_listen": f"{ours}:{site.lan.agents_port}" if site.lan.agents_port else "",
        "names": list(site.lan.names),
        "origins": list(site.lan.origins),
        "sync_url": f"https://{hub}:{site.hub.sync_port}",
        "enrol_url": f"https://{hub}:{site.hub.enrol_port}",
        "sync_device": TUNNEL,
        "languages": list(site.console.languages),
        "appliance": "/",
        "readers": [
            {
                "name": reader.name,
                "driver": reader.driver,
                "address": reader.address,
                "desk": reader.desk,
                "card_must_stay": reader.card_must_stay,
            }
            for reader in site.readers
        ],
    }


def value_of(value: Any) -> str:
    """A value as TOML writes it: text, truth, whole number, or a list of those."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(value_of(item) for item in value)}]"
    assert isinstance(value, str), f"edge.toml has no setting of this kind: {type(value).__name__}"
    return '"' + "".join(_character(one) for one in value) + '"'


def _character(one: str) -> str:
    if one in '"\\':
        return "\\" + one
    return f"\\u{ord(one):04x}" if ord(one) < 32 or ord(one) == 127 else one
