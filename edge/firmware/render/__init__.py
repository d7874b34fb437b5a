"""PURE: every target file of a site, as text; the same site gives the same bytes.

One module for each part of the system. What a file says beyond the site comes from ``defaults``.
"""

from __future__ import annotations

from collections.abc import Mapping

from edge.firmware.render import firewall, networks, services, settings, system, vpn
from edge.firmware.render.target import Target
from edge.firmware.site import Site

__all__ = ["Target", "render"]


def render(site: Site) -> Mapping[str, Target]:
    """Path relative to the root → what stands there, sorted by path."""
    made: dict[str, Target] = {}
    for part in (networks.targets, vpn.targets, firewall.targets, system.targets, services.targets, settings.targets):
        for path, target in part(site).items():
            assert path not in made, f"two parts render {path}"
            made[path] = target
    return dict(sorted(made.items()))
