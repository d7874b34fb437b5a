"""SHELL: a message to people by mail, over TLS; a password is never said on an open line."""

from __future__ import annotations

import smtplib
import ssl
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import NamedTuple

from central_sync.fleet import messages
from central_sync.fleet.channels import NotDelivered
from central_sync.fleet.limits import MESSAGE_S_MAX

LEFT_MAX = 200
"""Messages of which it is known here who still has none."""


class Server(NamedTuple):
    """Where mail is handed in. ``tls``: ``starttls``, ``from_the_start`` or ``none``; ``authority``: a PEM file; ``None``: the system's."""

    host: str
    port: int
    tls: str
    user: str
    password: str
    authority: Path | None


class Mail:
    """The people at ``to``."""

    def __init__(self, server: Server, sender: str, to: tuple[str, ...], clock: Callable[[], datetime]) -> None:
        self._server = server
        self._sender = sender
        self._to = to
        self._clock = clock
        self._left: OrderedDict[str, tuple[str, ...]] = OrderedDict()

    def deliver(self, message_id: str, body: str) -> None:
        """As the port says. The id is the mail's, so that a copy is known. Whom the server took it for is not written to again for another's sake."""
        mail = EmailMessage()
        mail["From"], mail["To"] = self._sender, ", ".join(self._to)
        mail["Subject"] = messages.subject(body)
        mail["Date"] = format_datetime(self._clock())
        mail["Message-ID"] = f"<{message_id}@{self._sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(messages.text(body))
        try:
            self._send(mail, message_id)
        except smtplib.SMTPResponseException as error:
            raise NotDelivered(f"status_{error.smtp_code}") from None  # its text may quote addresses
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise NotDelivered(f"unreachable_{type(error).__name__}"[:80]) from None

    def _send(self, mail: EmailMessage, message_id: str) -> None:
        server = self._server
        context = ssl.create_default_context(cafile=server.authority)
        made = (
            smtplib.SMTP_SSL(server.host, server.port, timeout=MESSAGE_S_MAX, context=context)
            if server.tls == "from_the_start"
            else smtplib.SMTP(server.host, server.port, timeout=MESSAGE_S_MAX)
        )
        with made as line:
            if server.tls == "starttls":
                line.starttls(context=context)
            if server.user:
                line.login(server.user, server.password)
            refused = line.send_message(mail, to_addrs=self._left.get(message_id, self._to))
        self._left.pop(message_id, None)
        if refused:
            self._left[message_id] = tuple(refused)
            while len(self._left) > LEFT_MAX:
                self._left.popitem(last=False)
            raise NotDelivered("some_recipients_refused")
