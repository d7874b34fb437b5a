"""The root: whose signatures count. It is made as ``root.pending.json``, which travels to the keys in their safes; it counts when enough keys of the root before
it, and of itself, have signed. Until then no edge sees it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from securesystemslib.signer import CryptoSigner, SSlibKey
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

from central_sync.fleet.files import replace
from central_sync.releases.limits import ROOT_DAYS, ROOT_KEYS_MAX, ROOT_THRESHOLD
from central_sync.releases.metadata import FILE_MODE, ReleasesError, Shelf, ends, read

PENDING = "root.pending.json"


@dataclass(frozen=True, slots=True)
class PendingRoot:
    """A root on its way: its version, and how many signatures of the old root's keys and of its own are still missing."""

    version: int
    missing_old: int
    missing_own: int


class Roots:
    """The root on ``shelf`` and the one that is pending."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def begin(self, root_keys: Sequence[SSlibKey], release_keys: Sequence[SSlibKey], now: datetime) -> PendingRoot:
        """Make the pending first root and the hub's own key.

        Raises:
            ReleasesError: there is a root already, or the keys are too few, too many, or serve two purposes.
        """
        if self.current() is not None:
            raise ReleasesError("there is a root already: change it with change-root")
        with self._shelf.locked():
            self._shelf.prepare()
            root = Root(version=1, expires=ends(now, ROOT_DAYS), consistent_snapshot=True)
            self._assign(root, root_keys, release_keys)
            return self._pend(Metadata(root))

    def change(self, root_keys: Sequence[SSlibKey], release_keys: Sequence[SSlibKey], now: datetime) -> PendingRoot:
        """Make the pending next root; no keys given: those that there are.

        Raises:
            ReleasesError: there is no root yet, or the keys do not fit.
        """
        with self._shelf.locked():
            old = self.needed()
            root = Root(version=old.signed.version + 1, expires=ends(now, ROOT_DAYS), consistent_snapshot=True)
            self._assign(
                root, root_keys or _keys_of(old.signed, Root.type), release_keys or _keys_of(old.signed, Targets.type)
            )
            return self._pend(Metadata(root))

    def sign(self, signer: CryptoSigner) -> PendingRoot:
        """Add a signature to the pending root; with the last one that it needs it counts.

        Raises:
            ReleasesError: nothing is pending, or the key has no say in it.
        """
        with self._shelf.locked():
            pending, old = self.pending(), self.current()
            if pending is None:
                raise ReleasesError("no root is pending")
            known = set(pending.signed.roles[Root.type].keyids) | set(old.signed.roles[Root.type].keyids if old else ())
            if signer.public_key.keyid not in known:
                raise ReleasesError("that key is none of the root's")
            pending.sign(signer, append=True)
            missing = self._missing(pending, old)
            if missing.missing_old or missing.missing_own:
                replace(self._shelf.folder / PENDING, pending.to_bytes(), FILE_MODE)
                return missing
            self._shelf.write(pending)
            (self._shelf.folder / PENDING).unlink(missing_ok=True)
            return missing

    def pending(self) -> Metadata[Root] | None:
        """The pending root, if there is one."""
        path = self._shelf.folder / PENDING
        return read(path, Root) if path.exists() else None

    def current(self) -> Metadata[Root] | None:
        """The root that counts, if there is one yet."""
        return self._shelf.latest(Root.type, Root)

    def _assign(self, root: Root, root_keys: Sequence[SSlibKey], release_keys: Sequence[SSlibKey]) -> None:
        online = self._shelf.online_key()
        names = [key.keyid for key in (*root_keys, *release_keys, online)]
        if not ROOT_THRESHOLD <= len(root_keys) <= ROOT_KEYS_MAX or not release_keys:
            raise ReleasesError(f"a root needs {ROOT_THRESHOLD} to {ROOT_KEYS_MAX} keys of its own, and a release key")
        if len(set(names)) != len(names):
            raise ReleasesError("each key has one purpose: the same one was given twice")
        for role, given in (
            (Root.type, root_keys),
            (Targets.type, release_keys),
            (Snapshot.type, [online]),
            (Timestamp.type, [online]),
        ):
            for key in given:
                root.add_key(key, role)
        root.roles[Root.type].threshold = ROOT_THRESHOLD

    def _pend(self, root: Metadata[Root]) -> PendingRoot:
        replace(self._shelf.folder / PENDING, root.to_bytes(), FILE_MODE)
        return self._missing(root, self.current())

    @staticmethod
    def _missing(pending: Metadata[Root], old: Metadata[Root] | None) -> PendingRoot:
        content, signatures = pending.signed_bytes, pending.signatures
        own = pending.signed.get_verification_result(Root.type, content, signatures).missing
        before = old.signed.get_verification_result(Root.type, content, signatures).missing if old else 0
        return PendingRoot(pending.signed.version, max(0, before), max(0, own))

    def needed(self) -> Metadata[Root]:
        """The root that counts.

        Raises:
            ReleasesError: there is none yet.
        """
        root = self.current()
        if root is None:
            raise ReleasesError("there is no root yet: begin with release init")
        return root


def _keys_of(root: Root, role: str) -> list[SSlibKey]:
    return [key for keyid in root.roles[role].keyids if isinstance(key := root.keys[keyid], SSlibKey)]
