"""SHELL: what stands before every face: how errors look, what a web page may do, and the way out when we stop.

A page of a stranger's web site runs in the clerk's browser and could call loopback: so the Host header must be one of ours (or the very
address that was called, which no name can fake), and an Origin header, which browsers always send, must be of loopback, configured, or that of
our own pages.
There is no wildcard. A page that is not served from a private network asks once more, in its preflight (``Access-Control-Request-Private-Network``); the
same list answers that. The page still needs its workstation's token for everything that means something.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec
import structlog
from aiohttp import hdrs, web

from central_sync.wire.refusals import Refused
from edge.errors import JournalUnavailable
from edge.faces import bodies
from edge.faces.answer import JsonAnswer
from edge.faces.limits import BODY_BYTES_MAX, BODY_WAIT_S_MAX, CALLS_AT_ONCE_MAX, HOSTS_KNOWN_MAX
from edge.log import located

T = TypeVar("T", bound=msgspec.Struct)
log = structlog.get_logger()

STATUS = {
    "endpoint_unknown": 404,
    "card_request_unknown": 404,
    "method_wrong": 405,
    "packet_too_large": 413,
    "origin_refused": 403,
    "token_invalid": 401,
    "cycle_closed": 401,
    "workstation_refused": 401,
    "shutting_down": 503,
    "too_busy": 503,
    "journal_full": 503,
    "maintenance": 503,
    "journal_unavailable": 503,
    "edge_fault": 500,
}
"""HTTP status of a call that never became a transaction, by its refusal; 400 for the rest."""

PRIVATE_NETWORK_ASKED = "Access-Control-Request-Private-Network"
PRIVATE_NETWORK_ALLOWED = "Access-Control-Allow-Private-Network"
FETCH_SITE, FETCH_MODE = "sec-fetch-site", "sec-fetch-mode"

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_ORIGIN, _HOST = hdrs.ORIGIN.lower(), hdrs.HOST.lower()


class Post(NamedTuple):
    """A POST that came by the shortcut: of what aiohttp's request has, what our handlers ask for. ``headers`` by their names in lower case;
    ``sockname``: the address that was called.
    """

    path: str
    headers: Mapping[str, str]
    body: bytes
    scheme: str
    sockname: tuple[Any, ...] | None

    @property
    def method(self) -> str:
        """As it says."""
        return hdrs.METH_POST


Asked = web.Request | Post
Handler = Callable[[Any], Awaitable[web.StreamResponse]]
Write = Callable[[web.StreamResponse], None]
Answer = Callable[[Callable[[], web.StreamResponse]], None]
"""Called once, with what makes the answer."""
Quick = Callable[[Post, Answer], Awaitable[web.StreamResponse] | None]
"""A handler that needs no task: it calls its second argument, now or later, or returns what is to be awaited for the answer."""


class Door:
    """Middleware of the faces' application, and the count of the calls under way."""

    def __init__(self, names: Iterable[str], origins: Iterable[str]) -> None:
        self._names = _LOOPBACK_NAMES | {name.lower() for name in names}
        self._origins = [origin.rstrip("/").lower() for origin in origins]
        self._hosts: dict[tuple[str, str], bool] = {}
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.stopping = False

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """:meth:`through`, as aiohttp's application wants it."""
        return await self.through(request, handler, "")

    async def through(self, request: Asked, handler: Handler, route: str) -> web.StreamResponse:
        """Check the caller's page, run the handler, and give every failure the typed body."""
        origin = ""
        try:
            origin = self.admitted(request)
            if request.method == hdrs.METH_OPTIONS and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers:
                answer: web.StreamResponse = web.Response(status=204, headers=_private_network(request))
            elif request.method != hdrs.METH_POST:
                answer = await handler(request)
            else:
                answer = await self._counted(request, handler)
        except Exception as error:  # noqa: BLE001 - the last line of defence: whatever failed, the caller gets a typed answer
            answer = _failed(error, request, route)
        return _readable(answer, origin)

    def at_once(self, post: Post, origin: str, handler: Quick, write: Write) -> Coroutine[Any, Any, None] | None:
        """As :meth:`through`, without a task, for a page that was :meth:`admitted`: ``write`` gets the answer now, later, or by the coroutine that
        is returned.
        """
        try:
            self._enter()
        except Refused as refusal:
            write(_readable(turned_away(refusal), origin))
            return None
        call = _Call(self, post, origin, write)
        try:
            rest = handler(post, call.end)
        except Exception as error:  # noqa: BLE001 - the last line of defence here, too
            call.fail(error)
            return None
        return None if rest is None else call.wait(rest)

    async def before_headers(self, request: web.Request, answer: web.StreamResponse) -> None:
        """Let the page of an allowed origin read an answer that aiohttp writes; a signal handler of the application."""
        allowed = self._allowed_origin(request)
        if allowed:
            answer.headers.update(_cors(allowed))

    async def idle(self, wait_s: float) -> bool:
        """Wait until no call is under way; ``False`` if some still are after ``wait_s``."""
        try:
            async with asyncio.timeout(wait_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    def admitted(self, request: Asked) -> str:
        """The origin of the page that calls; empty: no page does. It depends on nothing but its headers and the address that was called.

        Raises:
            Refused: it may not.
        """
        origin = self._allowed_origin(request)
        if origin is None or not self._host_is_ours(request) or _is_hidden_page(request):
            raise Refused("origin_refused")
        return origin

    async def _counted(self, request: Asked, handler: Handler) -> web.StreamResponse:
        self._enter()
        try:
            return await handler(request)
        finally:
            self.leave()

    def _enter(self) -> None:
        """One call more.

        Raises:
            Refused: there is no room, or we stop.
        """
        if self.stopping:
            raise Refused("shutting_down")
        if self._under_way >= CALLS_AT_ONCE_MAX:
            raise Refused("too_busy")
        self._under_way += 1
        self._idle.clear()

    def leave(self) -> None:
        """One call less."""
        self._under_way -= 1
        if not self._under_way:
            self._idle.set()

    def _host_is_ours(self, request: Asked) -> bool:
        called = request.sockname if isinstance(request, Post) else request.protocol.sockname
        named = request.headers.get(_HOST, "")
        address = str(called[0]) if called else ""
        ours = self._hosts.get((named, address))
        if ours is None:
            ours = self._is_ours(named, address)
            if len(self._hosts) < HOSTS_KNOWN_MAX:
                self._hosts[named, address] = ours
        return ours

    def _is_ours(self, named: str, address: str) -> bool:
        host = _host_of(f"//{named}")
        if host in self._names:
            return True
        try:
            return ipaddress.ip_address(host) == ipaddress.ip_address(address)
        except ValueError:
            return False

    def _allowed_origin(self, request: Asked) -> str | None:
        """The page's origin if it may call us, empty if no page calls, ``None`` if it may not."""
        origin = request.headers.get(_ORIGIN)
        if origin is None:
            return ""
        if not origin.isascii():  # no browser writes one, and bytes that are no UTF-8 cannot be compared
            return None
        listed = any(hmac.compare_digest(origin.lower().encode(), known.encode()) for known in self._origins)
        return origin if listed or _host_of(origin) in _LOOPBACK_NAMES or self._is_own(origin, request) else None

    def _is_own(self, origin: str, request: Asked) -> bool:
        """Whether the page came from this very address: one of the console's."""
        own = f"{request.scheme}://{request.headers.get(_HOST, '')}"
        return origin.lower() == own.lower() and self._host_is_ours(request)


class _Call:
    """One call that has entered without a task."""

    __slots__ = ("_door", "_origin", "_post", "_write")

    def __init__(self, door: Door, post: Post, origin: str, write: Write) -> None:
        self._door = door
        self._post = post
        self._origin = origin
        self._write = write

    def end(self, make: Callable[[], web.StreamResponse]) -> None:
        """Write the answer that ``make`` makes, or that it failed."""
        try:
            answer = make()
        except Exception as error:  # noqa: BLE001 - the last line of defence here, too
            self.fail(error)
            return
        self._door.leave()
        self._write(_readable(answer, self._origin))

    def fail(self, error: Exception) -> None:
        """Write why there is no answer."""
        self._door.leave()
        self._write(_readable(_failed(error, self._post, self._post.path), self._origin))

    async def wait(self, rest: Awaitable[web.StreamResponse]) -> None:
        """Write what ``rest`` brings."""
        try:
            answer = await rest
        except Exception as error:  # noqa: BLE001 - the last line of defence here, too
            self.fail(error)
        except BaseException:  # it is raised again; only the call is counted out
            self._door.leave()
            raise
        else:
            self.end(lambda: answer)


async def body(request: Asked, kind: type[T]) -> T:
    """The call in a request.

    Raises:
        Refused: see :func:`bodies.read`; also when the body is too large or does not arrive in time.
    """
    if isinstance(request, Post):
        return bodies.read(kind, request.body)
    if request.content.is_eof():  # it came with its headers, as nearly all do: there is nothing to wait for
        return bodies.read(kind, request.content.read_nowait())
    if (request.content_length or 0) > BODY_BYTES_MAX:
        raise Refused("packet_too_large", f"over {BODY_BYTES_MAX} bytes")
    try:
        async with asyncio.timeout(BODY_WAIT_S_MAX):
            content = await request.read()
    except TimeoutError as error:
        raise Refused("packet_missing", f"the body did not arrive within {BODY_WAIT_S_MAX} s") from error
    except (web.RequestPayloadError, ConnectionError) as error:  # it is not packed as it says, or its sender has gone
        raise _damage(error) from error
    return bodies.read(kind, content)


def json_response(answer: msgspec.Struct, status: int = 200, retry_after_s: int = 0) -> JsonAnswer:
    """``answer`` as it goes to the caller; never kept by a browser or a proxy. ``retry_after_s``: nothing is taken now, but then."""
    if not retry_after_s:
        return JsonAnswer(answer, status)
    made = JsonAnswer(answer, 503)
    made.more = b"Retry-After: %d\r\n" % retry_after_s
    return made


def turned_away(refusal: Refused) -> JsonAnswer:
    """The answer to a call that never became a transaction."""
    return json_response(bodies.refused(refusal.code, refusal.detail), STATUS.get(refusal.code, 400))


def _failed(error: Exception, request: Asked, route: str) -> JsonAnswer:
    """What the caller is told of a call that ended with ``error``."""
    match error:
        case Refused():
            return turned_away(error)
        case JournalUnavailable():
            return turned_away(Refused("journal_unavailable"))
        case web.HTTPException():
            return turned_away(_foreign(error))
    log.error("a face failed", route=route or _route(request), **located(error))
    return fault(request.method)


def damaged(error: BaseException | None) -> JsonAnswer:
    """The answer to what is no HTTP that can be read; ``error`` says why."""
    return turned_away(_damage(error))


def fault(method: str) -> JsonAnswer:
    """The answer to a call that failed by our own fault."""
    told = bodies.unknown if method == hdrs.METH_POST else bodies.refused
    return json_response(told("edge_fault"), 500)


def _readable(answer: web.StreamResponse, origin: str) -> web.StreamResponse:
    """``answer``, as the page of ``origin``, if there is one, may read it."""
    if origin and isinstance(answer, JsonAnswer):
        answer.more += b"".join(
            f"{name}: {value}\r\n".encode("utf-8", "surrogateescape") for name, value in _cors(origin).items()
        )
    return answer


def _foreign(error: web.HTTPException) -> Refused:
    match error.status:
        case 404:
            return Refused("endpoint_unknown")
        case 405:
            return Refused("method_wrong")
        case 413:
            return Refused("packet_too_large", f"over {BODY_BYTES_MAX} bytes")
        case _:
            return _damage(None)


def _damage(error: BaseException | None) -> Refused:
    """The class of ``error`` may help whoever wrote the program; its text has a piece of what came."""
    kind = f": {type(error).__name__}" if error is not None else ""
    return Refused("packet_invalid", f"the HTTP request is damaged{kind}")


def _host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _route(request: Asked) -> str:
    if isinstance(request, Post):
        return request.path
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"


def _private_network(request: Asked) -> dict[str, str]:
    """What a preflight is answered besides, when the page's own network is a wider one than ours."""
    return {PRIVATE_NETWORK_ALLOWED: "true"} if request.headers.get(PRIVATE_NETWORK_ASKED) == "true" else {}


def _is_hidden_page(request: Asked) -> bool:
    """Whether another site's page calls without saying which (an image, a script): such a call has no Origin, but says that it comes from
    elsewhere. A person who follows a link is let through.
    """
    return (
        _ORIGIN not in request.headers
        and request.headers.get(FETCH_SITE) == "cross-site"
        and request.headers.get(FETCH_MODE) != "navigate"
    )


def _cors(origin: str) -> dict[str, str]:
    return {
        hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: origin,
        hdrs.VARY: "Origin",
        hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "authorization, content-type",
        hdrs.ACCESS_CONTROL_ALLOW_METHODS: "GET, POST, DELETE",
        hdrs.ACCESS_CONTROL_MAX_AGE: "600",
    }
