"""The serial port itself: what it says when it is missing, forbidden, busy, or pulled out."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.readers.serial_line.port import PortTrouble, open_port
from edge.readers.troubles import TROUBLES
from tests.edge.readers.serial_line.ports import Cable

NOBODY = 65534


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    made = Cable(tmp_path / "port")
    made.plug()
    yield made
    made.unplug()


def trouble(port: Path | str) -> str:
    with pytest.raises(PortTrouble) as caught:
        open_port(str(port), 115_200)
    assert caught.value.code in TROUBLES
    return caught.value.code


def test_bytes_go_both_ways_and_what_was_not_read_can_be_forgotten(cable: Cable) -> None:
    port = open_port(str(cable.link), 115_200)
    port.write(b"there")
    assert os.read(cable.far, 100) == b"there"
    os.write(cable.far, b"and back")
    assert port.read() == b"and back"
    assert port.read() == b""
    os.write(cable.far, b"late")
    port.forget()
    assert port.read() == b""
    port.close()


def test_a_port_that_is_not_there_is_absent(tmp_path: Path) -> None:
    assert trouble(tmp_path / "none") == "reader_absent"


def test_a_port_that_another_program_holds_is_busy(cable: Cable) -> None:
    port = open_port(str(cable.link), 115_200)
    assert trouble(cable.link) == "reader_busy"
    port.close()
    open_port(str(cable.link), 115_200).close()


def test_a_port_that_is_not_ours_is_forbidden(cable: Cable) -> None:
    """One thread gives up root's rights over files, as the service has none."""
    cable.link.resolve().chmod(0)
    found: list[str] = []

    def ask() -> None:
        if os.geteuid() == 0:
            ctypes.CDLL(None).setfsuid(NOBODY)
        found.append(trouble(cable.link))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert found == ["reader_forbidden"]


def test_what_is_no_port_has_failed(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert trouble(tmp_path / "file") == "reader_failed"


def test_without_its_library_it_says_so(monkeypatch: pytest.MonkeyPatch, cable: Cable) -> None:
    monkeypatch.setitem(sys.modules, "serial", None)
    assert trouble(cable.link) == "library_missing"


def test_a_port_that_is_pulled_out_is_told_by_every_call(cable: Cable) -> None:
    port = open_port(str(cable.link), 115_200)
    cable.unplug()
    for call in (port.read, port.forget, lambda: port.write(b"x")):
        with pytest.raises(PortTrouble, match="reader_absent"):
            call()
    port.close()
