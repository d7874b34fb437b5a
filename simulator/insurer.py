"""A simulated payer: a real HTTPS server that speaks the protocol of ``central_sync/payers/remote/README.md``, in one of many moods.

It keeps what it decided by the claim's id, as a payer must: asked again, it says the same. In a bad mood it answers late, wrongly or never;
what it has decided by then it has decided. Certificates and keys are made anew each time, for nobody but itself.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

DOMAIN = b"pishkhan payer answer 1\x00"
HOST = "127.0.0.1"
_NEVER_S = 600.0


class Mood(StrEnum):
    """How it answers."""

    ACCEPT = "accept"
    DECLINE = "decline"
    LATE = "late"
    NEVER = "never"
    DRIP = "drip"
    OTHER_AMOUNT = "other_amount"
    OTHER_CURRENCY = "other_currency"
    OTHER_CLAIM = "other_claim"
    OTHER_KIND = "other_kind"
    GARBAGE = "garbage"
    ENDLESS = "endless"
    WRONG_SIGNATURE = "wrong_signature"
    UNSIGNED = "unsigned"
    REFUSE = "refuse"
    BROKEN = "broken"


@dataclass
class Insurer:
    """One payer. ``folder`` receives its certificates: ``authority.pem``, ``server.pem``, and ``client.pem`` for the hub. ``decided`` is what it
    has decided by claim; ``heard`` every call, in order.
    """

    folder: Path
    mood: Mood = Mood.ACCEPT
    late_s: float = 1.0
    port: int = 0
    moods: dict[str, Mood] = field(default_factory=dict)
    decided: dict[str, str] = field(default_factory=dict)
    heard: list[tuple[str, str]] = field(default_factory=list)
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def start(self) -> None:
        """Listen."""
        if not (self.folder / "authority.pem").exists():
            certificates(self.folder)
        self._lock, self._leaving = threading.Lock(), threading.Event()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem")
        context.load_verify_locations(self.folder / "authority.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        self._server = _Server((HOST, self.port), _handler(self))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Listen no more; who waits is let go."""
        self._leaving.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"https://{HOST}:{self.port}"

    @property
    def public_key(self) -> str:
        """Its key, as a hub's settings name it."""
        raw = self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return base64.b64encode(raw).decode()

    def decides(self, what: str, claim: dict[str, Any]) -> dict[str, Any]:
        """Decide a claim, or say what was decided; of two ways to call, taking back is the last word."""
        name = claim["claim"]
        with self._lock:
            self.heard.append((what, name))
            mood = self.moods.get(name.partition(".")[0], self.mood)
            if what == "take-back":
                self.decided[name] = "taken_back"
            else:
                self.decided.setdefault(name, "declined" if mood is Mood.DECLINE else "accepted")
            said = self.decided[name]
        return {
            "claim": name,
            "answer": said,
            "amount": claim["amount"] if said == "accepted" else 0,
            "currency": claim["currency"],
            "reason": "not_covered" if said == "declined" else "",
        }

    def waits(self, seconds: float) -> None:
        """Say nothing for so long."""
        self._leaving.wait(seconds)

    def spoilt(self, mood: Mood, answer: dict[str, Any]) -> dict[str, Any]:
        """``answer`` as a payer in that mood gives it."""
        wrong: dict[Mood, dict[str, Any]] = {
            Mood.OTHER_AMOUNT: {"amount": answer["amount"] + 1},
            Mood.OTHER_CURRENCY: {"currency": "XXX"},
            Mood.OTHER_CLAIM: {"claim": "S0.0.1"},
            Mood.OTHER_KIND: {"answer": "accepted" if answer["answer"] == "taken_back" else "taken_back", "amount": 0},
        }
        return {**answer, **wrong.get(mood, {})}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is no news here."""


def _handler(insurer: Insurer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_POST(self) -> None:
            claim = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            mood = insurer.moods.get(claim["settlement_id"], insurer.mood)
            if mood in (Mood.REFUSE, Mood.BROKEN):
                self.send_error(422 if mood is Mood.REFUSE else 503)
                return
            answer = insurer.spoilt(mood, insurer.decides(self.path.rpartition("/")[2], claim))
            if mood is Mood.LATE:
                insurer.waits(insurer.late_s)
            if mood is Mood.NEVER:
                insurer.waits(_NEVER_S)
            body = b"<html>" if mood is Mood.GARBAGE else json.dumps(answer).encode()
            if mood is Mood.ENDLESS:
                body = b" " * 1_000_000 + body
            key = Ed25519PrivateKey.generate() if mood is Mood.WRONG_SIGNATURE else insurer.key
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            if mood is not Mood.UNSIGNED:
                self.send_header("Payer-Signature", base64.b64encode(key.sign(DOMAIN + body)).decode())
            self.end_headers()
            for piece in [body] if mood is not Mood.DRIP else [bytes([byte]) for byte in body]:
                self.wfile.write(piece)
                self.wfile.flush()
                if mood is Mood.DRIP:
                    time.sleep(0.2)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
            """Nothing: what is said is asked for by ``heard``."""

    return Handler


def certificates(folder: Path) -> None:
    """Make an authority, and certificates of it for the payer's server and for the hub."""
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("a payer's authority", key, None, None)
    (folder / "authority.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    for name in ("server", "client"):
        own = ec.generate_private_key(ec.SECP256R1())
        made = _certificate(name, own, authority, key)
        private = own.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / f"{name}.pem").write_bytes(private + made.public_bytes(serialization.Encoding.PEM))


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey | None,
) -> x509.Certificate:
    subject, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key((issuer_key or key).public_key()), critical=False
        )
    )
    if issuer is None:
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
            data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = builder.add_extension(usage, critical=True)
    else:
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer_key or key, hashes.SHA256())
