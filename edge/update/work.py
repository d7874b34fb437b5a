"""SHELL: one look for an update, from the source to the trial: what the verbs and the timer do, one process at a time."""

from __future__ import annotations

import platform as machine
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from edge import platform
from edge.journal.schema import FORMAT
from edge.update import state as kept
from edge.update import tunnel_word
from edge.update.slots import Slots
from edge.update.sources import Source
from edge.update.state import TRUST, Told, UpdateFailed
from edge.update.trial import Trials
from edge.update.trust import Offer, Trust, version_of

DOWNLOAD = "download"


def system() -> str:
    """What releases for this machine are called: ``linux-x86_64``."""
    return f"{machine.system()}-{machine.machine()}".lower()


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """No other updater works meanwhile.

    Raises:
        UpdateFailed: ``busy``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("wb") as lock:
        try:
            platform.hold(lock.fileno(), wait=False)
        except OSError as error:
            raise UpdateFailed("busy", "Another update is under way on this machine.") from error
        yield


def suits(offer: Offer, current: str, failed: dict[str, str], *, again: bool, no_way_back: bool) -> bool:
    """PURE: whether the release is to be installed; not if it runs already, or failed here before.

    Raises:
        UpdateFailed: ``downgrade``, ``no_way_back``, ``failed_before``.
    """
    offered, running = version_of(offer.version), version_of(current)
    if offered == running:
        return False
    if offered < running:
        raise UpdateFailed(
            "downgrade", f"{offer.version} is offered, older than {current}, which runs. Nothing was changed."
        )
    if offer.journal_format != FORMAT and not no_way_back:
        raise UpdateFailed(
            "no_way_back",
            f"{offer.version} writes the journal in a form that {current} cannot read: there would be no way back. Make a backup and type: pishkhan-edge update run --now --no-way-back",
        )
    if offer.version in failed and not again:
        raise UpdateFailed(
            "failed_before",
            f"{offer.version} was tried here and taken back ({failed[offer.version]}). To try it again: --again",
        )
    return True


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person or the timer wants: ``install``: also the trial, not only the release beside what runs; ``box``: the root of the appliance, if it may be one."""

    ring: str
    install: bool
    again: bool = False
    no_way_back: bool = False
    box: Path | None = None


class Work:
    """The updater over ``folder`` (its own) and ``slots``."""

    def __init__(
        self,
        folder: Path,
        slots: Slots,
        trials: Trials,
        now: Callable[[], datetime],
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._folder = folder
        self._slots = slots
        self._trials = trials
        self._now = now
        self._tell = tell

    def look(self, source: Source, asked: Asked) -> Told:
        """Take in what is offered. What goes wrong is remembered before it is raised.

        Raises:
            UpdateFailed: nothing was changed; its code says why.
        """
        try:
            return self._looked(source, asked)
        except UpdateFailed as error:
            if error.code != "busy":
                self._remember(Told(self._now(), error.code, str(error)))
            raise

    def _looked(self, source: Source, asked: Asked) -> Told:
        current, failed = self._slots.current, kept.load(self._folder).failed
        trust = Trust(self._folder / TRUST, source)
        offer = trust.offered(asked.ring, system())
        self._take_word(trust, asked.box)
        if offer is None or not suits(offer, current, failed, again=asked.again, no_way_back=asked.no_way_back):
            return self._remember(Told(self._now(), "nothing", f"{current} runs; nothing newer is offered.", current))
        if not self._slots.has(offer.version):
            self._tell(f"{offer.version}: {offer.target.length:,} bytes")
            archive = self._folder / DOWNLOAD / f"{offer.version}.tar.zst"
            for old in archive.parent.glob("*.tar.zst"):
                old.unlink()  # of a look that was broken off
            self._slots.clear(failed)
            trust.fetch(offer, archive)
            self._slots.unpack(archive, offer.version)
            archive.unlink()
            self._tell(f"{offer.version} lies beside {current}")
        if not asked.install:
            return self._remember(
                Told(
                    self._now(),
                    "ready",
                    f"{offer.version} lies ready beside {current}; it is installed in the update hours.",
                    offer.version,
                )
            )
        return self._trials.run(offer.version)

    def _take_word(self, trust: Trust, box: Path | None) -> None:
        """Whatever is wrong with a word about the tunnel, a release is not held up by it."""
        if box is None:
            return
        try:
            tunnel_word.take(trust, self._folder, box)
        except UpdateFailed as error:
            self._tell(str(error))
        except OSError as error:
            self._tell(f"The word about the tunnel cannot be kept ({error.strerror}).")

    def _remember(self, told: Told) -> Told:
        kept.save(self._folder, msgspec.structs.replace(kept.load(self._folder), last=told))
        return told
