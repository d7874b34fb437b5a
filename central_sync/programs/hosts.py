"""PURE: what a host is called, in a certificate and by whoever calls it."""

from __future__ import annotations

import ipaddress
import re

CHARACTERS_MAX = 253
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"({_LABEL}\.)*{_LABEL}\Z")
_ORIGIN = re.compile(r"https?://([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?\Z")


def is_host(text: str) -> bool:
    """Whether it is a host's name, in the letters of the line, or an address; no port, nothing before or behind it."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return len(text) <= CHARACTERS_MAX and _NAME.match(text) is not None
    return True


def is_origin(text: str) -> bool:
    """Whether it is an origin as browsers write it: scheme, host, and a port if it has one."""
    return _ORIGIN.match(text) is not None


def on_the_line(text: str) -> str:
    """A name in other letters, as it goes on the line (``xn--…``); empty: it is none."""
    try:
        name = text.encode("idna").decode()
    except UnicodeError:
        return ""
    return name if is_host(name) else ""
