"""SHELL: a message to a program over HTTPS, signed with a secret that both know.

Rules
    * It goes to the configured address and nowhere else: no redirect is followed, no proxy of the environment is used.
    * ``Pishkhan-Signature: v1=HEX`` is HMAC-SHA256 over the message's id, a dot, the time in ``Pishkhan-Timestamp`` (seconds since 1970), a dot, and the
      body: whoever checks it, and that the time is of the last minutes, and remembers ids, cannot be fooled by a copy.
    * Taken is what is answered with 200 to 299. Of the answer nothing but its status and ``Retry-After`` is looked at.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ssl
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import aiohttp

from central_sync.fleet.channels import NotDelivered
from central_sync.fleet.limits import MESSAGE_RETRY_S_MAX, MESSAGE_S_MAX


class Webhook:
    """One program at ``url``. ``authority``: a PEM file that vouches for it; ``None``: the system's."""

    def __init__(self, url: str, secret: bytes, authority: Path | None, clock: Callable[[], datetime]) -> None:
        self._url = url
        self._secret = secret
        self._authority = authority
        self._clock = clock

    def deliver(self, message_id: str, body: str) -> None:
        """As the port says."""
        try:
            asyncio.run(self._post(message_id, body.encode()))
        except TimeoutError:
            raise NotDelivered("late") from None
        except (aiohttp.ClientConnectorCertificateError, ssl.SSLCertVerificationError):
            raise NotDelivered("certificate_refused") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NotDelivered(f"unreachable_{type(error).__name__}"[:80]) from None  # the text may quote addresses

    async def _post(self, message_id: str, body: bytes) -> None:
        context = ssl.create_default_context(cafile=self._authority)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        timestamp = str(int(self._clock().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Pishkhan-Message": message_id,
            "Pishkhan-Timestamp": timestamp,
            "Pishkhan-Signature": f"v1={signature(self._secret, message_id, timestamp, body)}",
        }
        timeout = aiohttp.ClientTimeout(total=MESSAGE_S_MAX)
        connector = aiohttp.TCPConnector(ssl=context, force_close=True)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False) as session,
            session.post(self._url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            if not 200 <= answer.status < 300:
                raise NotDelivered(f"status_{answer.status}", retry_after_s(answer.headers.get("Retry-After", "")))


def signature(secret: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """What the program at the other end computes, too, and compares in constant time."""
    return hmac.new(secret, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def retry_after_s(text: str) -> int:
    """How long the other side asks to be left alone, bounded; 0: it does not say."""
    return min(int(text), MESSAGE_RETRY_S_MAX) if text.isascii() and text.isdigit() and len(text) < 9 else 0
