"""Those who are told: a real HTTPS server and a real SMTP server, which remember what they got and answer as a test wants."""

from __future__ import annotations

import socketserver
import ssl
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from central_sync.fleet.authority import Authority


def context(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS for 127.0.0.1, and the authority that vouches for it."""
    authority = Authority(folder / "listener")
    authority.create([], datetime.now(UTC))
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(authority.server_certificate)
    return made, authority.authority_certificate


class Got(NamedTuple):
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


class Hook:
    """A program that is told. ``answers``: what to say to the next requests, (status, headers); then 200. ``hangs_s``: before each answer."""

    def __init__(self, folder: Path) -> None:
        tls, self.authority = context(folder)
        self.got: list[Got] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.hangs_s = 0.0
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                hook.got.append(Got(self.path, dict(self.headers), body))
                time.sleep(hook.hangs_s)
                status, headers = hook.answers.pop(0) if hook.answers else (200, {})
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            do_GET = do_POST  # noqa: N815 - the library names it

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._server.server_address[1]}/told"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Post:
    """A mail server with STARTTLS. ``refuses``: the answer to the next recipients instead of taking them, or only to ``refused``."""

    def __init__(self, folder: Path) -> None:
        tls, self.authority = context(folder)
        self.mails: list[str] = []
        self.heard: list[str] = []
        self.refuses = ""
        self.refused = ""
        post = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.say("220 post")
                while line := self.rfile.readline():
                    said = line.decode().strip()
                    post.heard.append(said)
                    verb = said[:4].upper()
                    if verb == "EHLO":
                        self.say("250-post\r\n250-STARTTLS\r\n250 AUTH PLAIN")
                    elif verb == "STAR":
                        self.say("220 go on")
                        self.connection = tls.wrap_socket(self.connection, server_side=True)
                        self.rfile = self.connection.makefile("rb")
                        self.wfile = self.connection.makefile("wb", 0)
                    elif verb == "AUTH":
                        self.say("235 fine")
                    elif verb == "DATA":
                        self.say("354 go on")
                        text = b""
                        while (row := self.rfile.readline()) != b".\r\n":
                            text += row
                        post.mails.append(text.decode())
                        self.say("250 taken")
                    elif verb == "QUIT":
                        self.say("221 bye")
                        return
                    elif verb == "RCPT" and post.refuses and post.refused in said:
                        self.say(post.refuses)
                    else:
                        self.say("250 fine")

            def say(self, line: str) -> None:
                self.wfile.write(line.encode() + b"\r\n")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
