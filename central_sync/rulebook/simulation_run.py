"""Runs a simulation in this process, or in several: groups of cases are handed out in portions, and progress is told after each.

How many processes there are changes nothing but the time: see :mod:`central_sync.rulebook.simulation`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from multiprocessing import active_children, get_context, resource_tracker
from multiprocessing.pool import Pool
from typing import NoReturn

from central_sync.benefits.parameters import Rulebook
from central_sync.rulebook.settled import Settled
from central_sync.rulebook.simulation import Pair, groups, run

PORTION_CASES = 500
ALONE_CASES_MAX = 5000
"""Below, other processes take longer to start than the work takes."""

_books: list[Rulebook] = []
"""In a process that helps: the two rulebooks."""


def simulated(
    cases: Sequence[Settled],
    old: Rulebook,
    new: Rulebook,
    processes: int,
    done: Callable[[int], object],
    portion_cases: int = PORTION_CASES,
) -> list[Pair]:
    """Every case under both rulebooks, in the order of ``cases``; ``done`` is told of so many more cases.

    Raises:
        KeyboardInterrupt: Ctrl-C. The other processes still run, for ending them in an orderly way may wait for ever on a pipe full of results:
            :func:`broken_off` ends this program and them.
    """
    portions = _portions(groups(cases, (old, new)), portion_cases)
    pairs: list[Pair] = []
    if processes == 1 or len(portions) == 1:
        for portion in portions:
            pairs += run(old, new, ((place, cases[place]) for place in portion))
            done(len(portion))
        return sorted(pairs, key=lambda pair: pair.place)
    pool = _helpers(processes, old, new)
    try:
        for found in pool.imap_unordered(_portion, ([(n, cases[n]) for n in portion] for portion in portions)):
            pairs += found
            done(len(found))
    except Exception:  # whatever failed in a case is raised again; only the helping processes are ended first
        pool.terminate()
        raise
    pool.terminate()
    return sorted(pairs, key=lambda pair: pair.place)


def broken_off(status: int) -> NoReturn:
    """End this program and the processes that help it, now, with exit ``status``."""
    helping = active_children()
    for process in helping:
        process.kill()
    if not helping:
        sys.exit(status)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # an orderly end would wait for the pool's threads


def _helpers(processes: int, old: Rulebook, new: Rulebook) -> Pool:
    """So many processes. Ctrl-C is for this one: the others start with the signal blocked, and if it comes
    while they start, it is heard when they have.
    """
    resource_tracker.ensure_running()  # else it is started with the first process, and unblocks the signal
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        # Spawned, not forked: this process may have threads (a progress bar).
        pool = get_context("spawn").Pool(processes, _helps, (old, new))
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        signal.signal(signal.SIGINT, before)
    if heard:
        pool.terminate()
        raise KeyboardInterrupt
    return pool


def _portions(found: Sequence[list[int]], portion_cases: int) -> list[list[int]]:
    """Whole groups together, until a portion is large enough; within it in the order of the cases."""
    portions: list[list[int]] = [[]]
    for group in found:
        if len(portions[-1]) >= portion_cases:
            portions.append([])
        portions[-1] += group
    return [sorted(portion) for portion in portions]


def _helps(old: Rulebook, new: Rulebook) -> None:
    _books[:] = [old, new]


def _portion(portion: list[tuple[int, Settled]]) -> list[Pair]:
    return list(run(_books[0], _books[1], portion))
