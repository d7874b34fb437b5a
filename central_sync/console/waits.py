"""PURE: how long the next try waits after wrong passwords and codes.

Rules
    * What is counted: one account from one address; an address, whatever account it tries; an account, wherever it is tried from. Some are free, then each
      doubles the wait, up to a bound, and a day without a wrong one forgets them.
    * A browser from which the account has signed in before is counted by itself alone. So a stranger who tries an account from a thousand
      addresses makes other strangers wait, not the person whose account it is.
    * A try that has to wait is not made and not counted: a wait ends at its time, however often somebody knocks meanwhile.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

FIRST_S = 15
FORGOTTEN = timedelta(days=1)


class About(StrEnum):
    """What tries are counted about."""

    PAIR = "pair"
    ADDRESS = "address"
    ACCOUNT = "account"
    BROWSER = "browser"


class Bound(NamedTuple):
    """``free`` wrong ones cost nothing; the wait is never longer than ``wait_s_max``."""

    free: int
    wait_s_max: int


BOUNDS: Mapping[About, Bound] = {
    About.PAIR: Bound(4, 900),
    About.ADDRESS: Bound(20, 900),
    About.ACCOUNT: Bound(20, 300),
    About.BROWSER: Bound(4, 900),
}


class Key(NamedTuple):
    """One count: what it is about, and the digest by which the store knows it."""

    about: About
    digest: bytes


def keys(what: str, account: str, address: str, known_browser: str) -> Sequence[Key]:
    """What a try counts about. ``what``: passwords and codes are counted apart; ``known_browser``: its mark, if the account knows it."""
    if known_browser:
        return (_key(what, About.BROWSER, known_browser, account),)
    block = network(address)
    return (
        _key(what, About.PAIR, account, block),
        _key(what, About.ADDRESS, block),
        _key(what, About.ACCOUNT, account),
    )


def wait(about: About, failures: int) -> timedelta:
    """How long the next try waits after so many wrong ones."""
    free, most = BOUNDS[about]
    over = failures - free
    return timedelta(seconds=min(most, FIRST_S * 2 ** min(over - 1, 16)) if over > 0 else 0)


def until(about: About, failures: int, now: datetime) -> datetime:
    """When the next try may be made."""
    return now + wait(about, failures)


def network(address: str) -> str:
    """Whose an address is: one person has all of an IPv6 network's."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _key(what: str, about: About, *parts: str) -> Key:
    text = "\0".join((what, about, *parts))
    return Key(about, hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
