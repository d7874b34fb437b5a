"""SHELL: what systemd is told (``sd_notify``): that we are ready, that we live. Where nothing listens, nothing is said."""

from __future__ import annotations

import os
import socket


class Notify:
    """The socket that the environment names."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        self._environment = dict(os.environ) if environment is None else environment

    @property
    def watchdog_s(self) -> float | None:
        """Within which time systemd waits for a sign of life of this process; ``None``: it does not."""
        told, whose = self._environment.get("WATCHDOG_USEC", ""), self._environment.get("WATCHDOG_PID", "")
        if not told.isdigit() or not int(told) or (whose and whose != str(os.getpid())):
            return None
        return int(told) / 1_000_000

    def ready(self) -> None:
        """We do our work from now on."""
        self.say("READY=1")

    def alive(self) -> None:
        """We live."""
        self.say("WATCHDOG=1")

    def say(self, word: str) -> None:
        """One message.

        Raises:
            OSError: systemd's socket does not take it.
        """
        name = self._environment.get("NOTIFY_SOCKET", "")
        if not name:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as telling:
            telling.connect("\0" + name[1:] if name.startswith("@") else name)
            telling.sendall(word.encode())
