"""A centre that watches its edges closely and tells a program of alerts: what takes minutes elsewhere takes seconds here."""

from __future__ import annotations

from pathlib import Path

from tests.central_sync.fleet.channels.listeners import Hook
from tests.e2e.centre import Centre

SECRET = "a secret of thirty-two letters, two more"
SETTINGS = """
[console]
second_factor = []
{console}
[fleet]
report_every_s = {report}
late_after_s = {late}
silent_after_s = {silent}
[alerts]
hub = "hub.test"
rules = "alerts.toml"
[[alerts.webhooks]]
name = "duty"
url = "{url}"
secret_file = "duty.secret"
authority = "{authority}"
{more}
"""
RULES = """
[[rules]]
name = "edge_silent"
measure = "silent_s"
beyond = 18
back = 0
severity = "urgent"
"""


class WatchedCentre(Centre):
    """``hook`` is told of alerts. ``timing``: how often edges report, when they are late and when silent, in seconds.
    It is late for longer than the board and a page that shows it need to see that.
    """

    timing = (1, 4, 18)
    console = ""
    """More settings of its console."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.hook = Hook(folder / "hook")

    def start_hub(self) -> None:
        """With its settings."""
        report, late, silent = self.timing
        settings = SETTINGS.format(
            url=self.hook.url,
            authority=self.hook.authority,
            report=report,
            late=late,
            silent=silent,
            console=self.console,
            more=self.more(),
        )
        (self.hub_folder / "hub.toml").write_text(settings)
        (self.hub_folder / "alerts.toml").write_text(RULES)
        secret = self.hub_folder / "duty.secret"
        secret.touch(mode=0o600)
        secret.write_text(SECRET)
        super().start_hub()

    def more(self) -> str:
        """More settings, at their end."""
        return ""

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self.hook.stop()
