"""PURE: what the hub says of the next key at its end of the tunnel, as a small file among what edges are offered (The Update Framework signs it).

Rules
    * A word lies under the name of the key that it follows: whoever's tunnel ends at another key has nothing to do with it.
    * An edge proves the next key beside the present one, and keeps it only if the hub answers through the new tunnel; a word through which it did not
      is not tried again until it is said anew, with a higher number.
    * Only the other end is in it: its public key, and its address and port where those change too. Addresses within the tunnel stay.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from enum import StrEnum
from ipaddress import IPv4Address
from typing import Final

import msgspec
from msgspec import Struct

from central_sync.wire.limits import HANDOVER_NUMBER_MAX

PREFIX: Final = "rings/tunnel."
WORD_BYTES_MAX: Final = 1024
IN_PLACE: Final = "in_place"
"""What is said of a key that was proven and is in use."""
TRYING: Final = "trying"
"""And of one that was proven, and has to carry the hub's answer for a time."""
_KEY = re.compile(r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=")
_NAME_CHARACTERS = 16


class TunnelFault(StrEnum):
    """Why an edge does not use the hub's next key."""

    SITE = "tunnel_site"
    UNANSWERED = "tunnel_unanswered"
    UNTRIED = "tunnel_untried"
    NOT_TAKEN = "tunnel_not_taken"
    WENT_BACK = "tunnel_went_back"


WHY: Final = {
    TunnelFault.SITE: "the site file of the box cannot take it",
    TunnelFault.UNANSWERED: "nobody with that key answers at that address",
    TunnelFault.UNTRIED: "the box could not make the device to try it with",
    TunnelFault.NOT_TAKEN: "the box could not put it in place",
    TunnelFault.WENT_BACK: "the hub did not answer through it, and the tunnel before it is back",
}
"""One sentence each for whoever looks after it."""


class TunnelWordInvalid(ValueError):
    """It is no word about a tunnel; the text says why."""


class TunnelWord(Struct, frozen=True, kw_only=True):
    """Whose tunnel ends at the public key ``present`` goes on to ``following``. ``endpoint`` and ``port``: empty and 0 where they stay."""

    number: int
    present: str
    following: str
    endpoint: str = ""
    port: int = 0


def key_name(public_key: str) -> str:
    """How a WireGuard key is called among people and in reports: the beginning of its fingerprint.

    Raises:
        TunnelWordInvalid: it is none.
    """
    if _KEY.fullmatch(public_key) is None:
        raise TunnelWordInvalid("a key of WireGuard is 32 bytes in Base64, as `wg pubkey` prints it")
    return hashlib.sha256(b64decode(public_key)).hexdigest()[:_NAME_CHARACTERS]


def path_of(present: str) -> str:
    """Under which name a word lies for those whose tunnel ends at ``present``."""
    return f"{PREFIX}{key_name(present)}.json"


def packed(word: TunnelWord) -> bytes:
    """The file's content.

    Raises:
        TunnelWordInvalid: it says what cannot be.
    """
    _check(word)
    return msgspec.json.encode(word)


def unpacked(content: bytes) -> TunnelWord:
    """The word in a file's content.

    Raises:
        TunnelWordInvalid: it is none.
    """
    if len(content) > WORD_BYTES_MAX:
        raise TunnelWordInvalid("it is too large")
    try:
        word = msgspec.json.decode(content, type=TunnelWord)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise TunnelWordInvalid("it cannot be read") from error
    _check(word)
    return word


def circular(words: list[TunnelWord], word: TunnelWord) -> bool:
    """Whether ``word`` would lead edges back to where they came from, by ``words`` that are said already."""
    if word.following == word.present:
        return False  # another address of the same key
    after = {one.present: one.following for one in words if one.present not in (word.present, one.following)}
    key, seen = word.following, set[str]()
    while key in after and key not in seen:
        seen.add(key)
        key = after[key]
    return key == word.present


def sentence(code: str) -> str:
    """What a fault's ``code`` means; nothing if it is none of ours."""
    return WHY[TunnelFault(code)] if code in set(TunnelFault) else ""


def _check(word: TunnelWord) -> None:
    if key_name(word.present) == key_name(word.following) and not (word.endpoint or word.port):
        raise TunnelWordInvalid("the next key is the present one, at the same address")
    if not 0 < word.number <= HANDOVER_NUMBER_MAX:
        raise TunnelWordInvalid("its number is out of bounds")
    if not 0 <= word.port <= 65535:
        raise TunnelWordInvalid(f"there is no port {word.port}")
    if word.endpoint:
        try:
            IPv4Address(word.endpoint)
        except ValueError as error:
            raise TunnelWordInvalid("an endpoint is an IPv4 address, not a name") from error
