"""What an edge gets of the rulebook in force: a bundle of its own, made and signed when it is asked for, piece by piece.

Rules
    * It holds the catalogue of the hospital's region at its tier, the audit's rules over it, and the schemes in its currency; it is signed
      for this institution alone. Its body is made once for each region and tier, and kept while it is in force.
    * The same publication, institution and signer make the same bytes: pieces from several processes of one hub belong together. Another
      signer makes another head to the same body; each piece says which body it is of, and where that begins.
    * Nothing here waits for an edge: it comes for each piece.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from central_sync.benefits import compiled
from central_sync.fleet import bundles as signed
from central_sync.fleet.limits import BODIES_KEPT_MAX, FILES_KEPT_MAX
from central_sync.fleet.signer import Signer
from central_sync.in_force import Current
from central_sync.store import Store
from central_sync.store.records import Institution
from central_sync.wire import bundles
from central_sync.wire.limits import BUNDLE_PART_BYTES_MAX, WIRE_VERSION
from central_sync.wire.messages import BundlePart, BundleWord
from central_sync.wire.refusals import Refused

_File = tuple[bytes, bytes, bytes, int]
"""A bundle, its digest, that of its body, and where that begins."""


class Deliveries:
    """The bundles of the institutions. ``current`` gives what is in force. Any number of threads may ask at once."""

    def __init__(self, store: Store, signer: Signer, current: Callable[[], Current]) -> None:
        self._store = store
        self._signer = signer
        self._current = current
        self._lock = threading.Lock()
        self._bodies: OrderedDict[tuple[int, str, str], bytes] = OrderedDict()
        self._files: OrderedDict[tuple[int, str, str], _File] = OrderedDict()

    def word(self, number: int) -> BundleWord | None:
        """What to tell an edge that has, or has heard of, the rulebook ``number``; ``None``: nothing newer is in force."""
        publication = self._current().publication
        return (
            BundleWord(number=publication.number, rulebook=publication.version) if publication.number > number else None
        )

    def part(self, institution: str, offset: int, now: datetime) -> BundlePart:
        """The piece at ``offset`` of the institution's bundle; empty at or behind its end.

        Raises:
            Refused: ``institution_wrong``: the hub, or the rulebook in force, does not know it or its region.
        """
        current = self._current()
        file, digest, body, head_bytes = self._file(current, institution)
        return BundlePart(
            version=WIRE_VERSION,
            hub_time=now,
            number=current.publication.number,
            total=len(file),
            digest=digest,
            offset=offset,
            data=file[offset : offset + BUNDLE_PART_BYTES_MAX],
            body=body,
            head_bytes=head_bytes,
        )

    def _file(self, current: Current, institution: str) -> _File:
        number = current.publication.number
        key = (number, institution, self._signer.name)
        with self._lock:  # making one takes a while, and all edges ask at once: one makes it, the others find it
            if key in self._files:
                self._files.move_to_end(key)
                return self._files[key]
            row = self._row(institution)
            body = self._body(current, row)
            at = current.publication.from_at
            file = signed.sealed(self._signer, current.whole, body, number, at, row.region, institution)
            self._files[key] = (file, hashlib.sha256(file).digest(), bundles.digest(body), len(file) - len(body))
            while len(self._files) > FILES_KEPT_MAX:
                self._files.popitem(last=False)
            return self._files[key]

    def _row(self, institution: str) -> Institution:
        with self._store.read() as uow:
            row = uow.institutions.get(institution)
        if row is None:
            raise Refused("institution_wrong", "the hub does not know it")
        return row

    def _body(self, current: Current, row: Institution) -> bytes:
        key = (current.publication.number, row.region, row.tier)
        if key not in self._bodies:
            if row.region not in current.whole.rulebook.regions:
                raise Refused("institution_wrong", "the rulebook in force has no such region")
            own = compiled.cut(current.whole, row.region, row.tier)
            body = bundles.squeezed(compiled.packed(own))
            self._bodies[key] = body
            while len(self._bodies) > BODIES_KEPT_MAX:
                self._bodies.popitem(last=False)
        self._bodies.move_to_end(key)
        return self._bodies[key]
