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


class _Reusing(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class _Talk(socketserver.StreamRequestHandler):
    """One that hands mail in."""

    post: Post
    safe = False

    def handle(self) -> None:
        if self.post.safely:
            self.make_safe()
        if self.instead("HELO"):
            return
        for letter in self.post.greets:
            self.wfile.write(letter.encode())
            time.sleep(self.post.letter_s)
        self.say("220 post")
        while line := self.rfile.readline():
            said = line.decode().strip()
            self.post.heard.append(said)
            time.sleep(self.post.slow_s)
            verb = said[:4].upper()
            if not self.instead(verb):
                getattr(self, f"on_{verb.lower()}", self.on_other)(said)

    def on_ehlo(self, _: str) -> None:
        offers = "" if self.safe or not self.post.offers_tls else "250-STARTTLS\r\n"
        self.say(f"250-post\r\n{offers}250 AUTH PLAIN")

    def on_star(self, _: str) -> None:
        self.say("220 go on")
        self.make_safe()

    def make_safe(self) -> None:
        self.connection = self.post.tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.safe = True

    def on_auth(self, _: str) -> None:
        self.say("235 fine")

    def on_mail(self, _: str) -> None:
        wants = self.post.needs_tls and not self.safe
        self.say("530 5.7.0 Must issue a STARTTLS command first" if wants else "250 fine")

    def on_rcpt(self, said: str) -> None:
        self.say(self.post.refuses if self.post.refuses and self.post.refused in said else "250 fine")

    def on_data(self, _: str) -> None:
        self.say("354 go on")
        text = b""
        while (row := self.rfile.readline()) != b".\r\n":
            text += row
        if not self.instead("TEXT"):
            self.post.mails.append(text.decode())
            self.say("250 taken")

    def on_quit(self, _: str) -> None:
        self.say("221 bye")

    def on_other(self, _: str) -> None:
        self.say("250 fine")

    def instead(self, verb: str) -> bool:
        line = self.post.says.pop(verb, "")
        if line:
            self.say(line)
        return bool(line)

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


class Post:
    """A mail server with STARTTLS. ``refuses``: the answer to the next recipients instead of taking them, or only to ``refused``. ``says``: what it
    says once to a verb instead (``HELO``: to whoever comes; ``TEXT``: to a mail). ``needs_tls``: before that it takes no mail. ``greets``: lines
    before its own greeting, ``letter_s`` seconds for each letter. ``safely``: TLS from the start. It may stop, and start again on its port.
    """

    def __init__(self, folder: Path) -> None:
        self.tls, self.authority = context(folder)
        self.mails: list[str] = []
        self.heard: list[str] = []
        self.says: dict[str, str] = {}
        self.refuses = ""
        self.refused = ""
        self.needs_tls = False
        self.offers_tls = True
        self.slow_s = 0.0
        self.greets, self.letter_s = "", 0.0
        self.safely = False
        self._talk = type("Talk", (_Talk,), {"post": self})
        self.port = 0
        self.start()

    def start(self) -> None:
        self._server = _Reusing(("127.0.0.1", self.port), self._talk)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
