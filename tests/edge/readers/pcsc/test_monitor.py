"""The thread that looks at all readers, while the service comes and goes."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator

import pytest

from edge.readers.pcsc import monitor as module
from edge.readers.pcsc.monitor import ROUND_MS, Monitor, Picture
from edge.readers.pcsc.service import LibraryMissing
from tests.cards_played.de_egk import EgkCard
from tests.edge.readers.pcsc.conftest import Table

SEEN_S_MAX = 15.0


class Watching:
    def __init__(self) -> None:
        self.told: queue.Queue[Picture] = queue.Queue()
        self.monitor = Monitor(lambda _, picture: self.told.put(picture))

    def until(self, holds: Callable[[Picture], bool]) -> Picture:
        end = time.monotonic() + SEEN_S_MAX
        while not holds(picture := self.told.get(timeout=max(0, end - time.monotonic()))):
            pass
        return picture

    def waited(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + SEEN_S_MAX
        while not holds():
            assert time.monotonic() < end
            time.sleep(0.01)


@pytest.fixture
def watching() -> Iterator[Watching]:
    made = Watching()
    made.monitor.start()
    yield made
    made.monitor.leave()


def test_cards_are_seen_to_come_and_go_on_every_reader(table: Table, watching: Watching) -> None:
    watching.until(lambda picture: len(picture.readers) == 4)
    for reader, name in enumerate(table.names):
        table.put(EgkCard(), reader)
        watching.until(lambda picture, name=name: picture.readers[name].present)
    table.take(2)
    last = watching.until(lambda picture: not picture.readers[table.names[2]].present)
    assert sum(sight.present for sight in last.readers.values()) == 3


def test_it_survives_the_service(table: Table, watching: Watching) -> None:
    watching.until(lambda picture: len(picture.readers) == 4)
    for _ in range(3):
        table.service.kill()
        assert watching.until(lambda picture: not picture.readers).trouble == "service_down"
        table.service.start()
        watching.until(lambda picture: len(picture.readers) == 4)
    assert watching.monitor.alive


def test_a_service_without_readers_is_no_trouble_of_the_service(table: Table, watching: Watching) -> None:
    watching.until(lambda picture: len(picture.readers) == 4)
    table.service.kill()
    watching.until(lambda picture: not picture.readers)
    table.service.start(readers=False)
    assert watching.until(lambda picture: picture.trouble == "").readers == {}


def test_its_beat_moves_while_nothing_happens_and_stands_still_with_the_service(
    table: Table, watching: Watching
) -> None:
    watching.until(lambda picture: len(picture.readers) == 4)
    before = watching.monitor.beat
    watching.waited(lambda: watching.monitor.beat > before)
    table.service.freeze()
    time.sleep(2 * ROUND_MS / 1000)
    before = watching.monitor.beat
    time.sleep(2 * ROUND_MS / 1000)
    assert watching.monitor.beat == before
    table.service.thaw()
    table.put(EgkCard())
    watching.until(lambda picture: picture.readers[table.names[0]].present)


def test_it_ends_when_it_is_left(table: Table, watching: Watching) -> None:
    watching.until(lambda picture: len(picture.readers) == 4)
    watching.monitor.leave()
    watching.waited(lambda: not watching.monitor.alive)


def test_without_the_library_it_says_so_and_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise LibraryMissing

    monkeypatch.setattr(module, "library", missing)
    watching = Watching()
    watching.monitor.start()
    assert watching.until(lambda _: True) == Picture({}, "library_missing")
    assert watching.monitor.done


def test_whatever_the_library_raises_it_looks_again(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    real = module.library

    class Broken:
        def __getattr__(self, name: str) -> object:
            raise TypeError(name)

    monkeypatch.setattr(module, "library", Broken)
    watching = Watching()
    watching.monitor.start()
    assert watching.until(lambda _: True).trouble == "reader_failed"
    assert watching.monitor.alive
    watching.monitor.leave()
    assert real()
