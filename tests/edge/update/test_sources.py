"""Where files come from: a folder that is never left, a hub whose broken download is gone on with."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tuf.api.exceptions import DownloadError, DownloadHTTPError

from edge.update.limits import CROWDED_S_MAX
from edge.update.sources import FolderSource, HubSource

WHOLE = bytes(range(256)) * 4000


def test_a_folder_gives_its_files_and_nothing_beside_it(tmp_path):
    (tmp_path / "repo" / "metadata").mkdir(parents=True)
    (tmp_path / "repo" / "metadata" / "a.json").write_text("inside")
    (tmp_path / "secret").write_text("outside")
    (tmp_path / "repo" / "link").symlink_to(tmp_path / "secret")
    source = FolderSource(tmp_path / "repo")
    assert b"".join(source.fetch(f"{source.base}metadata/a.json")) == b"inside"
    for name in ("../secret", "%2e%2e/secret", "link", "metadata", "missing"):
        with pytest.raises(DownloadHTTPError):
            list(source.fetch(f"{source.base}{name}"))


class Hub(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.breaks_after = 0
        self.asked: list[str] = []
        self.crowded: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answers(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        begin = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        self.server.asked.append(f"{self.path} {begin}")
        if self.server.crowded:
            self.send_response(503)
            if told := self.server.crowded.pop(0):
                self.send_header("Retry-After", told)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path.endswith("missing"):
            self.send_error(404)
            return
        if begin >= len(WHOLE):
            self.send_error(416)
            return
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(WHOLE) - begin))
        self.end_headers()
        self.wfile.write(WHOLE[begin:][: self.server.breaks_after or None])

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def hub():
    with Hub() as server:
        yield server
        server.shutdown()


def test_a_file_that_broke_off_is_gone_on_with_where_it_ended(hub, tmp_path):
    source = HubSource(hub.url, None, tmp_path / "parts")
    url = f"{source.base}targets/edge/x/1.tar.zst"
    hub.breaks_after = 300_000
    with pytest.raises(Exception):  # noqa: B017, PT011 -- the library's own, whichever it is
        list(source.fetch(url))
    hub.breaks_after = 0
    assert b"".join(source.fetch(url)) == WHOLE
    assert int(hub.asked[-1].split()[1]) > 0
    assert list((tmp_path / "parts").iterdir()) == []


def test_a_part_that_is_whole_already_is_given_as_it_is(hub, tmp_path):
    source = HubSource(hub.url, None, tmp_path / "parts")
    url = f"{source.base}targets/edge/x/1.tar.zst"
    pieces = source.fetch(url)
    for _ in range(len(WHOLE) // (128 * 1024) + 1):
        next(pieces, None)
    [part] = (tmp_path / "parts").iterdir()
    part.write_bytes(WHOLE)
    assert b"".join(HubSource(hub.url, None, tmp_path / "parts").fetch(url)) == WHOLE


def test_what_broke_off_can_be_forgotten(hub, tmp_path):
    source = HubSource(hub.url, None, tmp_path / "parts")
    next(source.fetch(f"{source.base}targets/edge/x/1.tar.zst"))
    source.forget()
    assert list((tmp_path / "parts").iterdir()) == []


def test_what_is_not_there_and_a_hub_that_is_away_are_told(hub, tmp_path):
    source = HubSource(hub.url, None, tmp_path / "parts")
    with pytest.raises(DownloadHTTPError):
        list(source.fetch(f"{source.base}metadata/missing"))
    hub.shutdown()
    hub.server_close()
    with pytest.raises(DownloadError):
        list(source.fetch(f"{source.base}metadata/timestamp.json"))


def test_a_hub_that_gives_to_others_first_is_asked_again_when_it_says(hub, tmp_path):
    waited: list[float] = []
    source = HubSource(hub.url, None, tmp_path / "parts", waited.append)
    hub.crowded = ["40", "2"]
    assert b"".join(source.fetch(f"{source.base}targets/edge/x/1.tar.zst")) == WHOLE
    assert 40 <= waited[0] <= 50
    assert 2 <= waited[1] <= 2.5


@pytest.mark.parametrize("told", ["300", "999999999999", "0"])
def test_it_is_not_waited_for_without_end(hub, tmp_path, told):
    waited: list[float] = []
    source = HubSource(hub.url, None, tmp_path / "parts", waited.append)
    hub.crowded = [told] * 1000
    with pytest.raises(DownloadHTTPError) as caught:
        list(source.fetch(f"{source.base}targets/edge/x/1.tar.zst"))
    assert caught.value.status_code == 503
    assert sum(waited) == pytest.approx(CROWDED_S_MAX)


@pytest.mark.parametrize("told", ["", "soon", "-5", "²"])
def test_a_hub_that_does_not_say_when_is_not_waited_for(hub, tmp_path, told):
    waited: list[float] = []
    source = HubSource(hub.url, None, tmp_path / "parts", waited.append)
    hub.crowded = [told.encode().decode("latin-1")]
    with pytest.raises(DownloadHTTPError):
        list(source.fetch(f"{source.base}targets/edge/x/1.tar.zst"))
    assert waited == []
