"""SHELL: a message to people by mail, over TLS; a password is never said on an open line."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any, NamedTuple

from central_sync.fleet import messages
from central_sync.fleet.channels import NotDelivered
from central_sync.fleet.limits import MESSAGE_S_MAX
from central_sync.pages.languages import Tongue

LEFT_MAX = 200
"""Messages of which it is known here who still has none."""
CUT_AGAIN_S = 1.0
"""While a line is being connected, or made safe, there is nothing to cut: so it is tried again."""


class Server(NamedTuple):
    """Where mail is handed in. ``tls``: ``starttls``, ``from_the_start`` or ``none``; ``authority``: a PEM file; ``None``: the system's."""

    host: str
    port: int
    tls: str
    user: str
    password: str
    authority: Path | None


class Mail:
    """People by the language that they read: each language is a mail of its own."""

    def __init__(
        self, server: Server, sender: str, to: Mapping[Tongue, tuple[str, ...]], clock: Callable[[], datetime]
    ) -> None:
        self._server = server
        self._sender = sender
        self._to = to
        self._clock = clock
        self._left: OrderedDict[str, tuple[str, ...]] = OrderedDict()

    def deliver(self, message_id: str, body: str) -> None:
        """As the port says. The id is the mail's, so that a copy is known. Whom the server took it for is not written to again for another's sake."""
        try:
            self._send(message_id, body)
        except NotDelivered:
            raise
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise NotDelivered(_code(error)) from None  # its text may quote addresses

    def _mail(self, message_id: str, body: str, tongue: Tongue) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"] = self._sender, ", ".join(self._to[tongue])
        mail["Subject"] = messages.subject(body, tongue)
        mail["Date"] = format_datetime(self._clock())
        mail["Message-ID"] = f"<{message_id}.{tongue.language}@{self._sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(messages.text(body, tongue))
        mail["Content-Language"] = str(tongue.language)
        return mail

    def _send(self, message_id: str, body: str) -> None:
        left = self._left.get(message_id, tuple(one for people in self._to.values() for one in people))
        asked, refusal = len(left), ""
        with self._line() as line:
            for tongue, people in self._to.items():
                wanted = [one for one in people if one in left]
                if not wanted or line.sock is None:  # after a 421 there is nobody to talk to
                    continue
                try:  # what is refused of one language: the others have their mail none the less
                    refused = line.send_message(self._mail(message_id, body, tongue), to_addrs=wanted)
                except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
                    refusal = _code(error)  # it went to nobody, not even to those whom the error does not name
                    continue
                left = tuple(one for one in left if one not in wanted or one in refused)
                self._keep(message_id, left)
        if refusal and len(left) == asked:
            raise NotDelivered(refusal)
        if left:
            raise NotDelivered("some_recipients_refused")

    @contextmanager
    def _line(self) -> Iterator[smtplib.SMTP]:
        """A line to the server, signed in, for ``MESSAGE_S_MAX`` and no longer. How the server takes its leave changes nothing of what it has taken."""
        server, late = self._server, threading.Event()
        context = ssl.create_default_context(cafile=server.authority)
        line = (
            _SafeLine(server.host, server.port, timeout=MESSAGE_S_MAX, context=context)
            if server.tls == "from_the_start"
            else _Line(server.host, server.port, timeout=MESSAGE_S_MAX)
        )
        try:
            with _cut_off(line, late):
                line.reach(server.host, server.port)
                if server.tls == "starttls":
                    line.starttls(context=context)
                if server.user:
                    line.login(server.user, server.password)
                yield line
                with suppress(smtplib.SMTPException, OSError):
                    line.quit()
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            raise (TimeoutError() if late.is_set() else error) from None
        finally:
            line.close()

    def _keep(self, message_id: str, left: tuple[str, ...]) -> None:
        """Who still has none of that message."""
        self._left.pop(message_id, None)
        if left:
            self._left[message_id] = left
        while len(self._left) > LEFT_MAX:
            self._left.popitem(last=False)


class _Line(smtplib.SMTP):
    """A line that is there before it is connected, so that whoever has it can cut it off from its first letter on."""

    def connect(self, host: str = "", port: int = 0, source_address: Any = None) -> tuple[int, bytes]:  # noqa: ARG002 -- smtplib's signature
        """Nothing yet, though the constructor asks for it: :meth:`reach` does it."""
        return 220, b""

    def reach(self, host: str, port: int) -> None:
        """Connect, and hear the greeting. Raises as smtplib's constructor."""
        code, text = super().connect(host, port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)


class _SafeLine(_Line, smtplib.SMTP_SSL):
    """The same with TLS from the start."""


@contextmanager
def _cut_off(line: smtplib.SMTP, late: threading.Event) -> Iterator[None]:
    """Whoever answers in time to each word, and to the whole never, is cut off: ``late`` says so."""
    done = threading.Event()

    def watch() -> None:
        left_s: float = MESSAGE_S_MAX
        while not done.wait(left_s):
            late.set()
            held = line.sock
            with suppress(OSError):
                if held is not None:
                    held.shutdown(socket.SHUT_RDWR)
            left_s = CUT_AGAIN_S

    threading.Thread(target=watch, name="mail-cut-off", daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _code(error: Exception) -> str:
    """What went wrong, in a word that names nobody."""
    match error:
        case smtplib.SMTPRecipientsRefused(recipients=recipients):
            return f"recipients_refused_{max((code for code, _ in recipients.values()), default=0)}"
        case smtplib.SMTPResponseException():
            return f"status_{error.smtp_code}"
        case smtplib.SMTPNotSupportedError():
            return "not_offered"
        case ssl.SSLCertVerificationError():
            return "certificate_refused"
        case ssl.SSLError():
            return "tls_failed"
        case TimeoutError():
            return "late"
        case _:
            return f"unreachable_{type(error).__name__}"[:80]
