"""How this PC was paired with its edge: ``DIR/agent.json`` (0600), and how that is done.

The PC first looks at the certificate that answers and holds its fingerprint against the one in the code; only then, and only to that
certificate, it sends the code's secret and the key that it has made for itself. From then on it speaks to no other certificate.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import msgspec
from msgspec import Struct

from central_sync.wire import enrolment
from edge import files, platform
from edge.config import is_https
from edge.errors import EdgeError
from edge.readers.remote.limits import CONNECT_S_MAX
from edge.readers.remote.pairing import ANSWER_BYTES_MAX, PAIR_PATH, PairAnswer, PairAsked

FILE = "agent.json"
TRIES = 3
PAUSE_S = 1.0
KEY_BYTES = 32


class PairingFailed(EdgeError):
    """The edge could not be reached, is not the one of the code, or refused; the text says which."""


class Pairing(Struct, frozen=True, kw_only=True):
    """What the PC keeps. ``fingerprint``: SHA-256 of the edge's certificate, hexadecimal; ``key``: ours, told to that edge only."""

    name: str
    institution: str
    zone: str
    edge_url: str
    fingerprint: str
    key: str

    @property
    def pin(self) -> bytes:
        """The fingerprint as bytes."""
        return bytes.fromhex(self.fingerprint)


def load(folder: Path) -> Pairing | None:
    """The pairing under data directory ``folder``, or ``None`` if there is none.

    Raises:
        PairingFailed: it cannot be read.
    """
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Pairing)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise PairingFailed(f"{path} cannot be read: pair this computer again, with a new code") from error


async def pair(folder: Path, url: str, code: str) -> Pairing:
    """Be paired with the edge at ``url`` by the ``code`` that a technician got there, and keep that under ``folder``.

    Raises:
        PairingFailed: see its text; a pairing that was there is untouched.
    """
    if not is_https(url):
        raise PairingFailed(
            "The edge's address is written https://HOST:PORT, with the port of agents_listen in edge.toml."
        )
    try:
        secret, beginning = enrolment.read_code(code)
    except enrolment.CodeMistyped as error:
        raise PairingFailed(f"The code cannot be used: {error}.") from error
    shown = await _shown(url)
    if not hmac.compare_digest(enrolment.fingerprint(shown), beginning):
        raise PairingFailed(
            "What answers there is not the edge that made the code, or someone stands between. Nothing was sent."
        )
    pin, key = hashlib.sha256(shown).digest(), secrets.token_urlsafe(KEY_BYTES)
    told = await _asked(url, pin, PairAsked(secret=enrolment.secret_text(secret), key=key))
    made = Pairing(
        name=told.name,
        institution=told.institution,
        zone=told.zone,
        edge_url=url.rstrip("/"),
        fingerprint=pin.hex(),
        key=key,
    )
    try:
        _keep(folder, made)
    except OSError as error:
        raise PairingFailed(
            f"{folder / FILE} cannot be written: {error.strerror}. Pair again, with a new code."
        ) from error
    return made


def _keep(folder: Path, made: Pairing) -> None:
    platform.data_home(folder)
    files.replace(folder / FILE, msgspec.json.format(msgspec.json.encode(made)) + b"\n")


async def _shown(url: str) -> bytes:
    """The certificate (DER) that is shown at ``url``. Nothing is sent there but what the handshake needs."""
    parts = urlsplit(url)
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    stranger.minimum_version = ssl.TLSVersion.TLSv1_2
    stranger.check_hostname = False
    stranger.verify_mode = ssl.CERT_NONE  # what is shown is held against the code
    try:
        async with asyncio.timeout(CONNECT_S_MAX):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=stranger)
    except (OSError, TimeoutError) as error:
        raise PairingFailed(
            f"{url} cannot be reached ({type(error).__name__}): is agents_listen set in edge.toml?"
        ) from error
    shown: bytes | None = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    if shown is None:
        raise PairingFailed(f"What answers at {url} shows no certificate.")
    return shown


async def _asked(url: str, pin: bytes, asked: PairAsked) -> PairAnswer:
    """The edge's answer. Asked again if the line breaks: with the same key the edge knows us by then."""
    for attempt in range(1, TRIES + 1):
        try:
            return await _asked_once(url, pin, asked)
        except (aiohttp.ClientConnectionError, TimeoutError) as error:
            if isinstance(error, aiohttp.ServerFingerprintMismatch):
                raise PairingFailed("Another certificate answers now than a moment ago. Nothing was sent.") from error
            if attempt == TRIES:
                raise PairingFailed(f"{url} does not answer ({type(error).__name__}).") from error
        await asyncio.sleep(PAUSE_S)
    raise AssertionError("not reached")


async def _asked_once(url: str, pin: bytes, asked: PairAsked) -> PairAnswer:
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CONNECT_S_MAX)) as client,
        client.post(
            url.rstrip("/") + PAIR_PATH,
            data=msgspec.json.encode(asked),
            ssl=aiohttp.Fingerprint(pin),
            allow_redirects=False,
        ) as answer,
    ):
        match answer.status:
            case 200:
                pass
            case 403:
                raise PairingFailed(
                    "The edge refused: the code is wrong, over, or was used. Get a new one: agent invite."
                )
            case 429:
                raise PairingFailed("The edge refused: too many wrong codes were tried. Wait ten minutes.")
            case status:
                raise PairingFailed(f"The edge refused (HTTP {status}): see its log.")
        content = await answer.content.read(ANSWER_BYTES_MAX)
    try:
        return msgspec.json.decode(content, type=PairAnswer)
    except msgspec.DecodeError as error:
        raise PairingFailed("The edge's answer cannot be read; its version may be newer than ours.") from error
