"""How the agent of a PC stands, for the technician in front of it: asked over its own face, without a token, for nothing of it is a person's."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from edge.readers import ReaderState
from edge.running import AGENT, NotRunning, face_of

PATH = "/agent/v1/status"
TIMEOUT_S = 5
ANSWER_BYTES_MAX = 256 * 1024


class Status(Struct, frozen=True, kw_only=True):
    """``line``: up or down; ``trouble``: what keeps it down. ``name`` and ``institution`` are empty while the PC is not paired."""

    version: str
    name: str
    institution: str
    line: str
    trouble: str
    readers: list[ReaderState]


def asked(folder: Path) -> Status:
    """The status of the agent that runs on ``folder``.

    Raises:
        NotRunning: none answers.
    """
    face = face_of(folder, AGENT)
    connection = HTTPConnection(urlsplit(face).netloc, timeout=TIMEOUT_S)
    try:
        connection.request("GET", PATH)
        return msgspec.json.decode(connection.getresponse().read(ANSWER_BYTES_MAX), type=Status)
    except (OSError, HTTPException, msgspec.DecodeError) as error:
        raise NotRunning(f"The agent does not answer at {face} ({type(error).__name__})") from error
    finally:
        connection.close()
