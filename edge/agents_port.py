"""SHELL: where the agents of the clerks' PCs reach the edge: a port of its own, TLS always, with nothing on it but pairing and their lines.

``POST /agents/v1/pair`` takes a PC in by its invitation; ``GET /agents/v1/line`` is its WebSocket (``readers/remote/codec.py``), opened with the key that
it made when it was paired. The certificate is pinned by its fingerprint, which stands in the code that the technician types: it is made once and
never renewed by itself, and its names and dates say nothing. A web page cannot call this port: whatever has an Origin is refused.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import structlog
from aiohttp import hdrs, web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from edge import files, platform
from edge.agents import AGENTS_MAX, AgentError, Agents, Paired, PairingRefused
from edge.config import Address
from edge.control import Tell
from edge.faces import certificate
from edge.faces.crowd import Crowd
from edge.faces.gate import bearer
from edge.faces.listener import Listener
from edge.log import located
from edge.readers.remote import codec
from edge.readers.remote.driver import RemoteReaders
from edge.readers.remote.limits import CLOSE_WAIT_S, HEARTBEAT_S, MESSAGE_BYTES_MAX
from edge.readers.remote.link import Link
from edge.readers.remote.pairing import ASKED_BYTES_MAX, LINE_PATH, PAIR_PATH, PairAnswer, PairAsked
from edge.readers.remote.tries import Tries

FOLDER = "agents"
CERTIFICATE_DAYS = 36_500
BODY_WAIT_S_MAX = 5.0
CONNECTIONS_MAX = AGENTS_MAX + 200
CONNECTIONS_PER_ADDRESS_MAX = 100
"""Many PCs may stand behind one address; nobody needs more who is not there to fill the port."""
NAME = "pishkhan-agents"

log = structlog.get_logger()
Clock = Callable[[], datetime]


def ensure(folder: Path, now: datetime) -> bytes:
    """The port's certificate (DER) under data directory ``folder``, made if there is none.

    Raises:
        AgentError: it cannot be read or written.
    """
    home = folder / FOLDER
    path = home / "certificate.pem"
    try:
        if not (path.is_file() and (home / "key.pem").is_file()):
            platform.private(home)
            key = ec.generate_private_key(ec.SECP256R1())
            made = certificate.self_signed(key, [NAME], now, CERTIFICATE_DAYS)
            private = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            files.replace(home / "key.pem", private)
            files.replace(path, made.public_bytes(serialization.Encoding.PEM), 0o644)
        return ssl.PEM_cert_to_DER_cert(path.read_text())
    except (OSError, ValueError) as error:
        raise AgentError(
            f"{path} cannot be used ({type(error).__name__}): remove the folder, and pair again"
        ) from error


def server_context(folder: Path) -> ssl.SSLContext:
    """TLS of the port with the certificate of :func:`ensure`.

    Raises:
        AgentError: key and certificate do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_cert_chain(folder / FOLDER / "certificate.pem", folder / FOLDER / "key.pem")
    except (OSError, ssl.SSLError) as error:
        raise AgentError(
            f"{folder / FOLDER}: key and certificate cannot be used; remove the folder, and pair again"
        ) from error
    return context


class AgentsPort:
    """The port. ``address`` ``None``: there is none. ``welcome`` is what every agent is told of this edge."""

    def __init__(
        self,
        folder: Path,
        address: Address | None,
        device: str,
        agents: Agents,
        readers: RemoteReaders,
        welcome: codec.Welcome,
        clock: Clock,
    ) -> None:
        self._folder = folder
        self._address = address
        self._device = device
        self._listener: Listener | None = None
        self._agents = agents
        self._readers = readers
        self._welcome = welcome
        self._clock = clock
        self._tries = Tries()
        self._crowd = Crowd(CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS_MAX)

    @property
    def url(self) -> str:
        """Where agents reach it; empty while it does not listen."""
        return self._listener.url if self._listener else ""

    async def start(self) -> None:
        """Listen.

        Raises:
            AgentError, ListenFailed: why not.
        """
        if self._address is None:
            return
        ensure(self._folder, self._clock())
        context = server_context(self._folder)
        self._listener = Listener(self.application(), self._address, self._device, context, crowd=self._crowd)
        await self._listener.start()

    async def stop(self) -> None:
        """End every line, and listen no more."""
        await self._readers.stop()
        if self._listener is not None:
            await self._listener.stop()

    async def verb(self, _told: Mapping[str, Any], _tell: Tell) -> Mapping[str, Any]:
        """What `agent list` asks the running edge."""
        return {"url": self.url, "connected": self._readers.connected()}

    def application(self) -> web.Application:
        """What a listener serves."""
        app = web.Application(client_max_size=ASKED_BYTES_MAX)
        app.router.add_post(PAIR_PATH, self.pair)
        app.router.add_get(LINE_PATH, self.line)
        return app

    async def pair(self, request: web.Request) -> web.StreamResponse:
        """Take a PC in. 403: the code is not one of ours, over, or used; 429: too many wrong ones, from there or at all."""
        _from_no_page(request)
        peer, now_s = request.remote or "", asyncio.get_running_loop().time()
        if not self._tries.allow(peer, now_s):
            raise web.HTTPTooManyRequests
        try:
            async with asyncio.timeout(BODY_WAIT_S_MAX):
                asked = msgspec.json.decode(await request.read(), type=PairAsked)
            paired = self._agents.pair(bytes.fromhex(asked.secret), asked.key, self._clock())
        except (TimeoutError, ValueError) as error:
            raise web.HTTPBadRequest from error
        except PairingRefused as error:
            self._tries.failed(peer, now_s)
            log.warning("a computer was not paired: its code is wrong, over or used", address=peer)
            raise web.HTTPForbidden from error
        except AgentError as error:
            log.error("a computer could not be paired", **located(error))
            raise web.HTTPServiceUnavailable from error
        log.info("a computer was paired", agent=paired.name, address=peer)
        told = PairAnswer(name=paired.name, institution=self._welcome.institution, zone=self._welcome.zone)
        return web.Response(body=msgspec.json.encode(told), content_type="application/json")

    async def line(self, request: web.Request) -> web.StreamResponse:
        """An agent's line, for as long as it is open. 401: not paired, or no longer."""
        _from_no_page(request)
        paired = self._known(request)
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, autoping=False, timeout=CLOSE_WAIT_S, max_msg_size=MESSAGE_BYTES_MAX, compress=False
        )
        if not socket.can_prepare(request):
            raise web.HTTPBadRequest
        await socket.prepare(request)
        if request.transport is not None:
            self._crowd.welcome(request.transport.get_extra_info("peername"))
        await self._readers.serve(paired.name, Link(socket), lambda: self._agents.still(paired), self._welcome)
        return socket

    def _known(self, request: web.Request) -> Paired:
        name, _, key = bearer(request).partition(":")
        try:
            paired = self._agents.admitted(name, key)
        except AgentError as error:
            raise web.HTTPServiceUnavailable from error
        if paired is None:
            raise web.HTTPUnauthorized
        return paired


def _from_no_page(request: web.Request) -> None:
    if hdrs.ORIGIN in request.headers:
        raise web.HTTPForbidden
