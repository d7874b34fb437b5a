"""SHELL: bytes to a payer's system and back, over HTTPS, within one deadline.

TLS is checked against the authority that is named for this payer and no other; with a certificate of our own it is mutual. Who answers is known by
the payer's Ed25519 key. Each call has a connection of its own: a payer is asked seldom, and nothing of an old connection can hang.
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import aiohttp
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from central_sync.errors import PayerAway
from central_sync.payers.claims import Answer, Claim
from central_sync.payers.limits import ANSWER_BYTES_MAX
from central_sync.payers.remote import codec

_JSON = {"Content-Type": "application/json"}


class Remote:
    """One payer's system at ``url``. ``authority``, and ``certificate`` (with its key; may be missing), are PEM files."""

    def __init__(
        self, url: str, key: Ed25519PublicKey, authority: Path, certificate: Path | None, deadline_ms: int
    ) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._authority = authority
        self._certificate = certificate
        self._deadline_s = deadline_ms / 1000

    def settle(self, claim: Claim) -> Answer:
        """As the port says. Blocks for the deadline at most."""
        return codec.settled(claim, *self._posted("settle", claim), self._verified)

    def take_back(self, claim: Claim) -> None:
        """As the port says. Blocks for the deadline at most."""
        codec.taken_back(claim, *self._posted("take-back", claim), self._verified)

    def _verified(self, signature: bytes, text: bytes) -> bool:
        try:
            self._key.verify(signature, text)
        except InvalidSignature:
            return False
        return True

    def _posted(self, what: str, claim: Claim) -> tuple[int, bytes, str]:
        try:
            return asyncio.run(self._post(f"{self._url}/v1/claims/{claim.id}/{what}", codec.packed(claim)))
        except TimeoutError:
            raise PayerAway("late") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # also a certificate that is not the payer's, or not ours to show: the text may quote addresses
            raise PayerAway(f"unreachable_{type(error).__name__}") from None

    async def _post(self, url: str, body: bytes) -> tuple[int, bytes, str]:
        context = ssl.create_default_context(cafile=self._authority)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self._certificate is not None:
            context.load_cert_chain(self._certificate)
        timeout = aiohttp.ClientTimeout(total=self._deadline_s)
        connector = aiohttp.TCPConnector(ssl=context, force_close=True)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            session.post(url, data=body, headers=_JSON, allow_redirects=False) as answer,
        ):
            content = b""
            async for piece in answer.content.iter_any():
                content += piece
                if len(content) > ANSWER_BYTES_MAX:
                    break
            return answer.status, content, answer.headers.get(codec.SIGNATURE_HEADER, "")
