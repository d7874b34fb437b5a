"""SHELL: what ``pishkhan-edge firmware`` does: apply, confirm, roll back, and wait for the confirmation.

Away from ``/`` (the option ``--root``, for tests and for making images) files are put in place and the system is told nothing.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path

import structlog

from edge import files
from edge.firmware import SITE_FILE, check, defaults
from edge.firmware.activation import steps
from edge.firmware.deadline import Moment, left_s
from edge.firmware.difference import Change
from edge.firmware.reading import read_site
from edge.firmware.render import render
from edge.firmware.rewriting import NotRewritten, with_end
from edge.firmware.sets import Record, SetError, Sets
from edge.firmware.site import SiteWrong, WireGuard
from edge.firmware.tunnel import Leg
from edge.firmware.watch import proven_now
from edge.log import located

SETTLE_UNIT = "pishkhan-firmware-settle.service"
COMMAND_S_MAX = 60
LOOK_EVERY_S = 0.5
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
SYSTEMD_RUNS = Path("/run/systemd/system")
log = structlog.get_logger(__name__)


def site_file(root: Path) -> Path:
    """Where the site file of the appliance under ``root`` lies."""
    return root / SITE_FILE


def site_in_place(root: Path) -> Path:
    """The site file as it was put in place under ``root``: what runs goes by it, not by what somebody has written since, or tried in vain."""
    return Sets(root).applied_site() or site_file(root)


def moment() -> Moment:
    """Which boot this is, and how long it lasts."""
    return Moment(BOOT_ID.read_text().strip(), time.clock_gettime(time.CLOCK_BOOTTIME))


class Proven:
    """Since when the tunnel has been up without a break."""

    def __init__(self) -> None:
        self._since: Moment | None = None

    def long_enough(self, leg: Leg, now: Moment) -> bool:
        """Whether ``leg``, as it is ``now``, makes ``CONFIRM_UP_S`` full."""
        if leg not in (Leg.UP, Leg.NARROW):
            self._since = None
            return False
        if self._since is None:
            self._since = now
        return now.seconds - self._since.seconds >= defaults.CONFIRM_UP_S


class Appliance:
    """The appliance under ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.sets = Sets(root)
        self._real = root == Path("/")

    def apply(
        self, path: Path, within_s: float = defaults.CONFIRM_WITHIN_S, *, anyway: bool = False, by_tunnel: bool = False
    ) -> list[Change]:
        """Put the site in ``path`` in place, and arm the roll-back; what was changed. Nothing: it is in place already.

        ``anyway``: also where :mod:`edge.firmware.check` finds something wrong. ``by_tunnel``: the hub confirms it, by answering through the
        tunnel for ``CONFIRM_UP_S``: whoever is at the far end of that tunnel cannot.

        Raises:
            SiteWrong: nothing was touched.
            SetError: nothing was touched, or the system did not take the set, and everything is as it was.
            OSError: the disk did not take it before anything was touched.
        """
        self.finish()
        found, mark = read_site(path)
        targets = render(found)
        wrong = (
            [] if anyway else [finding for finding in check.findings(found, targets, self._root) if not finding.well]
        )
        if wrong:
            raise SetError("nothing was touched: " + "; ".join(finding.sentence for finding in wrong))
        with self.sets.held():
            todo = self.sets.changes(targets)
            if self.sets.record().confirmed:
                self.sets.keep_site(mark, _text(path, mark))
            if not todo:
                self.sets.note(mark)
                return []
            self.sets.keep(targets, todo, mark, moment(), within_s, by_tunnel=by_tunnel)
            try:
                self._arm()
                self.sets.put(todo)
                self._activate(change.path for change in todo)
                self.sets.taken()
            except (OSError, SetError) as error:
                self._activate(self.sets.back(), gently=True)
                raise SetError(f"taken back: {error}") from error
        return todo

    def confirm(self) -> None:
        """Keep the set that waits.

        Raises:
            SetError: none waits.
        """
        with self.sets.held():
            self.sets.confirm()
            self._follow()

    def finish(self) -> None:
        """What a power cut left of a confirmation is done now: the site file says what was confirmed.

        Raises:
            SetError: what is in place is not known.
        """
        if self.sets.record().follows:
            with self.sets.held():
                self._follow()

    def rollback(self) -> list[str]:
        """Go back to what stood before the last set; the paths that were touched.

        Raises:
            SetError: there is nothing to go back to.
        """
        with self.sets.held():
            touched = self.sets.back()
            self._activate(touched, gently=True)
        return touched

    def settle(self, pause: Callable[[float], None] = time.sleep) -> bool:
        """Wait until the set is confirmed, or its time is over and go back; whether it went back."""
        proven = Proven()
        while True:
            record = self.sets.record()
            if record.confirmed:
                with self.sets.held():
                    self._follow()
                return False
            left = left_s(record.armed, moment(), record.within_s)
            if left > 0:
                if record.by_tunnel and self._carried(record, proven):
                    return False
                pause(min(left, LOOK_EVERY_S))
                continue
            with self.sets.held():
                if self.sets.record() != record:
                    continue  # confirmed, or another set, while we waited for our turn
                self._activate(self.sets.back(), gently=True)
            return True

    def _carried(self, record: Record, proven: Proven) -> bool:
        """Whether the hub has answered through the tunnel for long enough, and the set is confirmed by that. Who puts it in place holds the
        lock until the system has taken it, or a boot has: what the old tunnel carries meanwhile, or for half a set, proves nothing.
        """
        with self.sets.held():
            now = moment()
            stands = (record.taken or now.boot != record.armed.boot) and self.sets.whole(record)
            if self.sets.record() != record or not stands or not proven.long_enough(proven_now(self._root), now):
                return False
            self.sets.confirm()
            self._follow()
        return True

    def _follow(self) -> None:
        """What the hub confirmed stands in the site file too, whatever else a technician has written there since: the next ``apply`` is not to undo it.
        Call it ``held``. A disk that does not take it now is tried again at the next boot, or the next ``apply``.
        """
        if not self.sets.record().follows:
            self.sets.followed()
            return
        placed, path = self.sets.applied_site(), site_file(self._root)
        try:
            vpn = read_site(placed)[0].vpn if placed is not None else None
            if isinstance(vpn, WireGuard):
                text = path.read_bytes()
                fresh, _ = with_end(text, path.name, vpn.public_key, vpn.endpoint, vpn.port)
                if fresh != text:
                    files.replace(path, fresh, stat.S_IMODE(path.stat().st_mode))
        except (SiteWrong, NotRewritten) as error:
            log.warning("the site file does not say what is in place", **located(error))
        except OSError as error:
            log.warning("the site file does not say yet what is in place", **located(error))
            return
        self.sets.followed()

    def _arm(self) -> None:
        """Start what goes back when nobody confirms, out of reach of this session's end."""
        if self._real and SYSTEMD_RUNS.is_dir():
            _called(("systemctl", "start", "--no-block", SETTLE_UNIT))
            return
        command = [*_ourselves(), "firmware", "settle", "--root", str(self._root)]
        subprocess.Popen(  # noqa: S603 - our own program
            command, start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", env=_environment(),
        )  # fmt: skip

    def _activate(self, changed: Iterable[str], *, gently: bool = False) -> None:
        """``gently``: whatever fails, the others are still called."""
        if not (self._real and SYSTEMD_RUNS.is_dir()):
            return
        for step in steps(changed):
            try:
                _called(step.command)
            except SetError:
                if step.must and not gently:
                    raise


def _text(path: Path, mark: str) -> bytes:
    """The site file, if it is still what was read."""
    text = path.read_bytes()
    if sha256(text).hexdigest() != mark:
        raise SetError(f"nothing was touched: {path} was changed meanwhile")
    return text


def _called(command: tuple[str, ...]) -> None:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=COMMAND_S_MAX)  # noqa: S603 - from our own table
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SetError(f"{' '.join(command)} could not be called ({type(error).__name__})") from error
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise SetError(f"{' '.join(command)} failed: {said[-1] if said else done.returncode}")


def _ourselves() -> list[str]:
    """How this program is started again: by its own name where it is frozen."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    return [sys.executable, "-m", "edge"]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(place for place in sys.path if place)}
