"""SHELL: what messages hold, learned before two threads want to know it at once.

msgspec finds out what a Struct holds when one is read for the first time, and runs Python for it. A second thread that reads one meanwhile takes for
true what is not there yet, and the process is gone. So a program learns all that it has before it has threads, and what it imports later before its
threads read it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import msgspec

_lock = threading.Lock()
_learned: set[type] = set()


def learn_types() -> None:
    """Learn every Struct that is defined by now. For any thread: who comes meanwhile waits."""
    with _lock:
        for kind in _defined(msgspec.Struct):
            if kind not in _learned and _learns(kind):
                _learned.add(kind)


def _learns(kind: type[msgspec.Struct]) -> bool:
    try:
        msgspec.msgpack.Decoder(kind)
    except (NameError, AttributeError):  # another thread is still importing its module: that one learns it afterwards
        return False
    return True


def _defined(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for one in kind.__subclasses__():
        yield one
        yield from _defined(one)
