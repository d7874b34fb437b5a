"""What systemd is told, over a real socket."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from edge.firmware.notify import Notify


def test_ready_and_alive_reach_the_socket_that_the_environment_names(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        notify = Notify({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        notify.ready()
        notify.alive()
        assert [heard.recv(100), heard.recv(100)] == [b"READY=1", b"WATCHDOG=1"]


def test_an_abstract_socket_is_reached_too() -> None:
    name = f"@pishkhan-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind("\0" + name[1:])
        Notify({"NOTIFY_SOCKET": name}).ready()
        assert heard.recv(100) == b"READY=1"


def test_where_nothing_listens_nothing_is_said() -> None:
    Notify({}).ready()


def test_the_watchdog_is_that_of_this_process_alone() -> None:
    assert Notify({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}).watchdog_s == 60
    assert Notify({"WATCHDOG_USEC": "60000000"}).watchdog_s == 60
    assert Notify({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}).watchdog_s is None
    assert [Notify({"WATCHDOG_USEC": text}).watchdog_s for text in ("", "0", "soon")] == [None] * 3
