"""Logs: allow-listed keys, no foreign text, one JSON object a line."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from central_sync.programs.telling import TEXT_CHARACTERS_MAX
from edge import log

SECRET = "0499370899"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    log.configure("info", stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_only_listed_keys_are_written_and_the_others_are_named(written: io.StringIO) -> None:
    structlog.get_logger().info("a thing", code="line_down", patient=SECRET, count=3)
    [line] = lines(written)
    assert (line["event"], line["code"], line["count"], line["dropped"]) == ("a thing", "line_down", 3, ["patient"])
    assert SECRET not in written.getvalue()


def test_an_exception_is_its_class_and_place_never_its_text(written: io.StringIO) -> None:
    try:
        int(SECRET + "x")
    except ValueError:
        structlog.get_logger().error("failed", exc_info=True)
    [line] = lines(written)
    assert line["fault"] == "ValueError"
    assert line["at"].startswith(__name__ + ":")
    assert SECRET not in written.getvalue()


def test_what_libraries_log_comes_out_without_its_text(written: io.StringIO) -> None:
    try:
        raise KeyError(SECRET)
    except KeyError:
        logging.getLogger("aiohttp.server").exception("bad request from %s", SECRET)
    logging.getLogger("somewhere").warning("patient %s", SECRET)
    logging.getLogger("somewhere").info("not even this")
    first, second = lines(written)
    assert (first["logger"], first["fault"]) == ("aiohttp.server", "KeyError")
    assert second["logger"] == "somewhere"
    assert SECRET not in written.getvalue()


def test_long_text_is_cut_and_strange_values_become_text(written: io.StringIO) -> None:
    structlog.get_logger().info("a thing", detail="x" * 10_000, kind=["a"], took_ms=1.5, line=None)
    [line] = lines(written)
    assert len(line["detail"]) == TEXT_CHARACTERS_MAX
    assert (line["kind"], line["took_ms"], line["line"]) == ("['a']", 1.5, None)


class Gone(io.StringIO):
    """A stream of a full disk."""

    def write(self, _: str) -> int:
        raise OSError(28, "no room")


def test_a_line_that_cannot_be_written_stops_nobody_and_is_kept_all_the_same(written: io.StringIO) -> None:
    closed = io.StringIO()
    closed.close()
    for stream in (Gone(), closed):
        log.configure("info", stream)
        structlog.get_logger().info("a thing", count=5)
        assert log.recent()[-1]["count"] == 5


def test_neither_does_a_program_that_was_started_without_a_stderr(
    written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    monkeypatch.setattr(sys, "stdout", None)
    log.configure()
    structlog.get_logger().info("a thing", count=6)
    assert log.recent()[-1]["count"] == 6
    assert not written.getvalue()
