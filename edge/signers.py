"""Whose receipts this edge believes: the certificates with which the hub signs, and the check of what it signed.

Rules
    * A signer is an Ed25519 key in a certificate that the hub's authority issued for that purpose (URI ``urn:pishkhan:signer``).
    * A receipt holds if its signer's certificate, and the authority's, were valid at the hub's time that the receipt itself states, and if
      the signature is over exactly the answers that are to be recorded.
    * No answer to what is journaled is recorded without a receipt that holds: to the edge such an answer is a broken exchange.
    * Every signer ever seen is kept under ``DIR/signers/`` (``NAME.pem``: its certificate, then its authority's), for receipts are checked
      years later. A signer that is not known yet is asked for, once, when an answer names it.

:func:`verified` is pure, as is what it stands on (signatures.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from central_sync.wire import receipts
from central_sync.wire.messages import Batch, BatchAnswer
from edge import files, platform
from edge.errors import ReceiptInvalid
from edge.signatures import Signer, check, read

FOLDER = "signers"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt that holds. ``texts``: the answers that it covers, in MessagePack as it covers them; ``places``: for each answer of the batch
    where among them it stands, -1 for one that is not covered (a read, or ``again``). ``life`` is the one that the batch named.
    """

    signer: str
    signature: bytes
    hub_time: datetime
    life: bytes
    texts: tuple[bytes, ...]
    places: tuple[int, ...]


def verified(batch: Batch, answer: BatchAnswer, signers: Mapping[str, Signer]) -> Receipt | None:
    """The receipt for what the journal will record of ``answer``; ``None`` if that is nothing.

    Raises:
        ReceiptInvalid: there is something to record, and no signature that holds.
    """
    places: list[int] = []
    texts: list[bytes] = []
    for item, one in zip(batch.items, answer.answers, strict=True):
        covered = receipts.covers(item, one)
        places.append(len(texts) if covered else -1)
        if covered:
            texts.append(receipts.text(one))
    if not texts:
        return None
    leaves = [receipts.leaf_of(text) for text in texts]
    signed = receipts.signed_text(batch.institution, batch.life, answer.hub_time, leaves)
    check(signers, answer.signer, answer.signature, signed, answer.hub_time)
    return Receipt(answer.signer, answer.signature, answer.hub_time, batch.life, tuple(texts), tuple(places))


def known(folder: Path, authority: Path) -> dict[str, Signer]:
    """The signers kept in the data directory ``folder``, by name; a file that is damaged is left out."""
    found: dict[str, Signer] = {}
    try:
        root = authority.read_bytes()
    except OSError:
        return found
    for file in sorted((folder / FOLDER).glob("*.pem")):
        try:
            found |= read(file.read_bytes(), root)
        except (OSError, ValueError) as error:
            log.warning("a signer's certificate cannot be read", detail=file.name, code=type(error).__name__)
    return found


class Signers:
    """The signers that this edge knows. ``fetch`` asks the hub for all of its own (PEM); it raises ``LineBroken`` or ``LineRefused``.

    Args:
        folder: the data directory.
        authority: where the file of the hub's authorities (PEM) is now.
    """

    def __init__(self, folder: Path, authority: Callable[[], Path], fetch: Callable[[], Awaitable[bytes]]) -> None:
        self._folder = folder / FOLDER
        self._authority = authority
        self._fetch = fetch
        self._known: dict[str, Signer] = {}
        self._asking = asyncio.Lock()

    def load(self) -> None:
        """Read what was kept. A file that is damaged is left out: its signer is asked for again."""
        self._known = known(self._folder.parent, self._authority())

    async def receipt(self, batch: Batch, answer: BatchAnswer) -> Receipt | None:
        """As :func:`verified`; a signer that is not known yet is asked for.

        Raises:
            ReceiptInvalid: see :func:`verified`.
            LineBroken, LineRefused: the signer is not known and could not be asked for.
        """
        if answer.signer and answer.signer not in self._known and receipts.covered(batch.items, answer.answers):
            await self._ask_for(answer.signer)
        return verified(batch, answer, self._known)

    async def check(self, name: str, signature: bytes, text: bytes, at: datetime) -> None:
        """As :func:`check`; a signer that is not known yet is asked for.

        Raises:
            ReceiptInvalid: see :func:`check`.
            LineBroken, LineRefused: the signer is not known and could not be asked for.
        """
        if name and name not in self._known:
            await self._ask_for(name)
        check(self._known, name, signature, text, at)

    async def _ask_for(self, name: str) -> None:
        async with self._asking:
            if name not in self._known:
                self._keep(await self._fetch())

    def _keep(self, bundle: bytes) -> None:
        authority = self._authority().read_bytes()
        try:
            told = read(bundle, authority)
        except ValueError as error:
            raise ReceiptInvalid("the hub's signers cannot be read") from error
        fresh = {name: one for name, one in told.items() if name not in self._known}
        self._known |= fresh
        try:
            platform.private(self._folder)
            for one in fresh.values():
                files.replace(self._folder / f"{one.name}.pem", one.certificate + authority)
        except OSError as error:  # a full disk stops no line: it is asked for again after the next start
            log.warning("a signer's certificate cannot be kept", code=type(error).__name__)
