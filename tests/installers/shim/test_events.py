"""How long the shim waits for an event, against a stranger at the edge's address."""

from __future__ import annotations

import json

import pytest

from tests.installers.shim import library
from tests.installers.shim.stranger import Stranger

ME = {"institution": "H001", "operator": "op-events", "workstation": "desk-1"}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
TOLD = b'event: notice\r\ndata: {"text":"hello"}\r\n\r\n'


@pytest.mark.parametrize("wait_ms", [60_000, 60_001, 100_000_000])
def test_who_waits_for_longer_than_it_can_waits_as_long_as_it_can(wait_ms: int) -> None:
    shim = library.Library()
    late = [HEAD, 1.0, b"%x\r\n%s\r\n" % (len(TOLD), TOLD), b"0\r\n\r\n"]
    with Stranger(lambda _: late) as server:
        assert shim.option("address", server.url) == 0
        said = shim.call("EVENT", json.dumps({"context": ME, "token": "t", "wait_ms": wait_ms}))
    assert json.loads(said.text) == {"return_code": 0, "event": "notice", "data": {"text": "hello"}}
