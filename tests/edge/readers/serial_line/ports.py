"""Serial ports for tests: a pseudo terminal with a name of its own, which can be plugged and unplugged, and who sits at its other end."""

from __future__ import annotations

import os
import select
import threading
import time
import tty
from pathlib import Path

from tests.cards_played.cn_resident import SamV

NOTICES_S = 0.05
"""How soon it notices that it is to end."""
BITS_A_BYTE = 10
"""8N1: a start bit, eight, a stop bit."""


class Cable:
    """A pseudo terminal behind a link. The link is the port's name: it goes when the device is unplugged, as one under /dev/serial/by-id does."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.far = -1
        self._near = -1

    def plug(self) -> None:
        """The device comes."""
        self.far, self._near = os.openpty()
        tty.setraw(self.far)
        tty.setraw(self._near)
        self.link.symlink_to(os.ttyname(self._near))

    def unplug(self) -> None:
        """The device goes, with whatever was on its way."""
        self.link.unlink(missing_ok=True)
        far, near, self.far, self._near = self.far, self._near, -1, -1
        for one in (far, near):
            if one >= 0:
                os.close(one)


class SamOnCable:
    """A SAM-V at the far end, as fast as its line: each byte takes its ten bits, and each command ``think_s`` beside."""

    def __init__(self, cable: Cable, sam: SamV, speed: int = 115_200, think_s: float = 0.002) -> None:
        self.sam = sam
        self.wire_s = 0.0
        """How long bytes were under way, and commands thought about: what no driver can save."""
        self._cable = cable
        self._byte_s = BITS_A_BYTE / speed
        self._think_s = think_s
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def start(self) -> None:
        """Answer until stopped or unplugged."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._serve, args=(self._cable.far,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(5)

    def _serve(self, far: int) -> None:
        held = b""
        while not self._stopping.is_set():
            try:
                if not select.select([far], [], [], NOTICES_S)[0]:
                    continue
                held += os.read(far, 4096)
            except OSError:
                return
            while (request := _whole(held)) is not None:
                held = held[len(request) :]
                self._pass(len(request) * self._byte_s + self._think_s)
                self._say(far, self.sam.answer(request.hex().upper()))

    def _say(self, far: int, answer: bytes) -> None:
        """In pieces, each when its last byte would have come."""
        for at in range(0, len(answer), 32):
            piece = answer[at : at + 32]
            self._pass(len(piece) * self._byte_s)
            if self._stopping.is_set():
                return
            try:
                os.write(far, piece)
            except OSError:
                return

    def _pass(self, seconds: float) -> None:
        began = time.monotonic()
        self._stopping.wait(seconds)
        self.wire_s += time.monotonic() - began


def _whole(held: bytes) -> bytes | None:
    """The first whole request in ``held``; what is no request is the test's mistake."""
    if len(held) < 7:
        return None
    size = 7 + held[5] * 256 + held[6]
    assert held.startswith(b"\xaa\xaa\xaa\x96\x69"), held[:16].hex()
    return held[:size] if len(held) >= size else None
