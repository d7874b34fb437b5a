"""A simulated payer, as a real HTTPS server, and the driver that reaches it."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from central_sync.payers.claims import Claim
from central_sync.payers.remote.driver import Remote
from simulator.insurer import Insurer, certificates
from tests.central_sync.hospital import DAY

NEVER_MS = 1_500
"""So long one is waited for that never answers: it has heard of the claim by then."""


@pytest.fixture(scope="session")
def papers(tmp_path_factory):
    """Certificates of a payer."""
    folder = tmp_path_factory.mktemp("insurer")
    certificates(folder)
    return folder


@pytest.fixture
def insurer(papers):
    """A payer that listens, in a good mood."""
    made = Insurer(papers)
    made.start()
    yield made
    made.stop()


def driver_of(insurer, deadline_ms=60_000, **more) -> Remote:
    """What reaches ``insurer``. Its deadline is for those who wait for one that does not answer: the others find this machine busy now and then."""
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(insurer.public_key))
    base = {"authority": insurer.folder / "authority.pem", "certificate": insurer.folder / "client.pem"}
    return Remote(insurer.url, key, **{**base, **more}, deadline_ms=deadline_ms)


def claim(key="S1.0.1", **more) -> Claim:
    base = {
        "id": key,
        "settlement_id": key.partition(".")[0],
        "institution": "H1",
        "member": "m",
        "layer": "base",
        "scheme": "cn_employee",
        "day": DAY,
        "currency": "CNY",
        "amount": 12_34,
        "rulebook": "v1",
    }
    return Claim(**{**base, **more})
