"""Where the face listens, and its certificate."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509

from edge.config import Address
from edge.faces import certificate
from edge.faces.listener import Listener, ListenFailed, bound_socket
from tests.edge.faces.hospital import CONTEXT, Hospital
from tests.patience import HUNG_S

NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def test_plain_http_off_loopback_is_refused() -> None:
    with pytest.raises(ListenFailed, match="HTTPS"):
        await Listener(web.Application(), Address("0.0.0.0", 0), "", None).start()


def test_a_socket_bound_to_an_interface_hears_that_one_only() -> None:
    with bound_socket(Address("127.0.0.1", 0), "lo") as sock:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, 16).rstrip(b"\0") == b"lo"


@pytest.mark.parametrize("device", ["none0", "x" * 15])
def test_an_interface_that_is_not_there_is_named(device: str) -> None:
    with pytest.raises(ListenFailed, match=device):
        bound_socket(Address("127.0.0.1", 0), device)


def test_a_host_that_is_no_address_of_ours_is_named() -> None:
    with pytest.raises(ListenFailed, match=r"192\.0\.2\.1"):
        bound_socket(Address("192.0.2.1", 0), "")
    with pytest.raises(ListenFailed, match="no address"):
        bound_socket(Address("no.such.host.invalid", 0), "")


def read(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / "face" / "certificate.pem").read_bytes())


def test_the_certificate_stays_while_it_covers_and_lasts(tmp_path: Path) -> None:
    certificate.ensure(tmp_path, ["localhost", "10.0.0.5"], NOW)
    first = read(tmp_path)
    certificate.ensure(tmp_path, ["10.0.0.5"], NOW + timedelta(days=400))
    assert read(tmp_path) == first
    names = first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(a) for a in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.5"]
    certificate.server_context(tmp_path)


@pytest.mark.parametrize(("names", "later"), [(["edge.hospital"], 0), (["localhost"], 1800)])
def test_a_certificate_that_no_longer_covers_or_is_about_to_end_is_made_again(
    tmp_path: Path, names: list[str], later: int
) -> None:
    certificate.ensure(tmp_path, ["localhost"], NOW)
    first = read(tmp_path)
    certificate.ensure(tmp_path, names, NOW + timedelta(days=later))
    assert read(tmp_path) != first
    certificate.server_context(tmp_path)


async def test_a_call_with_a_query_or_an_expectation_goes_the_usual_way_and_is_answered_alike(
    hospital: Hospital,
) -> None:
    for path, headers in (("uncertain", {}), ("uncertain?a=1", {}), ("uncertain", {"Expect": "100-continue"})):
        body = {"context": CONTEXT, "token": hospital.token}
        status, answer = await hospital.post(path, body, headers=headers)
        assert (status, answer["return_code"], answer["number"]) == (200, 0, "44")


@pytest.mark.parametrize("turns", range(6))
async def test_a_connection_that_came_just_now_and_says_nothing_does_not_keep_us_from_stopping(turns: int) -> None:
    listener = Listener(web.Application(), Address("127.0.0.1", 0), "", None)
    await listener.start()
    where = ("127.0.0.1", int(listener.url.rpartition(":")[2]))
    silent = [socket.create_connection(where) for _ in range(20)]
    for _ in range(turns):  # of the loop: between two of them a connection is there, and nobody serves it yet
        await asyncio.sleep(0)
    async with asyncio.timeout(HUNG_S):
        await listener.stop()
    for one in silent:
        one.close()
