"""PURE: the site file with another end of the tunnel, and nothing else changed: comments, order and spaces are the technician's.

The text is changed line by line and read again: what comes out must be the same site but for these values, or it is not used at all.
"""

from __future__ import annotations

import re

import msgspec

from edge.errors import EdgeError
from edge.firmware.parsing import parse
from edge.firmware.site import Site, WireGuard

TABLE = "vpn"
HOW = f"[{TABLE}] is written in a way that is not changed here: write one key a line"


class NotRewritten(EdgeError):
    """The file is written in a way in which its values cannot be changed here; the text says what to do."""


def with_end(text: bytes, name: str, public_key: str, endpoint: str, port: int) -> tuple[bytes, Site]:
    """The site file ``text`` with that end of its WireGuard tunnel, and the site that it says.

    Raises:
        SiteWrong: with it, or already without it, the site cannot be used.
        NotRewritten: see there.
    """
    before = parse(text, name)
    if not isinstance(before.vpn, WireGuard):
        raise NotRewritten("the tunnel is no WireGuard: its key is not changed from afar")
    end = {"public_key": public_key, "endpoint": endpoint, "port": port}
    changed = {key: value for key, value in end.items() if getattr(before.vpn, key) != value}
    written = text.decode()
    for key, value in changed.items():
        written = _with_value(written, key, f'"{value}"' if isinstance(value, str) else str(value))
    fresh = written.encode()
    after = parse(fresh, name)
    if after != msgspec.structs.replace(before, vpn=msgspec.structs.replace(before.vpn, **end)):
        raise NotRewritten(HOW)
    return fresh, after


def _with_value(text: str, key: str, value: str) -> str:
    lines = text.splitlines(keepends=True)
    header, at = _place(lines, key)
    if at is not None:
        found = re.fullmatch(r"""([^=]*=\s*)("[^"]*"|'[^']*'|[0-9_]+)(\s*(?:#.*)?[\r\n]*)""", lines[at])
        if found is None:
            raise NotRewritten(HOW)
        lines[at] = f"{found[1]}{value}{found[3]}"
    elif header is not None:
        ending = "\r\n" if lines[header].endswith("\r\n") else "\n"
        lines[header] = lines[header].rstrip("\r\n") + ending
        lines.insert(header + 1, f"{key} = {value}{ending}")
    else:
        raise NotRewritten(HOW)
    return "".join(lines)


def _place(lines: list[str], key: str) -> tuple[int | None, int | None]:
    """Where the table's header stands, and where its ``key`` does."""
    header: int | None = None
    inside = False
    for at, line in enumerate(lines):
        if re.match(r"\s*\[", line):
            inside = re.match(rf"\s*\[\s*{TABLE}\s*\]", line) is not None
            header = at if inside else header
        elif inside and re.match(rf"""\s*["']?{key}["']?\s*=""", line):
            return header, at
    return header, None
