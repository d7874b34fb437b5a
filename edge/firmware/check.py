"""SHELL: whether a site can be put in place here: the site itself, the keys' places, the cards, and the tools that will read the files."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from edge.firmware.render import Target
from edge.firmware.site import Ipsec, OpenVpn, Site, WireGuard

TOOL_S_MAX = 120
CARDS = Path("/sys/class/net")
TOOLS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("firewall", "etc/nftables.conf", ("nft", "-c", "-f")),
    ("time", "etc/chrony/chrony.conf", ("chronyd", "-p", "-f")),
)
"""What is looked at, the file, and the command that reads it and does nothing."""


class Finding(NamedTuple):
    """One thing that was looked at: whether it is right, and a sentence."""

    part: str
    well: bool
    sentence: str


def findings(site: Site, targets: Mapping[str, Target], root: Path) -> Iterator[Finding]:
    """Everything that can be known before the set is put in place."""
    yield Finding("site", True, f"{site.name}: {len(targets)} files")
    yield from _tools(targets)
    yield from _keys(site, root)
    if root == Path("/"):
        yield from _cards(site)


def _tools(targets: Mapping[str, Target]) -> Iterator[Finding]:
    for part, path, command in TOOLS:
        if shutil.which(command[0]) is None:
            yield Finding(part, True, f"not looked at: {command[0]} is not installed here")
            continue
        with tempfile.NamedTemporaryFile("w", suffix=".conf", encoding="utf-8") as file:
            file.write(targets[path].text)
            file.flush()
            # Whoever is not root looks at it in a network of his own, where the rules would hold as well.
            alone = () if os.geteuid() == 0 else ("unshare", "--map-root-user", "--net")
            yield _asked(part, path, (*alone, *command, file.name))


def _asked(part: str, path: str, command: tuple[str, ...]) -> Finding:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=TOOL_S_MAX)  # noqa: S603 - from our own table
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(part, False, f"/{path} could not be looked at ({type(error).__name__})")
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        if said and said[0].startswith("unshare: "):
            return Finding(part, False, f"/{path} could not be looked at by this account: type it as root")
        return Finding(part, False, f"/{path} is not taken: {said[0] if said else done.returncode}")
    return Finding(part, True, f"/{path} is taken")


def _keys(site: Site, root: Path) -> Iterator[Finding]:
    for place, secret in places(site):
        path = root / place.lstrip("/")
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except OSError as error:
            yield Finding("keys", False, f"{place}: {error.strerror}; put it there before you apply")
            continue
        if secret and mode & 0o137:
            yield Finding("keys", False, f"{place} has mode {mode:04o}: chmod 0640, owned by root")
        else:
            yield Finding("keys", True, f"{place} is there")


def places(site: Site) -> list[tuple[str, bool]]:
    """Where the tunnel's keys and certificates lie, and which of them are secrets."""
    vpn = site.vpn
    found: list[tuple[str, bool]] = [(vpn.private_key, True)]
    if isinstance(vpn, WireGuard) and vpn.preshared_key:
        found.append((vpn.preshared_key, True))
    if isinstance(vpn, OpenVpn | Ipsec):
        found += [(vpn.authority, False), (vpn.certificate, False)]
    if isinstance(vpn, OpenVpn) and vpn.tls_crypt:
        found.append((vpn.tls_crypt, True))
    return found


def _cards(site: Site) -> Iterator[Finding]:
    there = {(card / "address").read_text().strip() for card in CARDS.iterdir() if (card / "address").is_file()}
    for side, mac in (("lan", site.lan.mac), ("wan", site.wan.mac)):
        if mac.lower() in there:
            yield Finding("cards", True, f"the card of {side}, {mac}, is there")
        else:
            yield Finding("cards", False, f"no card has the address {mac} of {side}: see `ip link`")
