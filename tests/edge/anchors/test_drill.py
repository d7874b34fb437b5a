"""A drill judges the hub's next server certificate exactly as the line would."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central_sync.fleet.authority import Authority
from central_sync.fleet.drills import Drills
from central_sync.wire.handovers import Fault, HandoverRefused
from edge.anchors.drill import Drill

NOW = datetime.now(UTC)


def authority(folder: Path, names: tuple[str, ...] = ("hub.example", "10.1.2.3")) -> Authority:
    made = Authority(folder)
    made.create(names, NOW)
    return made


@pytest.mark.parametrize("host", ["hub.example", "10.1.2.3", "localhost"])
def test_the_right_authority_under_a_right_name_passes(tmp_path: Path, host: str) -> None:
    found = authority(tmp_path)
    drill = Drill(found.der(), host)
    drill.judge(Drills(found).flight(found.name, drill.hello()))


def failed(found: Authority, drill: Drill) -> Fault:
    with pytest.raises(HandoverRefused) as raised:
        drill.judge(Drills(found).flight(found.name, drill.hello()))
    return raised.value.fault


def test_each_thing_that_may_be_wrong_has_its_own_word(tmp_path: Path) -> None:
    found, other = authority(tmp_path / "one"), authority(tmp_path / "two")
    assert failed(found, Drill(other.der(), "hub.example")) is Fault.OTHER
    assert failed(found, Drill(found.der(), "hub.elsewhere")) is Fault.NAME
    assert failed(found, Drill(found.der(), "10.9.9.9")) is Fault.NAME
    found.make_server_certificate(NOW - timedelta(days=500))
    assert failed(found, Drill(found.der(), "hub.example")) is Fault.SERVER_ENDED
    found.make_server_certificate(NOW + timedelta(days=2))
    assert failed(found, Drill(found.der(), "hub.example")) is Fault.SERVER_ENDED


def test_an_edge_certificate_is_no_server_certificate(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    from central_sync.fleet.certificates import private_pem
    from edge.identity import signing_request

    found, key = authority(tmp_path), ec.generate_private_key(ec.SECP256R1())
    issued = found.sign_edge(signing_request(key), "H1", NOW)
    found.server_certificate.write_bytes(private_pem(key) + issued.certificate.encode())
    assert failed(found, Drill(found.der(), "hub.example")) is Fault.BROKEN


def test_an_answer_is_good_for_its_own_hello_alone(tmp_path: Path) -> None:
    found = authority(tmp_path)
    early, late = Drill(found.der(), "hub.example"), Drill(found.der(), "hub.example")
    flight = Drills(found).flight(found.name, early.hello())
    late.hello()
    with pytest.raises(HandoverRefused, match="drill_broken"):
        late.judge(flight)
    early.judge(flight)


@pytest.mark.parametrize(
    "flight", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"\x16\x03\x03\x00\x02\x02\x28", b"\x00" * 20_000], ids=len
)
def test_what_is_no_answer_fails(tmp_path: Path, flight: bytes) -> None:
    drill = Drill(authority(tmp_path).der(), "hub.example")
    drill.hello()
    with pytest.raises(HandoverRefused, match="drill_broken"):
        drill.judge(flight)


def test_an_answer_that_is_cut_off_anywhere_fails(tmp_path: Path) -> None:
    found = authority(tmp_path)
    for part in range(10):
        drill = Drill(found.der(), "hub.example")
        flight = Drills(found).flight(found.name, drill.hello())
        with pytest.raises(HandoverRefused, match="drill_broken"):
            drill.judge(flight[: len(flight) * part // 10])


def test_what_is_no_certificate_cannot_be_drilled() -> None:
    with pytest.raises(HandoverRefused, match="authority_unreadable"):
        Drill(b"\x30\x03abc", "hub.example").hello()
    assert ssl.HAS_TLSv1_3
