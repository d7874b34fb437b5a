"""SHELL: where the repository's files come from: the hub, over the edge's own mutual TLS, or a folder (a stick, a share).

Neither is believed; what a file is worth is in its signatures. A large file that broke off at the hub is gone on with where it ended; a hub that gives it to
others first is asked again when it says, for a while.
"""

from __future__ import annotations

import random
import ssl
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

import urllib3
from tuf.api.exceptions import DownloadHTTPError, SlowRetrievalError
from tuf.ngclient import FetcherInterface

from edge.update.limits import CROWDED_S_MAX, SOURCE_TIMEOUT_S

CHUNK_BYTES = 128 * 1024
PARTIAL, BAD_REQUEST, NOT_FOUND, NO_SUCH_RANGE, CROWDED = 206, 400, 404, 416, 503
_LATER = 1.25
"""So much later than it was told an edge comes at most: who were told the same do not come together."""


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

    def __init__(
        self, sync_url: str, context: ssl.SSLContext, parts: Path, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self.base = f"{sync_url.rstrip('/')}/v1/releases/"
        self._parts = parts
        self._wait = wait
        self._patience_s = CROWDED_S_MAX
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
        while True:
            try:
                answer = self._http.request("GET", url, headers=headers, preload_content=False)
            except urllib3.exceptions.TimeoutError as error:
                raise SlowRetrievalError from error
            if not self._waited(answer):
                break
        if answer.status >= BAD_REQUEST and not (have and answer.status == NO_SUCH_RANGE):
            answer.close()
            raise DownloadHTTPError(f"the hub answers {answer.status}", answer.status)
        return answer

    def _waited(self, answer: urllib3.BaseHTTPResponse) -> bool:
        """Whether the hub said when to come again, and that time has passed."""
        told = answer.headers.get("Retry-After", "")
        if answer.status != CROWDED or not (told.isascii() and told.isdigit()) or self._patience_s <= 0:
            return False
        answer.close()
        pause_s = min(max(1.0, float(told[:6])) * random.uniform(1, _LATER), self._patience_s)  # noqa: S311 -- no secret
        self._patience_s -= pause_s
        self._wait(pause_s)
        return True

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
