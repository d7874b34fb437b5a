"""SHELL: tries the way from the desks to the hub step by step, when a technician asks: which step works, how long it took, and what is wrong.

It opens connections of its own beside the line, by the same interface and with the same certificate, asks for what changes nothing, and closes them. A step
that stands on one that failed is not tried.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from cryptography import x509

from central_sync.wire.limits import CLOCK_SKEW_S_MAX
from edge.readers.bindings import ReaderRow
from edge.sessions import bound_to

STEP_S_MAX = 5.0
SLOW_MS = 1_500
HEAD_BYTES_MAX = 16 * 1024
HUB_CERTIFICATE_DAYS_LOW = 14
NAMES = ("face", "desks", "readers", "name", "port", "certificate", "centre", "renewal")
"""The steps, in their order."""

WELL, WARNING, BROKEN, UNKNOWN, WAITING = "well", "warning", "broken", "unknown", "waiting"
_ADMITTED, _NOT_ADMITTED = 200, (403, 409)


class Step(NamedTuple):
    """A step: how it is, ``code`` of what was found, values for its sentence, and how long it took."""

    name: str
    state: str
    code: str = ""
    values: Mapping[str, int | str] = {}
    took_ms: int | None = None


class _Failed(Exception):
    """A step failed; ``code`` says how."""

    def __init__(self, code: str, **values: int | str) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


Tell = Callable[[Sequence[Step]], None]
Found = tuple[str, dict[str, int | str]]
"""What a step found: its code, and values for its sentence."""


class Probe:
    """``sync_url``, ``enrol_url``, ``tls`` and ``device`` as the line has them; ``readers`` and ``desks`` (how many may sign in) of this edge;
    ``face``: where it listens, and when a program of the hospital last called.
    """

    def __init__(
        self,
        sync_url: str,
        enrol_url: str,
        tls: Callable[[], ssl.SSLContext],
        device: str,
        readers: Callable[[], Sequence[ReaderRow]],
        desks: Callable[[], int],
        face: Callable[[], tuple[str, datetime | None]],
        clock: Callable[[], datetime],
    ) -> None:
        self._sync_url = sync_url
        self._enrol_url = enrol_url
        self._tls = tls
        self._device = device
        self._readers = readers
        self._desks = desks
        self._face = face
        self._clock = clock

    async def run(self, tell: Tell) -> Sequence[Step]:
        """Try everything; ``tell`` hears how far it is."""
        steps = [Step(name, WAITING) for name in NAMES]
        tell(tuple(steps))
        async for step in self._steps():
            steps[NAMES.index(step.name)] = step
            tell(tuple(steps))
        return tuple(steps)

    async def _steps(self) -> AsyncIterator[Step]:
        yield self._face_step()
        yield self._desk_step()
        yield self._reader_step()
        async for step in self._way():
            yield step
        yield await self._renewal_step()

    async def _way(self) -> AsyncIterator[Step]:
        """The steps to the hub; what stands on one that failed is not tried."""
        host, port = _address(self._sync_url)
        step = await _timed("name", self._name(host, port))
        yield step
        address = str(step.values.get("address", ""))
        for name, work in (("port", self._port), ("certificate", self._certificate), ("centre", self._centre)):
            broken = step.state in (BROKEN, UNKNOWN)
            step = Step(name, UNKNOWN, "before") if broken else await _timed(name, work(address, host, port))
            yield step

    def _face_step(self) -> Step:
        """Whoever reads the page was served by the face: it works. Whether the hospital's own program uses it is another question."""
        address, called_at = self._face()
        if called_at is None:
            return Step("face", WARNING, "not_called", {"address": address})
        minutes = max(1, math.ceil((self._clock() - called_at).total_seconds() / 60))
        return Step("face", WELL, "called", {"address": address, "minutes": minutes})

    def _desk_step(self) -> Step:
        count = self._desks()
        return Step("desks", WELL if count else WARNING, "desks" if count else "no_desks", {"count": count})

    def _reader_step(self) -> Step:
        rows = self._readers()
        troubled = [row.name for row in rows if row.trouble]
        if not rows:
            return Step("readers", WELL, "no_readers")
        if troubled:
            return Step("readers", BROKEN, "readers_troubled", {"names": ", ".join(troubled)})
        return Step("readers", WELL, "readers", {"count": len(rows)})

    async def _renewal_step(self) -> Step:
        if not self._enrol_url:
            return Step("renewal", UNKNOWN, "no_renewal")
        host, port = _address(self._enrol_url)

        async def tried() -> Found:
            _, values = await self._name(host, port)
            return await self._port(str(values["address"]), host, port)

        step = await _timed("renewal", tried())
        return step._replace(state=WARNING, code="renewal_away") if step.state == BROKEN else step

    async def _name(self, host: str, port: int) -> Found:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise _Failed("name_unknown", host=host) from error
        return "name", {"address": str(found[0][4][0])}

    async def _port(self, address: str, _host: str, port: int) -> Found:
        async with self._connected(address, port):
            return "port", {"address": address, "port": str(port)}

    async def _certificate(self, address: str, host: str, port: int) -> Found:
        async with self._connected(address, port, host) as (_, writer):
            shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        days = (x509.load_der_x509_certificate(shown).not_valid_after_utc - self._clock()).days
        return ("certificate_ends" if days < HUB_CERTIFICATE_DAYS_LOW else "certificate"), {"days": days}

    async def _centre(self, address: str, host: str, port: int) -> Found:
        async with self._connected(address, port, host) as (reader, writer):
            before, began = self._clock(), time.monotonic()
            writer.write(f"GET /v1/signers HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
            try:
                head = (await reader.readuntil(b"\r\n\r\n"))[:HEAD_BYTES_MAX].decode("latin-1")
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
                raise _Failed("centre_hung_up") from error
            took_ms = round(1000 * (time.monotonic() - began))
        status = int(parts[1]) if len(parts := head.split(maxsplit=2)) > 1 and parts[1].isdigit() else 0
        if status in _NOT_ADMITTED:
            raise _Failed("not_admitted", status=status)
        if status != _ADMITTED:
            raise _Failed("centre_fault", status=status)
        skew_s = _skew(head, before, took_ms)
        if skew_s is not None and abs(skew_s) > CLOCK_SKEW_S_MAX:
            raise _Failed("clock", seconds=abs(skew_s))
        return ("centre_slow" if took_ms > SLOW_MS else "centre"), {
            "milliseconds": took_ms,
            "seconds": max(1, abs(skew_s or 0)),
        }

    @contextlib.asynccontextmanager
    async def _connected(
        self, address: str, port: int, host: str = ""
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection; with TLS as this edge, if ``host`` names whom it shall be."""
        plain = await self._socket(address, port)
        more = {"ssl": self._tls(), "server_hostname": host} if host else {}
        try:
            reader, writer = await asyncio.open_connection(sock=plain, **more)  # type: ignore[arg-type]
        except ssl.SSLCertVerificationError as error:
            plain.close()
            raise _Failed(_untrusted(error)) from error
        except (ssl.SSLError, OSError) as error:
            plain.close()
            raise _Failed("no_tls") from error
        try:
            yield reader, writer
        except (
            ssl.SSLError,
            ConnectionError,
        ) as error:  # with TLS 1.3 the hub says no to a certificate after the handshake
            raise _Failed("not_admitted" if host else "port_broken", status=0) from error
        finally:
            writer.close()

    async def _socket(self, address: str, port: int) -> socket.socket:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        made = None
        try:
            made = (
                bound_to(self._device)((family, socket.SOCK_STREAM, 0, "", (address, port)))
                if self._device
                else socket.socket(family, socket.SOCK_STREAM)
            )
            made.setblocking(False)
            await asyncio.get_running_loop().sock_connect(made, (address, port))
        except OSError as error:
            if made is not None:
                made.close()
            code = "port_refused" if isinstance(error, ConnectionRefusedError) else "no_way" if made else "no_device"
            raise _Failed(code, address=address, port=str(port), device=self._device) from error
        except asyncio.CancelledError:
            made.close()  # type: ignore[union-attr]  # it waits for the connection only with a socket
            raise
        return made


async def _timed(name: str, work: Awaitable[Found]) -> Step:
    began = time.monotonic()
    try:
        async with asyncio.timeout(STEP_S_MAX):
            code, values = await work
    except _Failed as failed:
        return Step(name, BROKEN, failed.code, failed.values)
    except TimeoutError:
        return Step(name, BROKEN, f"{name}_silent", {"seconds": int(STEP_S_MAX)})
    state = WARNING if code in ("certificate_ends", "centre_slow") else WELL
    return Step(name, state, code, values, round(1000 * (time.monotonic() - began)))


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 443


def _untrusted(error: ssl.SSLCertVerificationError) -> str:
    """X509_V_ERR codes of OpenSSL: 10 has ended, 9 has not begun, 62 another name, 64 another address."""
    return {10: "hub_ended", 9: "hub_not_begun", 62: "hub_name", 64: "hub_name"}.get(error.verify_code, "hub_untrusted")


def _skew(head: str, before: datetime, took_ms: int) -> int | None:
    """How far our clock is ahead of the one that wrote ``Date``, in whole seconds; ``None``: it says none."""
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.lower() == "date":
            try:
                told = parsedate_to_datetime(value.strip())
            except ValueError:
                return None
            told = told if told.tzinfo else told.replace(tzinfo=UTC)
            return round((before - told).total_seconds() + took_ms / 2000 - 0.5)
    return None
