"""A town whose hub has a console, people who work there, and the way to its pages in a browser."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pyotp
from playwright.sync_api import Page

from tests import programs
from tests.browser import at
from tests.e2e.town import Town

PASSWORD = "seven small stones"
HOSTILE = '<script>document.title="taken"</script>\u202e' + "ب" * 300
"""A name that wants to be a script, turns the line round, and is long."""


class Centre(Town):
    """A town with accounts at the hub: ``olaf`` observes, ``anna`` operates, ``bert`` operates H001 alone."""

    hub_options = ("--console-listen", "127.0.0.1:0")

    def __enter__(self) -> Centre:
        super().__enter__()
        programs.hub_command(self.hub_folder, "hospital", "add", "H666", "--name", HOSTILE, *self.place)
        self.account("olaf", "observer")
        self.account("anna", "operator")
        self.account("bert", "operator", "--hospital", "H001")
        return self

    @property
    def address(self) -> str:
        """Where the console is."""
        return self.hub.console

    def account(self, name: str, role: str, *more: str) -> None:
        """Make an account."""
        command = [sys.executable, "-m", "central_sync", "--data", str(self.hub_folder)]
        command += ["account", "put", name, "--role", role, *more]
        subprocess.run(command, input=f"{PASSWORD}\n{PASSWORD}\n", text=True, capture_output=True, check=True)


def enter(page: Page, address: str, name: str) -> None:
    """Sign in, with the keyboard alone."""
    page.goto(f"{address}/sign-in")
    at(page, "input[name=name]")
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(".out")


def set_up(page: Page) -> str:
    """Set the second factor up that the role must have, with the keyboard alone; its secret."""
    at(page, "form[action='/second-factor/set-up'] button")
    page.keyboard.press("Enter")
    secret = page.locator(".secret").inner_text()
    at(page, "input[name=code]")
    page.keyboard.type(pyotp.TOTP(secret).at(datetime.now(UTC)))
    page.keyboard.press("Enter")
    page.wait_for_selector(".recovery")
    return secret
