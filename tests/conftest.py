"""What holds for every test.

In CI nothing is skipped, so a missing tool fails the run instead of hiding a gap; and hypothesis draws the same examples each
time, so a red run is red again. Its deadline is off: a slow machine is no fault of a property. Elsewhere each run draws others, so few examples a run are
many a week; the long campaigns are ``make soak``.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

IN_CI = os.environ.get("CI") == "true"

settings.register_profile("house", deadline=None, derandomize=IN_CI, max_examples=60)
settings.load_profile("house")


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
