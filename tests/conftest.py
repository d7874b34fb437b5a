"""What holds for every test.

In CI nothing is skipped, so a missing tool fails the run instead of hiding a gap; and hypothesis draws the same examples each
time, so a red run is red again. Its deadline is off: a slow machine is no fault of a property. Elsewhere each run draws others, so few examples a run are
many a week; the long campaigns are ``make soak``.

Who asks for a slow mark alone (``-m proof``) reads only the files in which it is written: reading all took each worker the better part of a minute.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

IN_CI = os.environ.get("CI") == "true"

settings.register_profile("house", deadline=None, derandomize=IN_CI, max_examples=60)
settings.load_profile("house")
SLOW = ("proof", "soak")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A file of tests that has none of the only mark that is asked for."""
    mark = config.option.markexpr
    return True if mark in SLOW and _is_test(collection_path) and not _writes(collection_path, mark) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A mark that came from elsewhere would be left out without a word.

    Raises:
        pytest.UsageError: a test has a slow mark that is not written in its file.
    """
    marked = {(item.path, mark) for item in items for mark in SLOW if item.get_closest_marker(mark)}
    if strange := [f"{path}: write pytest.mark.{mark} there" for path, mark in marked if not _writes(path, mark)]:
        raise pytest.UsageError(*strange)


def _is_test(path: Path) -> bool:
    return path.suffix == ".py" and path.name.startswith("test_")


def _writes(path: Path, mark: str) -> bool:
    return f"pytest.mark.{mark}" in path.read_text(encoding="utf-8")


class NoSkips:
    """Collects what was skipped, here and in xdist's workers, and turns a green run red if there was any."""

    def __init__(self) -> None:
        self.skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self.skipped.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.skipped.append(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for nodeid in self.skipped:
            terminalreporter.write_line(f"skipped in CI, which is a failure: {nodeid}")


def pytest_configure(config: pytest.Config) -> None:
    """In CI, on the controlling process only (workers report to it)."""
    if IN_CI and not hasattr(config, "workerinput"):
        config.pluginmanager.register(NoSkips(), "no-skips")
