"""PURE: wrong passwords make whoever comes from that address, or tries that account, wait; the wait ends by itself, so that no stranger locks
anybody out for good.
"""

from __future__ import annotations

TRIES_WINDOW_S = 600.0
TRIES_MAX = {"both": 5, "address": 20, "account": 50}
"""Wrong passwords within the window: of one account from one address, of any from one address, of one account from anywhere."""
TRIES_KEPT_MAX = 10_000


class Tries:
    """Wrong passwords of the last while, by account and by address."""

    def __init__(self) -> None:
        self._wrong: dict[tuple[str, str], list[float]] = {}

    def allowed(self, name: str, address: str, now_s: float) -> bool:
        """Whether one more may be tried for the account ``name`` from ``address``; ``now_s`` is of a clock that never jumps."""
        return all(len(self._recent(key, now_s)) < TRIES_MAX[key[0]] for key in _keys(name, address))

    def failed(self, name: str, address: str, now_s: float) -> None:
        """One was wrong."""
        for key in _keys(name, address):
            if key not in self._wrong and len(self._wrong) >= TRIES_KEPT_MAX:
                del self._wrong[next(iter(self._wrong))]
            self._wrong[key] = [*self._recent(key, now_s), now_s]

    def passed(self, name: str, address: str) -> None:
        """One was right: what went before is forgotten."""
        for key in _keys(name, address):
            self._wrong.pop(key, None)

    def _recent(self, key: tuple[str, str], now_s: float) -> list[float]:
        return [at for at in self._wrong.get(key, ()) if now_s - at < TRIES_WINDOW_S]


def _keys(name: str, address: str) -> tuple[tuple[str, str], ...]:
    return ("both", f"{address} {name}"), ("address", address), ("account", name)
