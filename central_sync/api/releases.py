"""``GET /v1/releases/...`` on the sync port: the repository's files, as they are. What they are worth is in their signatures.

Only names that the repository makes are looked for; pieces of a large file are given by ``Range``.
"""

from __future__ import annotations

import re
from pathlib import Path

from aiohttp import web

from central_sync.releases.metadata import METADATA, TARGETS

PATH = "/v1/releases/{tail:.+}"
_METADATA = re.compile(r"metadata/(?:[0-9]{1,9}\.(?:root|targets|rings|snapshot)|timestamp)\.json")
_TARGET = re.compile(r"targets/(?:edge/[a-z0-9_-]{1,40}|rings)/[0-9a-f]{64}\.[A-Za-z0-9._+-]{1,80}")


def file(folder: Path, tail: str) -> web.FileResponse:
    """The file of the repository in ``folder`` that a request names.

    Raises:
        web.HTTPNotFound: there is none.
    """
    if _METADATA.fullmatch(tail) or _TARGET.fullmatch(tail):
        path = folder / tail
        if path.is_file():
            return web.FileResponse(path, headers={"Content-Type": "application/octet-stream"})
    raise web.HTTPNotFound


assert (METADATA, TARGETS) == ("metadata", "targets")
