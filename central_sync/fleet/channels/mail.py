"""SHELL: a message to people by mail, over TLS; a password is never said on an open line."""

from __future__ import annotations

import smtplib
import ssl
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import NamedTuple

from central_sync.fleet import messages
from central_sync.fleet.channels import NotDelivered
from central_sync.fleet.limits import MESSAGE_S_MAX
from central_sync.pages.languages import Tongue

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
        except smtplib.SMTPResponseException as error:
            raise NotDelivered(f"status_{error.smtp_code}") from None  # its text may quote addresses
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise NotDelivered(f"unreachable_{type(error).__name__}"[:80]) from None

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
        server = self._server
        context = ssl.create_default_context(cafile=server.authority)
        made = (
            smtplib.SMTP_SSL(server.host, server.port, timeout=MESSAGE_S_MAX, context=context)
            if server.tls == "from_the_start"
            else smtplib.SMTP(server.host, server.port, timeout=MESSAGE_S_MAX)
        )
        left = self._left.get(message_id, tuple(one for people in self._to.values() for one in people))
        asked, refusal = len(left), None
        with made as line:
            if server.tls == "starttls":
                line.starttls(context=context)
            if server.user:
                line.login(server.user, server.password)
            for tongue, people in self._to.items():
                wanted = [one for one in people if one in left]
                try:
                    refused = line.send_message(self._mail(message_id, body, tongue), to_addrs=wanted) if wanted else {}
                except (
                    smtplib.SMTPRecipientsRefused
                ) as error:  # all of this language: the others have their mail none the less
                    refused, refusal = error.recipients, error
                left = tuple(one for one in left if one not in wanted or one in refused)
                self._keep(message_id, left)
        if refusal is not None and len(left) == asked:
            raise refusal
        if left:
            raise NotDelivered("some_recipients_refused")

    def _keep(self, message_id: str, left: tuple[str, ...]) -> None:
        """Who still has none of that message."""
        self._left.pop(message_id, None)
        if left:
            self._left[message_id] = left
        while len(self._left) > LEFT_MAX:
            self._left.popitem(last=False)
