"""Nothing but allow-listed keys reaches the log, and no text of an exception."""

import io
import json
import logging

import pytest
import structlog

from central_sync import log
from central_sync.programs.telling import TEXT_CHARACTERS_MAX


@pytest.fixture
def lines():
    stream, handlers = io.StringIO(), logging.getLogger().handlers[:]
    log.configure(stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers


def test_keys_that_are_not_on_the_list_are_dropped_and_named(lines):
    structlog.get_logger().info("something happened", code="x", patient="Planted Name", msgid="m-1")
    (line,) = lines()
    assert (line["code"], line["dropped"]) == ("x", ["msgid", "patient"])
    assert "Planted" not in json.dumps(line)


def test_an_exception_is_told_by_class_and_place_without_its_text(lines):
    try:
        raise ValueError("Planted Name")
    except ValueError:
        structlog.get_logger().exception("it failed")
    (line,) = lines()
    assert line["fault"] == "ValueError"
    assert line["at"].startswith(__name__)
    assert "Planted" not in json.dumps(line)


def test_what_libraries_log_comes_without_its_text(lines):
    logging.getLogger("a.library").error("Planted %s", "Name")
    (line,) = lines()
    assert line["logger"] == "a.library"
    assert "Planted" not in json.dumps(line)


def test_long_text_is_cut(lines):
    structlog.get_logger().info("x", detail="y" * 5000)
    assert len(lines()[0]["detail"]) == TEXT_CHARACTERS_MAX


class Gone(io.StringIO):
    """A stream of a full disk: what it has taken it cannot bring there."""

    def flush(self):
        raise OSError(28, "no room")


def test_a_line_that_cannot_be_written_stops_nobody(lines, monkeypatch):
    closed = io.StringIO()
    closed.close()
    for stream in (Gone(), closed):
        log.configure(stream=stream)
        structlog.get_logger().info("a thing")
    monkeypatch.setattr("sys.stderr", None)
    monkeypatch.setattr("sys.stdout", None)
    log.configure()
    structlog.get_logger().info("a thing")
    assert lines() == []
