"""A new version on trial: switched to, watched from outside, kept when it is well, taken back when it is not.

Whoever runs this must be a process that the restart of the edge does not end. What it decides is one pure function, :func:`judged`.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import msgspec

from edge import doctor
from edge.running import NotRunning
from edge.update import state as kept
from edge.update.limits import ANSWER_S_MAX, LINE_S_MAX, LOOK_EVERY_S, PREFLIGHT_S_MAX, RESTART_S_MAX, TRIAL_S
from edge.update.slots import Slots
from edge.update.state import State, Told, Trial, UpdateFailed

NO_VERSION = "none answers"


@dataclass(frozen=True, slots=True)
class Sign:
    """What the edge says of itself at one moment: its version, whether it works (but for a full disk or maintenance), and whether it reaches the hub."""

    version: str
    works: bool
    line_up: bool


class Verdict(StrEnum):
    """How a trial stands."""

    GOES_ON = "goes_on"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Times:
    """How long a trial is, and how patient; seconds."""

    trial_s: float = TRIAL_S
    answer_s: float = ANSWER_S_MAX
    line_s: float = LINE_S_MAX
    look_s: float = LOOK_EVERY_S


def works(sign: Sign, version: str) -> bool:
    """PURE: whether the sign is that of the new version, at work."""
    return sign.version == version and sign.works


def judged(times: Times, began: float, worked_at: float, well_at: float, now: float) -> Verdict:
    """PURE: ``worked_at``: when it was last found at work, ``well_at``: and reaching the hub, if it has to; ``began``: not yet. Monotonic seconds."""
    if now - worked_at >= times.answer_s or now - well_at >= times.line_s:
        return Verdict.BAD
    return Verdict.GOOD if now - began >= times.trial_s and now - well_at < times.look_s * 2 else Verdict.GOES_ON


def sign_of(data: Path) -> Sign:
    """What the edge on ``data`` says of itself now."""
    try:
        status = doctor.running_status(data)
    except NotRunning:
        return Sign(NO_VERSION, works=False, line_up=False)
    return Sign(status.version, works=status.works or status.takes_work, line_up=status.line == "up")


class Service:
    """The edge as the system runs it: the commands that restart it and that tell whether it is alive (exit status 0)."""

    def __init__(self, restart: Sequence[str], alive: Sequence[str]) -> None:
        self._restart = restart
        self._alive = alive

    def restart(self) -> None:
        """Restart it, whatever the link names.

        Raises:
            UpdateFailed: ``restart``.
        """
        try:
            subprocess.run(self._restart, check=True, timeout=RESTART_S_MAX, stdin=subprocess.DEVNULL)  # noqa: S603 -- the unit's own words
        except (OSError, subprocess.SubprocessError) as error:
            raise UpdateFailed("restart", f"the edge could not be restarted ({type(error).__name__})") from error

    def alive(self) -> bool:
        """Whether it has not ended."""
        try:
            done = subprocess.run(self._alive, check=False, timeout=RESTART_S_MAX, stdin=subprocess.DEVNULL)  # noqa: S603 -- as above
        except (OSError, subprocess.SubprocessError):
            return False
        return done.returncode == 0


def preflight(program: Path) -> str:
    """Why ``program`` cannot even be loaded; empty: it can. Costs the desk nothing."""
    try:
        done = subprocess.run(  # noqa: S603 -- a release that was checked
            [program, "run", "--help"],
            check=False,
            timeout=PREFLIGHT_S_MAX,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"it cannot be started here ({type(error).__name__})"
    return "" if done.returncode == 0 else f"it cannot be loaded here (exit status {done.returncode})"


class Trials:
    """Trials of the releases in ``slots``, remembered under ``folder``.

    Args:
        service: the edge as the system runs it.
        sign: what the edge says of itself now.
        now: the wall clock.
        tell: told what is being done, for a person who watches.
    """

    def __init__(
        self,
        slots: Slots,
        folder: Path,
        service: Service,
        sign: Callable[[], Sign],
        now: Callable[[], datetime],
        times: Times | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._slots = slots
        self._folder = folder
        self._service = service
        self._sign = sign
        self._now = now
        self._times = times or Times()
        self._tell = tell

    def settle(self) -> Told | None:
        """A trial that nobody watches any more (power, a kill) is taken back; ``None``: there is none."""
        state = kept.load(self._folder)
        if state.trial is None:
            return None
        return self._back(state, state.trial, "the watch over it was broken off")

    def run(self, version: str) -> Told:
        """Switch to ``version``, which is there, and watch it.

        Raises:
            UpdateFailed: nothing was switched.
        """
        before = self._slots.current
        if not self._slots.has(version):
            raise UpdateFailed("not_installed", f"The release {version} is not there.")
        if why := preflight(self._slots.program(version)):
            return self._failed(version, why)
        line_was_up = self._sign().line_up
        state = msgspec.structs.replace(kept.load(self._folder), trial=Trial(version, before, self._now()))
        kept.save(self._folder, state)
        assert state.trial is not None
        try:
            self._slots.switch(version)
        except UpdateFailed:
            kept.save(self._folder, msgspec.structs.replace(state, trial=None))
            raise
        self._tell(f"{version} starts beside {before}")
        try:
            self._service.restart()
        except UpdateFailed as error:
            return self._back(state, state.trial, str(error))
        why = self._watched(version, line_was_up=line_was_up)
        if why:
            return self._back(state, state.trial, why)
        told = Told(self._now(), "ok", f"{version} runs; {before} is kept to go back to.", version)
        failed = {name: reason for name, reason in state.failed.items() if name != version}
        kept.save(self._folder, State(running=version, trial=None, failed=failed, last=told))
        self._slots.prune(before)
        return told

    def back(self, version: str, why: str) -> Told:
        """Go to an older release by hand.

        Raises:
            UpdateFailed: it is not there.
        """
        state = kept.load(self._folder)
        now_runs = self._slots.current
        if not self._slots.has(version):
            raise UpdateFailed("not_installed", f"The release {version} is not there.")
        return self._back(state, Trial(now_runs, version, self._now()), why)

    def _watched(self, version: str, *, line_was_up: bool) -> str:
        """Why the new version is not well; empty: it is."""
        began = worked_at = well_at = time.monotonic()
        while True:
            if not self._service.alive():
                return "it ends by itself"
            sign = self._sign()
            now = time.monotonic()
            if works(sign, version):
                if worked_at == began:
                    self._tell(
                        f"{version} works after {now - began:.1f} s; it is watched for {self._times.trial_s:.0f} s"
                    )
                worked_at = now
                well_at = now if sign.line_up or not line_was_up else well_at
            match judged(self._times, began, worked_at, well_at, now):
                case Verdict.GOOD:
                    return ""
                case Verdict.BAD:
                    return _why(sign, version)
                case Verdict.GOES_ON:
                    time.sleep(self._times.look_s)

    def _failed(self, version: str, why: str) -> Told:
        """It was not even switched to."""
        state = kept.load(self._folder)
        told = Told(self._now(), "taken_back", f"{version} was not installed: {why}.", version)
        kept.save(self._folder, msgspec.structs.replace(state, failed={**state.failed, version: why}, last=told))
        return told

    def _back(self, state: State, trial: Trial, why: str) -> Told:
        self._tell(f"{trial.version} is taken back: {why}")
        self._slots.switch(trial.before)
        sentence = f"{trial.version} was taken back: {why}. {trial.before} runs."
        try:
            self._service.restart()
        except UpdateFailed as error:
            sentence = f"{trial.version} was taken back: {why}. But {error}: restart it by hand."
        told = Told(self._now(), "taken_back", sentence, trial.version)
        failed = {**state.failed, trial.version: why}
        kept.save(self._folder, State(running=trial.before, trial=None, failed=failed, last=told))
        return told


def _why(sign: Sign, version: str) -> str:
    if sign.version == NO_VERSION:
        return "it does not answer"
    if sign.version != version:
        return f"what answers is {sign.version}"
    return "it takes no work" if not sign.works else "it does not reach the hub, as the one before did"
