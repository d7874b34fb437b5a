"""SHELL: where the repository's files come from: the hub, over the edge's own mutual TLS, or a folder (a stick, a share).

Neither is believed; what a file is worth is in its signatures. A large file that broke off at the hub is gone on with where it ended.
"""

from __future__ import annotations

import ssl
from abc import abstractmethod
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

import urllib3
from tuf.api.exceptions import DownloadHTTPError, SlowRetrievalError
from tuf.ngclient import FetcherInterface

from edge.update.limits import SOURCE_TIMEOUT_S

CHUNK_BYTES = 128 * 1024
PARTIAL, BAD_REQUEST, NOT_FOUND, NO_SUCH_RANGE = 206, 400, 404, 416


class Source(FetcherInterface):
    """A copy of the repository. ``base``: the address under which its files lie."""

    base: str

    @abstractmethod
    def forget(self) -> None:
        """What broke off was not what it should be: begin anew the next time."""


class FolderSource(Source):
    """A copy of the repository in ``folder``."""

    base = "folder:/"

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def forget(self) -> None:
        """Nothing is kept of what broke off."""

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = (self._folder / unquote(url.removeprefix(self.base)).lstrip("/")).resolve()
        if not path.is_relative_to(self._folder) or not path.is_file():
            raise DownloadHTTPError("no such file", NOT_FOUND)
        return _pieces(path)


class HubSource(Source):
    """The repository at the hub. ``parts``: a folder for what broke off."""

    def __init__(self, sync_url: str, context: ssl.SSLContext, parts: Path) -> None:
        self.base = f"{sync_url.rstrip('/')}/v1/releases/"
        self._parts = parts
        timeout = urllib3.Timeout(connect=SOURCE_TIMEOUT_S, read=SOURCE_TIMEOUT_S)
        self._http = urllib3.PoolManager(ssl_context=context, timeout=timeout, retries=False)

    def forget(self) -> None:
        """What broke off was not what it should be: begin anew the next time."""
        for part in self._parts.glob("*.part"):
            part.unlink()

    def _fetch(self, url: str) -> Iterator[bytes]:
        if "/targets/" not in urlsplit(url).path:  # small, and another one each time
            return self._stream(self._asked(url, 0))
        self._parts.mkdir(parents=True, exist_ok=True)
        part = self._parts / f"{sha256(url.encode()).hexdigest()}.part"
        have = part.stat().st_size if part.exists() else 0
        answer = self._asked(url, have)
        if answer.status not in (PARTIAL, NO_SUCH_RANGE):
            have = 0
        return self._gone_on(answer, part, have)

    def _asked(self, url: str, have: int) -> urllib3.BaseHTTPResponse:
        headers = {"Range": f"bytes={have}-"} if have else {}
        try:
            answer = self._http.request("GET", url, headers=headers, preload_content=False)
        except urllib3.exceptions.TimeoutError as error:
            raise SlowRetrievalError from error
        if answer.status >= BAD_REQUEST and not (have and answer.status == NO_SUCH_RANGE):
            answer.close()
            raise DownloadHTTPError(f"the hub answers {answer.status}", answer.status)
        return answer

    def _gone_on(self, answer: urllib3.BaseHTTPResponse, part: Path, have: int) -> Iterator[bytes]:
        """What is there already, then what comes, kept as it comes."""
        if have:
            yield from _pieces(part)
        if answer.status == NO_SUCH_RANGE:  # all of it was there
            answer.close()
        else:
            with part.open("ab" if have else "wb") as kept:
                for piece in self._stream(answer):
                    kept.write(piece)
                    yield piece
        part.unlink()

    @staticmethod
    def _stream(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        try:
            yield from answer.stream(CHUNK_BYTES)
        except urllib3.exceptions.TimeoutError as error:
            raise SlowRetrievalError from error
        finally:
            answer.release_conn()


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            yield piece
