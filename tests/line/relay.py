"""A cable between two network namespaces that can be as bad as one likes: ``python -m tests.line.relay NS1 DEVICE1 NS2 DEVICE2``.

It makes a TAP device in each namespace and carries frames between them (the kernels that we test on have no netem). Each line on standard
input is a JSON object that changes some of :data:`GOOD`; ``up`` on standard output says that the devices are there, ``ok`` that a change
holds. Needs root and python's own libraries.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import json
import os
import random
import selectors
import struct
import sys
import time
from typing import Any

GOOD = {"delay_ms": 0, "jitter_ms": 0, "loss_percent": 0, "rate_kbit": 0, "cut": "", "cut_after_frames": 0}
"""``delay_ms``, ``jitter_ms``, ``loss_percent`` and ``rate_kbit`` each way. ``cut``: ``both``, ``to 1`` or ``to 2`` (one way).
``cut_after_frames``: the cut begins when so many frames with data have gone to 1."""
CLONE_NEWNET = 0x40000000
TUNSETIFF, TAP_WITHOUT_HEADER = 0x400454CA, 0x1002
QUEUE_S_MAX = 0.5
BARE_FRAME_BYTES = 100
"""Frames up to this size carry no data worth counting: acknowledgements, ARP."""


def within(namespace: str, work: Any) -> Any:
    """Do ``work()`` in a network namespace; what it opens stays there."""
    libc = ctypes.CDLL(None, use_errno=True)
    here, there = os.open("/proc/thread-self/ns/net", os.O_RDONLY), os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if libc.setns(there, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        try:
            return work()
        finally:
            libc.setns(here, CLONE_NEWNET)
    finally:
        os.close(here)
        os.close(there)


def tap(device: str) -> int:
    """A new TAP device of that name; frames are read from and written to the descriptor."""
    handle = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(handle, TUNSETIFF, struct.pack("16sH14x", device.encode(), TAP_WITHOUT_HEADER))
    return handle


class Relay:
    """Two ends, and the frames under way."""

    def __init__(self, one: int, two: int, seed: int = 1) -> None:
        self._peer = {one: two, two: one}
        self._name = {one: "to 1", two: "to 2"}
        self._one = one
        self._free = {one: 0.0, two: 0.0}
        self._under_way: list[tuple[float, int, int, bytes]] = []
        self._count = 0
        self._chance = random.Random(seed)
        self._is: dict[str, Any] = dict(GOOD)

    def run(self) -> None:
        """For ever, or until standard input ends."""
        ready = selectors.DefaultSelector()
        for source in (*self._peer, sys.stdin.fileno()):
            ready.register(source, selectors.EVENT_READ)
        while True:
            self._deliver()
            wait = max(0.0, self._under_way[0][0] - time.monotonic()) if self._under_way else None
            for key, _ in ready.select(wait):
                if key.fd not in self._peer:
                    line = sys.stdin.readline()
                    if not line:
                        return
                    self._is.update(json.loads(line))
                    os.write(1, b"ok\n")
                else:
                    self._take(key.fd)

    def _deliver(self) -> None:
        while self._under_way and self._under_way[0][0] <= time.monotonic():
            _, _, to, frame = heapq.heappop(self._under_way)
            try:
                os.write(to, frame)
            except OSError:
                continue  # the device is down: lost, as on any cable

    def _take(self, source: int) -> None:
        for _ in range(64):
            try:
                frame = os.read(source, 65536)
            except OSError:
                return
            to, now = self._peer[source], time.monotonic()
            if self._lost(to, frame):
                continue
            leaves = now
            if self._is["rate_kbit"]:
                leaves = max(now, self._free[to]) + len(frame) * 8 / (self._is["rate_kbit"] * 1000)
                if leaves - now > QUEUE_S_MAX:
                    continue  # the queue before a slow line is full
                self._free[to] = leaves
            late = self._is["delay_ms"] + self._chance.uniform(-1, 1) * self._is["jitter_ms"]
            self._count += 1
            heapq.heappush(self._under_way, (leaves + late / 1000, self._count, to, frame))

    def _lost(self, to: int, frame: bytes) -> bool:
        if self._is["cut_after_frames"] and to == self._one and len(frame) > BARE_FRAME_BYTES:
            self._is["cut_after_frames"] -= 1
            if not self._is["cut_after_frames"]:
                self._is["cut"] = "both"
        return self._is["cut"] in ("both", self._name[to]) or self._chance.random() * 100 < self._is["loss_percent"]


def main(one: str, one_device: str, two: str, two_device: str) -> None:
    relay = Relay(within(one, lambda: tap(one_device)), within(two, lambda: tap(two_device)))
    os.write(1, b"up\n")
    relay.run()


if __name__ == "__main__":
    main(*sys.argv[1:5])
